import TrackerModel

/// Merges sorted index columns into one, each index once.
enum RowUnion {
  /// The smallest `limit` distinct indices of both.
  static func merge(_ left: IndexColumn, _ right: IndexColumn, limit: Int) -> IndexColumn {
    switch (left, right) {
    case (.integers(let left), .integers(let right)):
      var merged: [Int64] = []
      merged.reserveCapacity(min(limit, left.count + right.count))
      var (a, b) = (0, 0)
      while merged.count < limit {
        if a < left.count, b < right.count {
          let (x, y) = (left[a], right[b])
          merged.append(min(x, y))
          a += x <= y ? 1 : 0
          b += y <= x ? 1 : 0
        } else if a < left.count {
          merged.append(left[a])
          a += 1
        } else if b < right.count {
          merged.append(right[b])
          b += 1
        } else {
          break
        }
      }
      return .integers(merged)
    case (.strings(let left), .strings(let right)):
      var merged = StringColumn()
      var (a, b) = (0, 0)
      while merged.count < limit, a < left.count || b < right.count {
        let order =
          a == left.count ? 1 : b == right.count ? -1 : left.compare(a, with: right, b)
        if order <= 0 { merged.append(row: a, of: left) } else { merged.append(row: b, of: right) }
        a += order <= 0 ? 1 : 0
        b += order >= 0 ? 1 : 0
      }
      return .strings(merged)
    default: preconditionFailure("columns of two index types are not merged")
    }
  }

  /// The place in `rows` of each row of `column` from `start` on that is not beyond the last of
  /// `rows`. Every such row stands in `rows`.
  static func places(of column: IndexColumn, from start: Int, in rows: IndexColumn) -> [Int32] {
    var places: [Int32] = []
    var place = 0
    switch (column, rows) {
    case (.integers(let column), .integers(let rows)):
      var row = start
      while row < column.count, place < rows.count {
        if rows[place] < column[row] {
          place += 1
        } else {
          places.append(Int32(place))
          row += 1
          place += 1
        }
      }
    case (.strings(let column), .strings(let rows)):
      var row = start
      while row < column.count, place < rows.count {
        if rows.compare(place, with: column, row) < 0 {
          place += 1
        } else {
          places.append(Int32(place))
          row += 1
          place += 1
        }
      }
    default: preconditionFailure("columns of two index types are not matched")
    }
    return places
  }
}
