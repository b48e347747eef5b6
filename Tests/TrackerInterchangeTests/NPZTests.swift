import Testing
import TrackerModel
import TrackerSystem

@testable import TrackerInterchange

/// A history as a whole, for comparisons. Values that were not recorded are nil.
struct History: Equatable {
  var indices: HistoryIndices
  var steps: [Int64]
  var epochs: [Int64]?
  var type: ValueType
  var rows: [[UInt64?]]

  init(
    indices: HistoryIndices, steps: [Int64], epochs: [Int64]?, type: ValueType, rows: [[UInt64?]]
  ) {
    self.indices = indices
    self.steps = steps
    self.epochs = epochs
    self.type = type
    self.rows = rows
  }

  init(reading archive: [UInt8]) throws {
    var reader = try NPZHistoryReader(MemoryBytes(archive), name: "history.npz")
    indices = reader.indices
    steps = reader.steps
    epochs = reader.epochs
    type = reader.valueType
    rows = []
    var bits: [UInt64] = []
    var recorded: [Bool] = []
    while let place = try reader.readEpoch(bits: &bits, recorded: &recorded) {
      #expect(place == rows.count)
      rows.append(zip(bits, recorded).map { $1 ? $0 : nil })
    }
  }

  func write(_ method: ZipMethod) throws -> [UInt8] {
    let place = TemporaryPath(".npz")
    let output = try OutputFile(path: place.path, overwriting: true)
    var writer = try NPZHistoryWriter(
      output, indices: indices, steps: steps,
      epochs: epochs ?? [Int64?](repeating: nil, count: steps.count), valueType: type,
      method: method)
    for row in rows {
      let bits = row.map { $0 ?? 7 }
      let recorded = row.map { $0 != nil }
      try writer.writeEpoch(
        bits: bits.span, recorded: recorded.contains(false) ? recorded.span : nil)
    }
    try writer.finish()
    try output.commit()
    return try place.read()
  }

  static func random(_ seed: UInt64, instances: Int, epochs: Int) -> History {
    var random = SeededRandom(seed: seed)
    let type: ValueType = Bool.random(using: &random) ? .float32 : .float64
    let indices: HistoryIndices =
      Bool.random(using: &random)
      ? .integers((0..<instances).map { _ in Int64(bitPattern: random.next()) })
      : HistoryIndices(
        (0..<instances).map { _ in
          let text = awkwardStrings.randomElement(using: &random) ?? ""
          return Name(text.utf8.last == 0 ? "zero" : text)
        })
    let density = Int.random(in: 0...2, using: &random)
    let rows = (0..<epochs).map { epoch in
      (0..<instances).map { _ -> UInt64? in
        // All recorded, none missing before the second row, or few recorded.
        if density == 1, epoch > 0, Int.random(in: 0..<10, using: &random) == 0 { return nil }
        if density == 2, Int.random(in: 0..<10, using: &random) > 0 { return nil }
        let bits = random.next()
        return type == .float64 ? bits : Widening.widen(UInt32(truncatingIfNeeded: bits))
      }
    }
    return History(
      indices: indices, steps: (0..<epochs).map { _ in Int64(bitPattern: random.next()) },
      epochs: epochs > 0 && Bool.random(using: &random)
        ? (0..<epochs).map { _ in Int64(bitPattern: random.next()) } : nil,
      type: type, rows: rows)
  }
}

@Suite struct NPZTests {
  @Test(arguments: SeededRandom.seeds) func whatIsWrittenReadsBack(seed: UInt64) throws {
    for round in 0..<12 {
      let history = History.random(
        seed &+ UInt64(round), instances: [0, 1, 9, 1000][round % 4], epochs: [3, 0, 1][round % 3])
      let archive = try history.write(round % 2 == 0 ? .stored : .deflated)
      #expect(try History(reading: archive) == history)
      #expect(try history.write(round % 2 == 0 ? .stored : .deflated) == archive)
    }
  }

