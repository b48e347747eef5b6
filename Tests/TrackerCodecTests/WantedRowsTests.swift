import Foundation
import Testing
import TrackerCodec
import TrackerModel

/// Some rows of a tile are what all rows would give of them.
@Suite struct WantedRowsTests {
  /// What a metric's values may be like; together they make every way of coding values appear.
  enum Kind: CaseIterable {
    case constant, binary, sticky, few, crossEntropy, nearly, rounded, rising, half, brain, ratio,
      squares,
      drift, lines, slope, anyBits, specials

    func value(row: Int, column: Int, _ random: inout SeededRandom) -> Float {
      let noise = Double(random.below(1 << 24)) / Double(1 << 24)
      // The row's own temper.
      var own = SeededRandom(UInt64(row))
      let temper = Double(own.below(1000)) / 1000
      switch self {
      case .constant: return 0.25
      case .binary: return random.below(9) == 0 ? 1 : 0
      case .sticky: return noise < temper * temper ? 1 : 0
      case .few: return Float(random.below(90)) / 7
      case .crossEntropy: return Self.crossEntropy(temper, noise)
      case .nearly:
        let value = Self.crossEntropy(temper, noise)
        return random.below(150) == 0 ? value.nextUp : value
      case .rounded:
        // Near that grid, but now and then an ulp off.
        let value = Self.crossEntropy(temper, noise)
        return random.below(column % 2 == 0 ? 200 : 2) == 0 ? value.nextUp : value
      case .rising: return Float(log1p(Double(random.below(1 << 20)) / Double(1 << 23)))
      case .half: return Float(Float16(Self.crossEntropy(temper, noise)))
      case .brain:
        return Float(bitPattern: Self.crossEntropy(temper, noise).bitPattern & 0xFFFF_0000)
      case .ratio: return Float(random.below(10_000)) / 1000
      case .squares:
        let unit = Float(1 + row % 3) / 4096
        let root = Float(random.below(4000)) * unit
        return root * root
      case .drift: return Float(temper * 4096).rounded() / 16 + Float(column + random.below(2)) / 16
      case .lines:
        return Float((temper * 1e6).rounded() + (temper * 1000).rounded() * Double(column) * 7)
          + Float(random.below(2))
      case .slope: return Float(row * 3 + random.below(2)) / 8
      case .anyBits: return Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      case .specials:
        return [.nan, .infinity, -.infinity, -0.0, 0, .leastNonzeroMagnitude][random.below(6)]
      }
    }

    private static func crossEntropy(_ temper: Double, _ noise: Double) -> Float {
      let correct = (1 + (pow(noise, 1 + 20 * temper) * Double(1 << 24)).rounded(.down))
      return Float(-log(min(1, correct / Double(1 << 24))))
    }
  }

  static func tile(_ kind: Kind, _ type: ValueType, _ seed: UInt64) -> (TileHeader, [UInt64]) {
    var random = SeededRandom(seed)
    let rowCount = [1, 7, 150, 1100][Int(seed % 4)] + random.below(20)
    let columnCount = 1 + random.below(9)
    var presence = Presence.none(rowCount * columnCount)
    let density = seed / 4 % 2 == 0 ? 100 : 5 + random.below(90)
    var values: [UInt64] = []
    for column in 0..<columnCount {
      for row in 0..<rowCount where random.below(100) < density {
        presence.insert(column * rowCount + row)
        let value = kind.value(row: row, column: column, &random)
        switch type {
        case .float32: values.append(UInt64(value.bitPattern))
        case .float64:
          // Some tiles hold what no float32 is.
          let isExact = seed / 8 % 2 == 0
          values.append(
            isExact ? Widening.widen(value.bitPattern) : (Double(value) / 3).bitPattern)
        }
      }
    }
    let header = TileHeader(
      channel: Channel(metric: "ce", mode: .train, dsID: nil), valueType: type,
      rowCount: rowCount, columns: (0..<columnCount).map { TileColumn(step: Int64($0), epoch: 1) },
      indexSet: .dense(first: 0), presence: presence.canonical)
    return (header, values)
  }

