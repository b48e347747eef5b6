import Testing
import TrackerInterchange
import TrackerModel

/// All records of a text as strings; nil for an absent field.
private func records(_ source: any ByteSource) throws -> [[String?]] {
  var reader = CSVReader(source)
  var records: [[String?]] = []
  while try reader.readRecord() {
    var record: [String?] = []
    let bytes = reader.bytes
    for field in reader.fields {
      var text: [UInt8] = []
      for position in field.range { text.append(bytes[position]) }
      record.append(
        text.isEmpty && !field.isQuoted ? nil : String(decoding: text, as: UTF8.self))
    }
    records.append(record)
  }
  return records
}

private func records(_ text: String) throws -> [[String?]] {
  try records(MemorySource(bytes(text)))
}

@Suite struct CSVTests {
  @Test func recordsAreReadAsRFC4180Says() throws {
    #expect(try records("a,b\n1,2\n") == [["a", "b"], ["1", "2"]])
    #expect(try records("a,b\r\n1,2\r\n") == [["a", "b"], ["1", "2"]])
    #expect(try records("a,b\n1,2") == [["a", "b"], ["1", "2"]])
    #expect(try records("a,b\r") == [["a", "b"]])
    #expect(try records("\"a,\"\"b\"\"\n\",c\n") == [["a,\"b\"\n", "c"]])
    #expect(try records("\"\",\n") == [["", nil]])
    #expect(try records(",\n") == [[nil, nil]])
    #expect(try records("\u{FEFF}a\n") == [["a"]])
    #expect(try records("\n\r\na\n\n") == [["a"]])
    #expect(try records("\"\"\n") == [[""]])
    #expect(try records("\"\"\"\"") == [["\""]])
    #expect(try records("") == [])
  }

  @Test(arguments: [
    ("a\n\"b", "a quote is not closed", 2, 2), ("a\nb\"c\n", "a quote within a field", 2, 3),
    ("\"a\"b\n", "expected a comma or a line end", 1, 3), ("a\rb\n", "carriage return", 1, 1),
    ("\"x\ny\"\n\"z", "a quote is not closed", 3, 6),
  ]) func damageIsNamedWithLineAndOffset(text: String, detail: String, line: Int, offset: Int) {
    let error = #expect(throws: TrackerError.self) { try records(text) }
    #expect(error?.code == .badInput)
    #expect(error?.subject == "CSV line \(line)")
    #expect(error?.offset == UInt64(offset))
    #expect(error?.detail.contains(detail) == true)
  }

  @Test func recordsHaveALimit() throws {
    let long = String(repeating: "x", count: InterchangeLimits.maxRecordBytes - 10)
    #expect(try records("a\n\(long)\nb\n").count == 3)
    let error = #expect(throws: TrackerError.self) { try records("a\n\"\(long)\(long)\(long)") }
    #expect(error?.detail.contains("longer than") == true)
    let wide = String(repeating: ",", count: InterchangeLimits.maxColumns)
    #expect(throws: TrackerError.self) { try records(wide) }
  }

  @Test(arguments: SeededRandom.seeds) func whatIsWrittenReadsBack(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var expected: [[String?]] = []
    let sink = MemorySink()
    var writer = CSVWriter(sink)
    // Long enough that records lie across the blocks in which a source is read.
    for _ in 0..<5_000 {
      var record: [String?] = []
      for _ in 0..<Int.random(in: 2...6, using: &random) {
        var text = awkwardStrings.randomElement(using: &random) ?? ""
        if Int.random(in: 0..<100, using: &random) == 0 {
          text = String(repeating: text, count: 3000)
        }
        record.append(Bool.random(using: &random) ? text : nil)
      }
      for field in record {
        if let field { writer.text(field) } else { writer.absent() }
      }
      try writer.endRecord()
      expected.append(record)
    }
    try writer.finish()
    #expect(try records(MemorySource(sink.bytes)) == expected)
    #expect(try records(TricklingSource(sink.bytes, seed: seed)) == expected)
  }
}
