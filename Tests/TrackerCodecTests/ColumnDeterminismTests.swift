import Testing
import TrackerCodec
import TrackerModel

/// A column's bytes depend on the column only.
@Suite struct ColumnDeterminismTests {
  @Test(arguments: EncodingLevel.allCases)
  func usedCodersWriteAsFreshOnes(_ level: EncodingLevel) {
    var used = ValueColumnCoder(level: level)
    var decoded = ValueBuffer(.float32)
    for seed in 0..<UInt64(24) {
      var random = SeededRandom(seed)
      let sample = Sample.allCases[Int(seed) % Sample.allCases.count]
      let type: ValueType = seed % 2 == 0 ? .float32 : .float64
      let (rows, columns) = (1 + random.below(60), 1 + random.below(12))
      var presence = Presence.all(rows * columns)
      if seed % 3 == 0 { for _ in 0..<rows { presence.remove(random.below(rows * columns)) } }
      let cells = CellRows(rowCount: rows, columnCount: columns, presence: presence)
      let bits = sample.values(cells.count, type, &random)
      let values = ValueBuffer(bits.span, type)
      var fresh = ValueColumnCoder(level: level)
      var bytes: [UInt8] = []
      _ = fresh.encode(values, cells: cells, into: &bytes)
      // Behind other bytes, which must not matter.
      var others: [UInt8] = [1, 2, 3]
      _ = used.encode(values, cells: cells, into: &others)
      #expect(Array(others.dropFirst(3)) == bytes, "\(sample) \(type) \(rows) × \(columns)")
      // Reading, and failing to, leaves nothing behind either.
      var reader = ByteReader(bytes.span, subject: "values")
      _ = try? used.decode(&reader, cells: cells, type: type, into: &decoded)
      #expect(decoded == values)
      var cut = ByteReader(bytes.span.extracting(..<(bytes.count / 2)), subject: "values")
      _ = try? used.decode(&cut, cells: cells, type: type, into: &decoded)
    }
  }
}
