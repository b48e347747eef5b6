import Testing
import TrackerInterchange
import TrackerModel

/// A point as a whole, for comparisons.
struct Point: Hashable {
  var channel: Channel
  var index: InstanceIndex
  var epoch: Int64?
  var step: Int64
  var bits: UInt64
}

func readPoints(
  _ source: any ByteSource, _ format: TextFormat, _ options: PointReader.Options = .init()
) throws -> [Point] {
  var reader = try PointReader(source, format: format, options: options)
  var batch = PointBatch()
  var points: [Point] = []
  while try reader.next(into: &batch) {
    for place in 0..<batch.count {
      points.append(
        Point(
          channel: reader.channels[Int(batch.channels[place])], index: batch.index(at: place),
          epoch: batch.epochs[place], step: batch.steps[place], bits: batch.valueBits[place]))
    }
  }
  return points
}

func readPoints(_ text: String, _ format: TextFormat, _ options: PointReader.Options = .init())
  throws -> [Point]
{
  try readPoints(MemorySource(bytes(text)), format, options)
}

func writePoints(_ points: [Point], _ format: TextFormat, _ type: ValueType) throws -> [UInt8] {
  let sink = MemorySink()
  var writer = PointWriter(sink, format: format)
  for point in points {
    try writer.write(
      channel: point.channel, index: point.index, epoch: point.epoch, step: point.step,
      bits: point.bits, as: type)
  }
  try writer.finish()
  return sink.bytes
}

@Suite struct PointTests {
  private let plain = Channel(metric: "value", mode: .train)