  @Test func archivesOfNumPyAreRead() throws {
    func bits(_ value: Double) -> UInt64 { value.bitPattern }
    #expect(
      try History(reading: NumPyFixtures.compressed)
        == History(
          indices: HistoryIndices(["b", "é😀", ""]), steps: [10, 20], epochs: [1, 2],
          type: .float32,
          rows: [
            [bits(0.5), nil, bits(-0.0)], [bits(0x1p-24), bits(65504), bits(-.infinity)],
          ]))
    #expect(
      try History(reading: NumPyFixtures.stored)
        == History(
          indices: .integers([3, -1]), steps: [7], epochs: nil, type: .float64,
          rows: [[bits(0.1), bits(2)]]))
  }

  @Test(arguments: [
    NumPyFixtures.compressed, NumPyFixtures.stored,
  ]) func damagedArchivesAreReadOrRefused(archive: [UInt8]) throws {
    let expected = try History(reading: archive)
    for length in archive.indices {
      #expect(throws: TrackerError.self) { try History(reading: Array(archive[..<length])) }
    }
    for position in archive.indices {
      for flip: UInt8 in [1, 0xFF] {
        var damaged = archive
        damaged[position] ^= flip
        do {
          // What no checksum covers are names, dates and the like; a renamed optional member is absent.
          var found = try History(reading: damaged)
          if found.epochs == nil { found.epochs = expected.epochs }
          if found.rows != expected.rows { #expect(!found.rows.joined().contains(nil)) }
          #expect(found.indices == expected.indices && found.steps == expected.steps)
        } catch {
          #expect((error as? TrackerError)?.code == .badInput)
        }
      }
    }
  }

  // MARK: Arrays that do not fit together

  private func archive(_ arrays: [(name: String, header: NPYHeader, data: [UInt8])]) throws
    -> [UInt8]
  {
    let place = TemporaryPath(".npz")
    let output = try OutputFile(path: place.path, overwriting: true)
    var writer = ZipWriter(output)
    for (name, header, data) in arrays {
      try writer.beginMember(named: name + ".npy", expectedSize: UInt64(data.count))
      try writer.write(header.bytes.span)
      try writer.write(data.span)
      try writer.endMember()
    }
    try writer.finish()
    try output.commit()
    return try place.read()
  }

  private func zeros(_ header: NPYHeader) -> [UInt8] {
    [UInt8](repeating: 0, count: Int(header.dataSize ?? 0))
  }

  @Test func arraysThatDoNotFitAreNamed() throws {
    let integers = NPYElement.signed(bytes: 8)
    let float = NPYElement.float(bytes: 4)
    let good: [String: NPYHeader] = [
      "indices": NPYHeader(integers, shape: [3]), "steps": NPYHeader(integers, shape: [2]),
      "values": NPYHeader(float, shape: [2, 3]), "mask": NPYHeader(.bool, shape: [2, 3]),
      "epochs": NPYHeader(integers, shape: [2]),
    ]
    func attempt(
      _ changes: [String: NPYHeader], _ data: [String: [UInt8]] = [:], without names: [String] = []
    ) throws {
      var headers = good
      for name in names { headers[name] = nil }
      for (name, header) in changes { headers[name] = header }
      let arrays = headers.sorted { $0.key < $1.key }.map { name, header in
        (name: name, header: header, data: data[name] ?? zeros(header))
      }
      _ = try History(reading: try archive(arrays))
    }
    try attempt([:])
    try attempt([:], without: ["mask", "epochs"])
    let missing = #expect(throws: TrackerError.self) { try attempt([:], without: ["steps"]) }
    #expect(missing?.detail.hasPrefix("expected a member 'steps.npy', found 'epochs.npy'") == true)
    let cases: [(changes: [String: NPYHeader], data: [String: [UInt8]], detail: String)] = [
      (["values": NPYHeader(float, shape: [3, 2])], [:], "= (2, 3), found (3, 2)"),
      (["values": NPYHeader(float, shape: [6])], [:], "= (2, 3), found (6,)"),
      (["mask": NPYHeader(.bool, shape: [2])], [:], "= (2, 3), found (2,)"),
      (["epochs": NPYHeader(integers, shape: [3])], [:], "= (2,), found (3,)"),
      (["indices": NPYHeader(integers, shape: [3, 1])], [:], "expected one axis"),
      (["indices": NPYHeader(integers, shape: [])], [:], "expected one axis, found the shape ()"),
      (["indices": NPYHeader(float, shape: [3])], [:], "expected integers or strings, found <f4"),
      (["steps": NPYHeader(float, shape: [2])], [:], "expected integers, found <f4"),
      (["mask": NPYHeader(float, shape: [2, 3])], [:], "expected booleans (|b1), found <f4"),
      (["values": NPYHeader(.unicode(scalars: 2), shape: [2, 3])], [:], "expected numbers"),
      (
        ["values": NPYHeader(float, shape: [2, 3], isFortranOrder: true)], [:],
        "Fortran order"
      ),
      (
        ["values": NPYHeader(float, shape: [2, 3])], ["values": [1, 2, 3]],
        "another size than its member's"
      ),
      (
        ["values": NPYHeader(float, shape: [Int.max, Int.max])], ["values": []],
        "another size than its member's"
      ),
      ([:], ["mask": [0, 1, 1, 0, 2, 0]], "expected 0 or 1 at [1, 1], found the byte 2"),
      (
        ["values": NPYHeader(integers, shape: [2, 3])],
        ["values": [UInt8](repeating: 0x7F, count: 48)], "at [0, 0] equals no float64"
      ),
      (
        ["indices": NPYHeader(.unsigned(bytes: 8), shape: [3])],
        ["indices": [UInt8](repeating: 0xFF, count: 24)], "element 0 exceeds 64 bits"
      ),
      (
        ["indices": NPYHeader(.unicode(scalars: 1), shape: [3])],
        ["indices": [0, 0xD8, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]], "element 0 is no Unicode text"
      ),
      (
        ["indices": NPYHeader(.bytes(1), shape: [3])], ["indices": [0x61, 0xFF, 0x62]],
        "element 1 is no Unicode text"
      ),
    ]
    for (changes, data, detail) in cases {
      let error = #expect(throws: TrackerError.self, "\(detail)") { try attempt(changes, data) }
      #expect(error?.code == .badInput)
      #expect(error?.detail.contains(detail) == true, "\(String(describing: error)), not \(detail)")
    }
  }

  @Test func everyTypeOfNumberIsWidenedExactly() throws {
    func values(_ element: NPYElement, _ data: [UInt8]) -> [Double] {
      var bits: [UInt64] = []
      #expect(ArrayValues.appendValues(data.span, element, to: &bits) == nil)
      return bits.map { Double(bitPattern: $0) }
    }
    #expect(values(.signed(bytes: 1), [0xFF, 0x7F]) == [-1, 127])
    #expect(values(.unsigned(bytes: 1), [0xFF]) == [255])
    #expect(values(.signed(bytes: 2), [0, 0x80]) == [-32768])
    #expect(values(.unsigned(bytes: 4), [0xFF, 0xFF, 0xFF, 0xFF]) == [4_294_967_295])
    #expect(values(.signed(bytes: 8), [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]) == [-1])
    #expect(values(.unsigned(bytes: 8), [0, 0, 0, 0, 0, 0, 0, 0x80]) == [0x1p63])
    #expect(values(.bool, [0, 1]) == [0, 1])
    #expect(values(.float(bytes: 2), [0x00, 0x3C, 0xFF, 0x7B, 0x01, 0x00]) == [1, 65504, 0x1p-24])
    for half in UInt16.min...UInt16.max {
      let wide = Float(bitPattern: ArrayValues.widenHalf(half))
      let expected = Float(Float16(bitPattern: half))
      #expect(wide.isNaN ? expected.isNaN : wide.bitPattern == expected.bitPattern)
    }
    #expect(ArrayValues.widenHalf(0x7D55) == 0x7FAA_A000)
  }

  @Test func whatArraysCannotHoldIsRefused() throws {
    let place = TemporaryPath(".npz")
    func attempt(_ indices: HistoryIndices, _ epochs: [Int64?], _ bits: UInt64) throws {
      let output = try OutputFile(path: place.path, overwriting: true)
      var writer = try NPZHistoryWriter(
        output, indices: indices, steps: [1, 2], epochs: epochs, valueType: .float32)
      try writer.writeEpoch(bits: [bits].span)
    }
    try attempt(.integers([1]), [nil, nil], 0)
    #expect(throws: TrackerError.self) { try attempt(.integers([1]), [1, nil], 0) }
    #expect(throws: TrackerError.self) { try attempt(HistoryIndices(["a\0"]), [1, 2], 0) }
    #expect(throws: TrackerError.self) { try attempt(.integers([1]), [1, 2], (0.1).bitPattern) }
  }
}

