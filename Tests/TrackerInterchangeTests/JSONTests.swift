import Testing
import TrackerInterchange
import TrackerModel

/// The members of all objects as `name`, `kind text`.
private func objects(_ source: any ByteSource) throws -> [[String: String]] {
  var reader = JSONReader(source)
  var objects: [[String: String]] = []
  while try reader.readObject() {
    var object: [String: String] = [:]
    let bytes = reader.bytes
    func text(_ range: Range<Int>) -> String {
      var copy: [UInt8] = []
      for position in range { copy.append(bytes[position]) }
      return String(decoding: copy, as: UTF8.self)
    }
    for member in reader.members {
      object[text(member.name)] = "\(member.kind) \(text(member.value))"
    }
    objects.append(object)
  }
  return objects
}

private func objects(_ text: String) throws -> [[String: String]] {
  try objects(MemorySource(bytes(text)))
}

@Suite struct JSONReaderTests {
  @Test func membersAreReadByKind() throws {
    #expect(
      try objects("{\"a\":1, \"b\" : \"x\",\"c\":true,\"d\":null,\"e\":-1.5e+3}\n") == [
        [
          "a": "number 1", "b": "string x", "c": "bool true", "d": "null null",
          "e": "number -1.5e+3",
        ]
      ])
    #expect(try objects("\u{FEFF}{}\n\n \r\n{\"a\":0}") == [[:], ["a": "number 0"]])
    #expect(
      try objects(#"{"a":"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00\u0000"}"#) == [
        ["a": "string \"\\/\u{8}\u{C}\n\r\tAé😀\0"]
      ])
    #expect(try objects(#"{"\u0061":1}"#) == [["a": "number 1"]])
    #expect(
      try objects(#"{"a":{"x":[1,{"y":[]},"]"],"z":{}},"b":[[],[[1]]]}"#) == [
        ["a": #"nested {"x":[1,{"y":[]},"]"],"z":{}}"#, "b": "nested [[],[[1]]]"]
      ])
  }

  @Test(arguments: [
    "1", "[]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\":1}{\"b\":2}",
    "{\"a\":01}", "{\"a\":+1}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}", "{\"a\":NaN}",
    "{\"a\":tru}", "{\"a\":\"\t\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"x",
    "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"a\":[1,]}", "{\"a\":{\"b\":1,}}",
    "{\"a\":[1}", "{\"a\":{\"b\"]}", "{\"a\":1} x", "{\"a\":[}", "{\"a\":\"\\", "{\"a\":-}", "}",
  ]) func otherTextIsRefused(text: String) {
    let error = #expect(throws: TrackerError.self) { try objects("{}\n" + text + "\n") }
    #expect(error?.code == .badInput)
    #expect(error?.subject == "NDJSON line 2", "\(String(describing: error))")
  }

  @Test func textMustBeUTF8() {
    for damage: [UInt8] in [
      [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0xFF],
    ] {
      let text = bytes("{\"a\":\"") + damage + bytes("\"}")
      #expect(throws: TrackerError.self) { try objects(MemorySource(text)) }
    }
  }

  @Test func depthAndMembersAreLimited() throws {
    let depth = InterchangeLimits.maxDepth
    func nested(_ depth: Int) -> String {
      "{\"a\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    }
    #expect(try objects(nested(depth)).count == 1)
    #expect(throws: TrackerError.self) { try objects(nested(depth + 1)) }
    #expect(throws: TrackerError.self) { try objects(nested(100_000)) }
    func wide(_ count: Int) -> String {
      "{" + (0..<count).map { "\"m\($0)\":1" }.joined(separator: ",") + "}"
    }
    #expect(try objects(wide(InterchangeLimits.maxColumns)).count == 1)
    #expect(throws: TrackerError.self) { try objects(wide(InterchangeLimits.maxColumns + 1)) }
  }
}

@Suite struct JSONWriterTests {
  private func write(_ style: JSONWriter.Style, _ body: (inout JSONWriter) throws -> Void) throws
    -> String
  {
    let sink = MemorySink()
    var writer = JSONWriter(sink, style: style)
    try body(&writer)
    try writer.finish()
    return String(decoding: sink.bytes, as: UTF8.self)
  }

  private func example(_ writer: inout JSONWriter) throws {
    try writer.beginObject()
    try writer.member("schema", 1)
    try writer.member("ds_id", nil as String?)
    writer.name("channels")
    try writer.beginArray()
    try writer.beginObject()
    try writer.member("mode", "eval")
    writer.name("history")
    try writer.beginArray()
    for step in 1...2 {
      try writer.beginArray(onOneLine: true)
      try writer.integer(step)
      try writer.value((0.5).bitPattern, as: .float32)
      try writer.endArray()
    }
    try writer.endArray()
    try writer.endObject()
    try writer.endArray()
    writer.name("none")
    try writer.beginArray()
    try writer.endArray()
    try writer.endObject()
    try writer.endLine()
  }

  @Test func prettyTextIsIndented() throws {
    #expect(
      try write(.pretty, example) == """
        {
          "schema": 1,
          "ds_id": null,
          "channels": [
            {
              "mode": "eval",
              "history": [
                [1, 0.5],
                [2, 0.5]
              ]
            }
          ],
          "none": []
        }

        """)
  }

  @Test func compactTextHasNoSpace() throws {
    #expect(
      try write(.compact, example)
        == #"{"schema":1,"ds_id":null,"channels":[{"mode":"eval","history":[[1,0.5],[2,0.5]]}],"none":[]}"#
        + "\n")
  }

  @Test func whatManyReadersCannotHoldIsAString() throws {
    let text = try write(.compact) { writer in
      try writer.beginArray()
      try writer.integer(Int64(1) << 53)
      try writer.integer(Int64(1) << 53 + 1)
      try writer.integer(Int64.min)
      try writer.integer(UInt64.max)
      try writer.double(.nan)
      try writer.double(-.infinity)
      try writer.double(-0.0)
      try writer.double(1e16)
      try writer.bool(true)
      try writer.string("\u{1}\"\\\n\u{7F}é")
      try writer.endArray()
    }
    #expect(
      text
        == #"[9007199254740992,"9007199254740993","-9223372036854775808","18446744073709551615","nan","-inf",-0,1e+16,true,"\u0001\"\\\n"#
        + "\u{7F}é\"]")
  }

  @Test func stringsReadBack() throws {
    let text = try write(.compact) { writer in
      for string in awkwardStrings {
        try writer.beginObject()
        try writer.member(string, string)
        try writer.endObject()
        try writer.endLine()
      }
    }
    #expect(try objects(text) == awkwardStrings.map { [$0: "string \($0)"] })
  }
}