  private func randomPoints(_ count: Int, _ index: IndexType, _ type: ValueType, _ seed: UInt64)
    -> [Point]
  {
    var random = SeededRandom(seed: seed)
    let names = awkwardStrings.filter { !$0.isEmpty }.map { Name($0) }
    var channels: [Channel] = []
    for mode in Mode.allCases {
      for _ in 0..<4 {
        channels.append(
          Channel(
            metric: names.randomElement(using: &random) ?? "m", mode: mode,
            dsID: Bool.random(using: &random) ? names.randomElement(using: &random) : nil))
      }
    }
    return (0..<count).map { _ in
      var bits = random.next()
      if type == .float32 { bits = Widening.widen(UInt32(truncatingIfNeeded: bits)) }
      let number = Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random)
      let name = Name(awkwardStrings.randomElement(using: &random) ?? "")
      return Point(
        channel: channels.randomElement(using: &random) ?? plain,
        index: index == .int64 ? .integer(number) : .string(name),
        epoch: Bool.random(using: &random) ? Int64(bitPattern: random.next()) : nil,
        step: Int64(bitPattern: random.next()), bits: bits)
    }
  }

  @Test(arguments: SeededRandom.seeds, TextFormat.allCases)
  func whatIsWrittenReadsBack(seed: UInt64, format: TextFormat) throws {
    for index in [IndexType.int64, .string] {
      for type in [ValueType.float32, .float64] {
        let points = randomPoints(1_000, index, type, seed)
        let text = try writePoints(points, format, type)
        let options = PointReader.Options(valueType: type, indexType: index)
        #expect(try readPoints(MemorySource(text), format, options) == points)
        #expect(try readPoints(TricklingSource(text, seed: seed), format, options) == points)
        #expect(
          try IndexTypeSniffer.indexType(of: MemorySource(text), format: format) == index)
        // The same points give the same bytes.
        #expect(try writePoints(points, format, type) == text)
      }
    }
  }

  @Test func rowsLookAsDocumented() throws {
    let point = Point(
      channel: Channel(metric: "ce", mode: .eval), index: 5, epoch: 1, step: 10,
      bits: (0.25).bitPattern)
    var other = point
    other.channel.dsID = "a,b"
    other.epoch = nil
    other.index = "x"
    other.bits = Double.nan.bitPattern
    #expect(
      String(decoding: try writePoints([point, other], .csv, .float32), as: UTF8.self) == """
        metric,mode,ds_id,index,epoch,step,value
        ce,eval,,5,1,10,0.25
        ce,eval,"a,b",x,,10,nan

        """)
    #expect(
      String(decoding: try writePoints([point, other], .ndjson, .float32), as: UTF8.self) == """
        {"metric":"ce","mode":"eval","ds_id":null,"index":5,"epoch":1,"step":10,"value":0.25}
        {"metric":"ce","mode":"eval","ds_id":"a,b","index":"x","epoch":null,"step":10,"value":"nan"}

        """)
  }

  @Test func absentColumnsSayWhatTheOptionsSay() throws {
    let expected = [Point(channel: plain, index: 7, epoch: nil, step: 3, bits: (1.5).bitPattern)]
    #expect(try readPoints("index,step,value\n7,3,1.5\n", .csv) == expected)
    #expect(try readPoints("value,other,step,index\n1.5,zzz,3,7\n", .csv) == expected)
    #expect(
      try readPoints("metric,mode,ds_id,index,epoch,step,value\n,,,7,,3,1.5\n", .csv) == expected)
    #expect(
      try readPoints(
        "metric,mode,ds_id,index,epoch,step,value\n\"\",\"\",\"\",\"7\",\"\",\"3\",\"1.5\"", .csv)
        == expected)
    #expect(try readPoints("{\"index\":7,\"step\":3,\"value\":1.5}", .ndjson) == expected)
    #expect(
      try readPoints(
        "{\"index\":\"7\",\"step\":\"3\",\"value\":\"1.5\",\"ds_id\":null,\"x\":[1],\"metric\":\"\"}",
        .ndjson) == expected)
    let options = PointReader.Options(defaultMetric: "ce", defaultMode: .eval, defaultDSID: "d")
    #expect(
      try readPoints("index,step,value\n7,3,1.5\n", .csv, options).map(\.channel) == [
        Channel(metric: "ce", mode: .eval, dsID: "d")
      ])
    // A default and its text are one channel.
    var reader = try PointReader(
      MemorySource(bytes("metric,mode,index,step,value\nce,,1,1,1\n,,2,1,1\n,eval,3,1,1\n")),
      format: .csv, options: PointReader.Options(defaultMetric: "ce", defaultMode: .eval))
    var batch = PointBatch()
    #expect(try reader.next(into: &batch))
    #expect(reader.channels.count == 1)
    #expect(batch.lines == [2, 3, 4])
  }

  @Test func batchesFollowOneAnother() throws {
    let count = PointReader.batchSize * 2 + 5
    let points = (0..<count).map {
      Point(
        channel: Channel(metric: $0 % 2 == 0 ? "a" : "b", mode: .eval), index: .integer(Int64($0)),
        epoch: 1, step: 2, bits: Double($0).bitPattern)
    }
    for format in TextFormat.allCases {
      let text = try writePoints(points, format, .float64)
      #expect(try readPoints(MemorySource(text), format) == points)
      var reader = try PointReader(MemorySource(text), format: format)
      var batch = PointBatch()
      var counts: [Int] = []
      while try reader.next(into: &batch) { counts.append(batch.count) }
      #expect(counts == [PointReader.batchSize, PointReader.batchSize, 5])
      #expect(reader.channels.count == 2)
      #expect(reader.bytesRead > UInt64(text.count - 100))
    }
  }

  @Test func anEmptyIndexNeedsQuotes() throws {
    let options = PointReader.Options(indexType: .string)
    let points = try readPoints("index,step,value\n\"\",3,1.5\n", .csv, options)
    #expect(points.map(\.index) == [""])
    #expect(throws: TrackerError.self) {
      try readPoints("index,step,value\n,3,1.5\n", .csv, options)
    }
    #expect(throws: TrackerError.self) {
      var writer = PointWriter(MemorySink(), format: .csv)
      try writer.beginChannel(Channel(metric: "", mode: .train))
    }
  }

  @Test func valuesRoundInTheTypeAskedFor() throws {
    let text = "index,step,value\n1,1,1.000000059604644775391\n2,1,0.1\n"
    let values32 = try readPoints(text, .csv, .init(valueType: .float32)).map(\.bits)
    #expect(values32 == [Float(1).nextUp, 0.1].map { Widening.widen($0.bitPattern) })
    let values64 = try readPoints(text, .csv).map(\.bits)
    #expect(values64 == [1 + 0x1p-24, 0.1].map(\.bitPattern))
  }

  @Test(arguments: [
    ("index,step\n", 1, "expected a column 'value'"), ("", 1, "expected a header line"),
    ("index,index,step,value\n", 1, "names the column 'index' twice"),
    ("index,step,value\n1,1\n", 2, "expected 3 fields as in the header, found 2"),
    ("index,step,value\nx,1,1\n", 2, "expected an integer of 64 bits for 'index', found 'x'"),
    ("index,step,value\n1,1.5,1\n", 2, "for 'step', found '1.5'"),
    ("index,step,value\n1,1,\n", 2, "expected a value for 'value', found none"),
    ("index,step,value\n\n1,1,abc\n", 3, "expected a number for 'value', found 'abc'"),
    ("index,step,value\n1,1,1e999\n", 2, "beyond the largest float64"),
    ("mode,index,step,value\nvalid,1,1,1\n", 2, "expected a mode (train, eval, test or infer)"),
    ("index,step,epoch,value\n1,1,one,1\n", 2, "for 'epoch', found 'one'"),
  ]) func mistakesAreNamedWithTheirLine(text: String, line: Int, detail: String) {
    let error = #expect(throws: TrackerError.self) { try readPoints(text, .csv) }
    #expect(error?.code == .badInput)
    #expect(error?.subject == "CSV line \(line)")
    #expect(error?.detail.contains(detail) == true, "\(error?.detail ?? "")")
  }

  @Test func indicesAreIntegersOnlyWhereAllAre() throws {
    func sniff(_ text: String, _ format: TextFormat = .csv) throws -> IndexType {
      try IndexTypeSniffer.indexType(of: MemorySource(bytes(text)), format: format)
    }
    #expect(try sniff("index,step,value\n1,1,1\n-5,1,1\n") == .int64)
    #expect(try sniff("index,step,value\n1,1,1\n007,1,1\n") == .string)
    #expect(try sniff("index,step,value\n9223372036854775808,1,1\n") == .string)
    #expect(try sniff("index,step,value\n") == .int64)
    #expect(try sniff("{\"index\":\"9007199254740993\",\"step\":1,\"value\":1}", .ndjson) == .int64)
    #expect(try sniff("{\"index\":\"a\",\"step\":1,\"value\":1}", .ndjson) == .string)
  }

  @Test func aStreamCanBeReadTwice() throws {
    let place = TemporaryPath(".spool")
    let text = bytes("index,step,value\n1,1,1\n")
    let spool = try SpooledInput(MemorySource(text), besides: place.path)
    #expect(try spool.size() == UInt64(text.count))
    #expect(try IndexTypeSniffer.indexType(of: spool.makeSource(), format: .csv) == .int64)
    #expect(try readPoints(spool.makeSource(), .csv).count == 1)
  }

  /// Every text that is cut or has a byte changed is read or refused; nothing traps.
  @Test(arguments: TextFormat.allCases) func damagedTextIsReadOrRefused(format: TextFormat) throws {
    let text = try writePoints(randomPoints(5, .string, .float32, 5), format, .float32)
    func attempt(_ text: [UInt8]) {
      for index in [IndexType.int64, .string] {
        let options = PointReader.Options(valueType: .float32, indexType: index)
        do { _ = try readPoints(MemorySource(text), format, options) } catch {
          #expect((error as? TrackerError)?.code == .badInput)
        }
      }
    }
    for length in text.indices { attempt(Array(text[..<length])) }
    for position in text.indices {
      for byte: UInt8 in [0, 0x22, 0x2C, 0x0A, 0x5C, 0x7B, 0x80, 0xFF, text[position] ^ 1] {
        var damaged = text
        damaged[position] = byte
        attempt(damaged)
      }
    }
  }
}
