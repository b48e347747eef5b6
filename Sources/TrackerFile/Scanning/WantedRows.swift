import TrackerCodec
import TrackerModel

/// The rows of a tile that a scan wants.
struct TilePart {
  /// Ascending.
  var rows: [Int] = []
  /// Their indices.
  var indices: IndexColumn
}

/// Finds the rows of one tracker's tiles that are wanted.
struct WantedRows {
  private let wanted: IndexColumn
  private let reader: TrackerReader
  /// The last one found: tiles of one index set come one after the other.
  private var last: (indexSet: IndexSetReference, rowCount: Int, part: TilePart)?

  /// - Parameter wanted: ascends strictly, of the tracker's index type.
  init(_ wanted: IndexColumn, in reader: TrackerReader) {
    self.wanted = wanted
    self.reader = reader
  }

  /// Complexity: O(rows wanted × log rows of the tile); dense ranges need no index set.
  mutating func part(of entry: TileEntry) throws(TrackerError) -> TilePart {
    if let last, last.indexSet == entry.indexSet, last.rowCount == entry.rowCount {
      return last.part
    }
    var part = TilePart(indices: IndexColumn(type: wanted.type))
    let place = wanted.lowerBound(of: entry.firstIndex)
    switch entry.indexSet {
    case .dense(let first):
      if case .integers(let values) = wanted {
        for value in values[place...] {
          // Neither overflows: the range is within Int64, and the value not below it.
          guard value <= first + Int64(entry.rowCount - 1) else { break }
          part.rows.append(Int(value - first))
        }
        part.indices = wanted.slice(place..<place + part.rows.count)
      }
    case .record:
      part = Self.intersection(wanted, from: place, try reader.checkedIndices(of: entry))
    }
    last = (entry.indexSet, entry.rowCount, part)
    return part
  }

  /// The rows of `column` that stand in `wanted` from a place on.
  private static func intersection(_ wanted: IndexColumn, from start: Int, _ column: IndexColumn)
    -> TilePart
  {
    var part = TilePart(indices: IndexColumn(type: wanted.type))
    var row = 0
    for place in start..<wanted.count {
      // In steps that double, then halve: near rows are found at once, and far ones soon.
      var step = 1
      while row + step <= column.count, column.compare(row + step - 1, with: wanted, place) < 0 {
        row += step
        step *= 2
      }
      var end = min(row + step - 1, column.count)
      while row < end {
        let middle = (row + end) / 2
        if column.compare(middle, with: wanted, place) < 0 {
          row = middle + 1
        } else {
          end = middle
        }
      }
      guard row < column.count else { break }
      guard column.compare(row, with: wanted, place) == 0 else { continue }
      part.rows.append(row)
      row += 1
    }
    part.indices = column.selecting(part.rows)
    return part
  }
}

extension TrackerReader {
  /// The rows of a tile, whose ends are those that the directory names.
  func checkedIndices(of entry: TileEntry) throws(TrackerError) -> IndexColumn {
    let column = try indices(of: entry)
    try column.checkEnds(entry, name)
    return column
  }

  /// - Parameter decoder: its buffers are used, and the reader needs none of its own.
  func checkedIndices(of entry: TileEntry, _ decoder: inout IndexSetRecords) throws(TrackerError)
    -> IndexColumn
  {
    let column = try indices(entry.indexSet, rowCount: entry.rowCount, &decoder)
    try column.checkEnds(entry, name)
    return column
  }
}

extension IndexSetRecords {
  /// The rows of a tile whose index set is a record, checked in every way.
  ///
  /// - Parameter type: the file's.
  mutating func read(_ entry: TileEntry, type: IndexType, _ records: RecordReader)
    throws(TrackerError) -> IndexColumn
  {
    guard case .record(let offset) = entry.indexSet else {
      preconditionFailure("dense ranges have no record")
    }
    let (column, name) = (try read(at: offset, records), records.storage.name)
    try column.checkType(type, at: offset, name)
    try column.checkCount(entry.rowCount, at: offset, name)
    try column.checkEnds(entry, name)
    return column
  }
}

// What an index set must be like.
extension IndexColumn {
  func checkType(_ type: IndexType, at offset: UInt64, _ file: String) throws(TrackerError) {
    guard self.type == type else {
      throw TrackerError(
        .malformed, "index set", "its index type is not the file's", file: file, offset: offset)
    }
  }

  func checkCount(_ count: Int, at offset: UInt64, _ file: String) throws(TrackerError) {
    guard self.count == count else {
      throw TrackerError(
        .malformed, "index set", "expected \(count) rows, found \(self.count)", file: file,
        offset: offset)
    }
  }

  fileprivate func checkEnds(_ entry: TileEntry, _ file: String) throws(TrackerError) {
    guard self[0] == entry.firstIndex, self[count - 1] == entry.lastIndex else {
      throw TrackerError(
        .malformed, "index set", "its ends are not those that the directory names", file: file,
        offset: entry.offset)
    }
  }
}