@Suite struct NPYHeaderTests {
  private func read(_ text: String, version: UInt8 = 1) throws -> NPYHeader {
    let count = text.utf8.count
    var header: [UInt8] = [0x93] + bytes("NUMPY") + [version, 0]
    header += [UInt8(count & 0xFF), UInt8(count >> 8)]
    if version > 1 { header += [0, 0] }
    header += bytes(text)
    let (found, length) = try NPYHeader.read(from: MemorySource(header + [1, 2, 3]))
    #expect(length == header.count)
    return found
  }

  @Test(arguments: [[], [0], [3], [3, 4], [1, 2, 3]]) func headersReadBack(shape: [Int]) throws {
    for element: NPYElement in [
      .float(bytes: 2), .float(bytes: 4), .float(bytes: 8), .signed(bytes: 1), .signed(bytes: 8),
      .unsigned(bytes: 2), .bool, .unicode(scalars: 17), .bytes(300),
    ] {
      let header = NPYHeader(element, shape: shape, isFortranOrder: shape.count == 2)
      #expect(header.bytes.count % 64 == 0)
      let (found, length) = try NPYHeader.read(from: MemorySource(header.bytes))
      #expect(found == header)
      #expect(length == header.bytes.count)
    }
  }

  @Test func otherSpellingsAreRead() throws {
    let expected = NPYHeader(.float(bytes: 4), shape: [2])
    for version: UInt8 in 1...3 {
      #expect(
        try read("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", version: version)
          == expected)
    }
    #expect(try read("{\"shape\":(2),\"fortran_order\":False,\"descr\":\"=f4\"}") == expected)
  }

  @Test(arguments: [
    "", "{", "{}", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), ",
    "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<f16', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<U0', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<U99999999999999999999', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': 2, }",
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x",
    "{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2,), }",
  ]) func otherHeadersAreRefused(text: String) {
    let error = #expect(throws: TrackerError.self) { try read(text) }
    #expect(error?.code == .badInput)
  }
}