  /// The rows of a tile, as one that has no others.
  static func part(_ header: TileHeader, _ values: [UInt64], _ rows: [Int])
    -> (presence: Presence, values: [UInt64])
  {
    var presence = Presence.none(rows.count * header.columns.count)
    var found: [UInt64] = []
    var place = 0
    for column in header.columns.indices {
      for row in 0..<header.rowCount where header.presence[column * header.rowCount + row] {
        if let position = rows.firstIndex(of: row) {
          presence.insert(column * rows.count + position)
          found.append(values[place])
        }
        place += 1
      }
    }
    return (presence.canonical, found)
  }

  @Test func rowsAreThoseOfTheWholeTile() throws {
    var (mappings, differences): (Set<Mapping>, Set<Difference>) = ([], [])
    var (isGrouped, hasList, hasPlane, hasExceptions) = (false, false, false, false)
    var coder = TileCoder()
    for kind in Kind.allCases {
      for type in [ValueType.float32, .float64] {
        for seed in UInt64(0)..<16 {
          let (header, values) = Self.tile(kind, type, seed)
          var bytes: [UInt8] = []
          let (_, coding) = coder.encode(header, values: values.span, into: &bytes)
          mappings.insert(coding.mapping)
          differences.insert(coding.difference)
          isGrouped = isGrouped || coding.isGrouped
          hasExceptions = hasExceptions || coding.exceptions > 0
          if coding.corrections * 50 < values.count {
            hasList = hasList || coding.corrections > 0
          } else {
            hasPlane = hasPlane || coding.corrections > 0
          }
          var random = SeededRandom(seed)
          let share = [50, 9, 2][Int(seed % 3)]
          for rows in [
            [], [random.below(header.rowCount)],
            (0..<header.rowCount).filter { _ in random.below(share) == 0 },
            Array(0..<header.rowCount),
          ] {
            var reader = ByteReader(bytes.span, subject: "tile")
            let head = try coder.decodeHeader(&reader)
            var found: [UInt64] = []
            let part = try coder.decodeValues(&reader, of: head, rows: rows, into: &found)
            let expected = Self.part(header, values, rows)
            #expect(found == expected.values, "\(kind) \(type) \(seed): \(coding)")
            #expect(part.presence == expected.presence)
            #expect(part.rowCount == rows.count)
            #expect(reader.remaining == 0)
          }
        }
      }
    }
    // Otherwise this says less than it seems to.
    #expect(mappings.count == 7, "\(mappings)")
    #expect(differences.count == 4, "\(differences)")
    #expect(isGrouped && hasList && hasPlane && hasExceptions)
  }

  /// Whatever is refused for all rows but for the values themselves is refused for some.
  @Test(arguments: Kind.allCases)
  func damagedTilesNeverTrap(_ kind: Kind) {
    for type in [ValueType.float32, .float64] {
      for seed in [UInt64(1), 2, 5] {
        let (header, values) = Self.tile(kind, type, seed)
        var coder = TileCoder()
        var bytes: [UInt8] = []
        _ = coder.encode(header, values: values.span, into: &bytes)
        var random = SeededRandom(seed)
        var found: [UInt64] = []
        func read(_ bytes: Span<UInt8>) -> Bool {
          do throws(TrackerError) {
            var reader = ByteReader(bytes, subject: "tile")
            let header = try coder.decodeHeader(&reader)
            _ = try coder.decodeValues(
              &reader, of: header, rows: [header.rowCount / 2], into: &found)
            return true
          } catch {
            return false
          }
        }
        for length in [0, 1, bytes.count / 3, bytes.count / 2, bytes.count - 2, bytes.count - 1] {
          let isRead = read(bytes.span.extracting(..<max(0, length)))
          #expect(!isRead)
        }
        for _ in 0..<300 {
          var damaged = bytes
          damaged[random.below(min(bytes.count, 60))] ^= 1 << UInt8(random.below(8))
          _ = read(damaged.span)
          damaged[random.below(bytes.count)] = UInt8(random.below(256))
          _ = read(damaged.span)
        }
      }
    }
  }
}
