import Foundation
import Testing
import TrackerModel
import TrackerSystem

@testable import TrackerInterchange

/// NumPy, where this machine has it.
enum NumPy {
  static let isAvailable = (try? run("import numpy")) == ""

  /// What a program prints, or its errors.
  static func run(_ program: String, _ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: output, as: UTF8.self)
  }
}

@Suite(.enabled(if: NumPy.isAvailable)) struct NumPyTests {
  /// Loads an archive and saves what it holds again, in NumPy's own way.
  private static let copy = """
    import numpy, sys
    source = numpy.load(sys.argv[1])
    save = numpy.savez_compressed if sys.argv[3] == "deflated" else numpy.savez
    save(sys.argv[2], **{name: source[name] for name in source.files})
    """

  @Test(arguments: SeededRandom.seeds) func historiesSurviveNumPy(seed: UInt64) throws {
    for (round, method) in [ZipMethod.stored, .deflated].enumerated() {
      let history = History.random(seed &+ UInt64(round), instances: 500, epochs: 4)
      let (written, copied) = (TemporaryPath(".npz"), TemporaryPath(".npz"))
      try written.write(try history.write(method))
      #expect(try NumPy.run(Self.copy, written.path, copied.path, "\(method)") == "")
      #expect(try History(reading: try copied.read()) == history)
    }
  }

  @Test func numPySeesWhatIsWritten() throws {
    let history = History(
      indices: HistoryIndices(["a", "é😀"]), steps: [5, 9], epochs: [1, 2], type: .float32,
      rows: [[(0.5).bitPattern, nil], [Double.infinity.bitPattern, (-0.0).bitPattern]])
    for method in [ZipMethod.stored, .deflated] {
      let place = TemporaryPath(".npz")
      try place.write(try history.write(method))
      let program = """
        import numpy, sys, zipfile
        assert zipfile.ZipFile(sys.argv[1]).testzip() is None
        for name, array in numpy.load(sys.argv[1]).items(): print(name, array.dtype, ascii(array.tolist()))
        """
      #expect(
        try NumPy.run(program, place.path) == """
          indices <U2 ['a', '\\xe9\\U0001f600']
          steps int64 [5, 9]
          epochs int64 [1, 2]
          values float32 [[0.5, nan], [inf, -0.0]]
          mask bool [[True, False], [True, True]]

          """)
    }
  }

  @Test func everyTypeOfNumPyIsReadOrNamed() throws {
    let program = """
      import numpy, sys
      values = numpy.array([[0, 1, 1], [1, 0, 1]])
      for pair in sys.argv[2].split():
        value, index = pair.split("-")
        numpy.savez(sys.argv[1] + pair + ".npz", indices=numpy.array([1, 2, 3], index),
          steps=numpy.array([1, 2], "u2"), values=values.astype(value))
      """
    let good = "f2-i1 f4-i2 f8-i4 i1-i8 i2-u1 i4-u2 i8-u4 u1-u8 u2-U3 u4-S2 u8-U1 ?-i8".split(
      separator: " ")
    let bad = [">f4-i8": "big-endian", "c8-i8": "'<c8'", "O-i8": "Python objects"]
    let pairs = (good.map(String.init) + bad.keys).joined(separator: " ")
    let place = TemporaryPath("")
    #expect(try NumPy.run(program, place.path, pairs) == "")
    func take(_ pair: some StringProtocol) throws -> [UInt8] {
      let path = "\(place.path)\(pair).npz"
      defer { try? Paths.remove(path) }
      return try readWholeFile(path: path, limit: 1 << 20)
    }
    for pair in good {
      let history = try History(reading: try take(pair))
      #expect(
        history.rows == [[0, 1, 1], [1, 0, 1]].map { row in row.map { Double($0).bitPattern } })
      let isText = pair.contains("U") || pair.contains("S")
      #expect(
        history.indices == (isText ? HistoryIndices(["1", "2", "3"]) : .integers([1, 2, 3])))
    }
    for (pair, detail) in bad {
      let archive = try take(pair)
      let error = #expect(throws: TrackerError.self) { try History(reading: archive) }
      #expect(error?.detail.contains(detail) == true, "\(String(describing: error))")
    }
  }

  /// The texts of values are those that Python reads to the same bits.
  @Test func pythonReadsTheTexts() throws {
    var random = SeededRandom(seed: 3)
    var table = ""
    for _ in 0..<2_000 {
      let bits = random.next()
      if Double(bitPattern: bits).isNaN { continue }
      table += "\(ValueText.text(bits, as: .float64)) \(bits)\n"
    }
    let place = TemporaryPath(".txt")
    try place.write(Array(table.utf8))
    let program = """
      import struct, sys
      for line in open(sys.argv[1]):
        text, bits = line.split()
        assert struct.pack("<d", float(text)) == struct.pack("<Q", int(bits)), line
      """
    #expect(try NumPy.run(program, place.path) == "")
  }
}
