import Foundation
import Testing
import TrackerModel
import TrackerSystem

@testable import TrackerInterchange

/// Bytes that no checkpoint has: refused with a place and a reason, and nothing is executed.
@Suite struct PickleHostileTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var bytes: [UInt8]
    var code = TrackerError.Code.badInput
    var offset: UInt64
    var says: [String]
    var testDescription: String { says.joined(separator: " ") }

    init(
      _ parts: [any PicklePart], _ code: TrackerError.Code = .badInput, at offset: UInt64,
      _ says: String...
    ) {
      bytes = parts.flatMap(\.bytes)
      self.code = code
      self.offset = offset
      self.says = says
    }
  }

  static let cases: [Case] = [
    Case([""], at: 0, "the file is empty", "name the objects.pkl"),
    Case(["~"], at: 0, "0x7E is no opcode", "name the objects.pkl"),
    Case(["N~"], at: 1, "0x7E is no opcode", "damaged"),
    Case(["N"], at: 1, "ends where an opcode should stand"),
    Case(["."], at: 0, "STOP", "takes 1 values off the stack, which has 0"),
    Case(["(."], at: 1, "STOP", "takes 1 values"),
    Case([[0x80, 6], "N."], .unsupportedVersion, at: 0, "PROTO", "protocol 6", "0 to 5"),
    Case([[0x80]], at: 0, "PROTO", "argument has 1 bytes, of which 0 are there"),
    Case([[0x95, 9, 0, 0, 0, 0, 0, 0, 0], "N."], at: 0, "FRAME", "claims 9 bytes, of which 2"),
    Case(
      [[0x95], [255, 255, 255, 255, 255, 255, 255, 255], "N."], at: 0, "FRAME",
      "claims 18446744073709551615 bytes"),
    // Absurd lengths take no memory.
    Case(
      [[0x8E], [255, 255, 255, 255, 255, 255, 255, 127], "a"], at: 0, "BINBYTES8",
      "claims 9223372036854775807 bytes, of which 1 are there"),
    Case(["X", [255, 255, 255, 255], "a"], at: 0, "BINUNICODE", "claims 4294967295 bytes"),
    Case(["N", [0x8D, 0, 0, 0, 0, 0, 0, 0, 64]], at: 1, "BINUNICODE8", "claims"),
    Case(["T", [255, 255, 255, 255], "a"], at: 0, "BINSTRING", "the length -1"),
    Case([[0x8B, 255, 255, 255, 255], "a"], at: 0, "LONG4", "the length -1"),
    Case([[0x8B, 255, 255, 255, 127], "a"], at: 0, "LONG4", "claims 2147483647 bytes"),
    Case([[0x96, 0, 0, 0, 0, 0, 0, 1, 0]], at: 0, "BYTEARRAY8", "claims"),
    // A memo that would be huge in Python.
    Case(
      ["Nr", [255, 255, 255, 255], "h", [0], "."], at: 6, "BINGET", "the memo has nothing at 0"),
    Case(["g5\n."], at: 0, "GET", "the memo has nothing at 5"),
    Case(["Np-1\n."], at: 1, "PUT", "expected a number of the memo, found '-1'"),
    Case(["Np99999999999\n."], at: 1, "PUT", "expected a number of the memo"),
    Case(["q", [0]], at: 0, "BINPUT", "takes 1 values off the stack, which has 0"),
    Case([[0x94]], at: 0, "MEMOIZE", "takes 1 values"),
    Case(["N(", [0x94]], at: 2, "MEMOIZE", "takes 1 values off the stack, which has 0"),
    // Stacks and marks.
    Case(["t"], at: 0, "TUPLE", "no mark stands on the stack"),
    Case(["N1"], at: 1, "POP_MARK", "no mark"),
    Case(["0"], at: 0, "POP", "takes 1 values"),
    Case(["2"], at: 0, "DUP", "takes 1 values"),
    Case(["N", [0x86]], at: 1, "TUPLE2", "takes 2 values off the stack, which has 1"),
    Case(["]a"], at: 1, "APPEND", "takes 2 values"),
    Case(["(e"], at: 1, "APPENDS", "takes 1 values"),
    Case(["NNa"], at: 2, "APPEND", "expected a list or an object, found None"),
    Case([")(Ne"], at: 3, "APPENDS", "expected a list or an object, found an empty tuple"),
    Case(["](N", [0x90]], at: 3, "ADDITEMS", "expected a set or an object, found a list"),
    Case(["]NNs"], at: 3, "SETITEM", "expected a dictionary or an object, found a list"),
    Case(["}(Nu"], at: 3, "SETITEMS", "1 values are no pairs of keys and values"),
    Case(["(Nd"], at: 2, "DICT", "1 values are no pairs"),
    Case(["NN", [0x93]], at: 2, "STACK_GLOBAL", "expected the names of a module and a class"),
    Case(["(o"], at: 1, "OBJ", "no class stands above the mark"),
    Case(["]}b"], at: 2, "BUILD", "expected an object to give a state, found a list"),
    Case(["NR"], at: 1, "REDUCE", "takes 2 values"),
    // Texts.
    Case(["cos\nsystem"], at: 0, "GLOBAL", "ends before the line feed"),
    Case(["V\\u12"], at: 0, "UNICODE", "ends before the line feed"),
    Case(["V\\u12\n."], at: 0, "UNICODE", "an escape of '\\u12' is none"),
    Case(["V\\UFFFFFFFF\n."], at: 0, "UNICODE", "is none"),
    Case(["Sabc\n."], at: 0, "STRING", "expected a quoted text, found 'abc'"),
    Case(["S'\\'\n."], at: 0, "STRING", "expected a quoted text"),
    Case(["I\n."], at: 0, "INT", "expected an integer, found ''"),
    Case(["I1x\n."], at: 0, "INT", "expected an integer, found '1x'"),
    Case(["L-L\n."], at: 0, "LONG", "expected an integer"),
    Case(["F1e999\n."], at: 0, "FLOAT", "expected a float, found '1e999'"),
    Case(["Fx\n."], at: 0, "FLOAT", "expected a float, found 'x'"),
    Case(
      ["c" + String(repeating: "m", count: 5000) + "\nx\n."], .limitExceeded, at: 0, "GLOBAL",
      "no line feed within 4096 bytes"),
    Case(
      [
        "X", [0x88, 0x13, 0, 0], String(repeating: "m", count: 5000), [0x8C, 1], "x", [0x93],
      ], .limitExceeded, at: 5008, "STACK_GLOBAL", "a name of 5000 bytes, the limit is 4096"),
    Case(
      ["P" + String(repeating: "1", count: 4097) + "\n"], .limitExceeded, at: 0, "PERSID",
      "no line feed within 4096 bytes"),
  ]

  @Test(arguments: cases) func isRefusedWithPlaceAndReason(_ hostile: Case) {
    let error = #expect(throws: TrackerError.self) {
      try readPickle(hostile.bytes, name: "hostile.pkl")
    }
    #expect(error?.code == hostile.code)
    #expect(error?.file == "hostile.pkl")
    #expect(error?.offset == hostile.offset)
    #expect(error?.remedy != nil)
    for text in hostile.says {
      #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
  }

  @Test func deepNestingTakesNoStackOfTheProcess() throws {
    // Very many lists in one another, built from the outside in and from the inside out.
    let depth = 200_000
    let inside = [UInt8](repeating: UInt8(ascii: "]"), count: depth)
    let lists = try readPickle(
      inside + [UInt8](repeating: UInt8(ascii: "a"), count: depth - 1) + bytes("."))
    var value = lists.value
    var found = 1
    while let inner = lists.graph.elementsOfCollection(value).first {
      value = inner
      found += 1
    }
    #expect(found == depth)
    let tuples = try readPickle(
      bytes(")") + [UInt8](repeating: 0x85, count: depth) + bytes("."))
    #expect(tuples.graph.collections.count == depth)
    // Such a value as a state, an index, a value, an array and a tensor.
    for deep in [inside + [UInt8](repeating: UInt8(ascii: "a"), count: depth - 1)] {
      let state = bytes("}Vindex_history\n}Vtrain\n}I1\n((I1\n") + deep + bytes("tlsss.")
      let error = #expect(throws: TrackerError.self) {
        _ = try checkpoint(state).points()
      }
      #expect(error?.code == .badInput)
    }
    let call = bytes("ctensorflow\nconvert_to_tensor\nq") + [9]
    var nested = bytes("}Vindex_history\n}Vtrain\n}I1\n((I1\n") + call + bytes("0")
    for _ in 0..<100_000 { nested += bytes("ctensorflow.x\nconvert_to_tensor\n") }
    nested += bytes("N") + (0..<100_000).flatMap { _ in [0x85, UInt8(ascii: "R")] }
    let error = #expect(throws: TrackerError.self) {
      _ = try checkpoint(nested + bytes("tlsss.")).points()
    }
    #expect(error?.detail.contains("expected a number") == true)
  }

  @Test func marksAndStackHaveLimits() {
    let marks = #expect(throws: TrackerError.self) {
      try readPickle([UInt8](repeating: UInt8(ascii: "("), count: 1 << 17))
    }
    #expect(marks?.code == .limitExceeded)
    #expect(marks?.offset == 1 << 16)
    let stack = #expect(throws: TrackerError.self) {
      try readPickle([UInt8](repeating: UInt8(ascii: "N"), count: 1 << 24 | 1))
    }
    #expect(stack?.code == .limitExceeded)
    #expect(stack?.offset == 1 << 24)
    let sparse = #expect(throws: TrackerError.self) {
      var bytes = bytes("N")
      for number in 0...UInt32(1 << 20) {
        bytes.append(UInt8(ascii: "r"))
        for place in 0..<4 { bytes.append(UInt8((number + 1000) >> (8 * place) & 255)) }
      }
      _ = try readPickle(bytes)
    }
    #expect(sparse?.code == .limitExceeded)
    #expect(sparse?.detail.contains("out of order") == true)
  }

  /// A pickle of a few bytes that Python would unfold to 2³⁰ values.
  @Test func memoBombsStayAsSmallAsTheyAre() throws {
    var bomb = bytes("]q") + [0] + bytes("0")
    for level in 1...30 {
      bomb += bytes("](h") + [UInt8(level - 1)] + bytes("h") + [UInt8(level - 1)]
      bomb += bytes("eq") + [UInt8(level)] + bytes("0")
    }
    bomb += bytes("h") + [30] + bytes(".")
    let read = try readPickle(bomb)
    #expect(read.graph.collections.count == 31)
  }

  /// Lists, texts and arrays that stand in a file once and are named very many times.
  @Test func manyNamesOfOneThingAreRefused() throws {
    let points = (0..<500).map { "(I\($0)\nF1\nt" }.joined()
    var shared = bytes("(\(points)lp1\n0}Vindex_history\n}Vtrain\n}(")
    for index in 0..<5000 { shared += bytes("I\(index)\ng1\n") }
    shared += bytes("uss.")
    let error = #expect(throws: TrackerError.self) { _ = try checkpoint(shared).points() }
    #expect(error?.detail.contains("more points than the file has bytes") == true)

    // The bytes of one array behind ten thousand scalars.
    var scalars = bytes(
      "cnumpy.core.multiarray\nscalar\np1\n0cnumpy\ndtype\n(VS65000\nI00\nI01\ntRp2\n0")
    scalars += bytes("B") + [0xE8, 0xFD, 0, 0] + [UInt8](repeating: 65, count: 65000)
    scalars += bytes("p3\n0}Vindex_history\n}Vtrain\n}(")
    for _ in 0..<10_000 { scalars += bytes("g1\n(g2\ng3\ntR]") }
    scalars += bytes("uss.")
    let text = #expect(throws: TrackerError.self) {
      let read = try checkpoint(scalars)
      _ = try read.indexType(of: [0])
      _ = try read.points()
    }
    #expect(text?.detail.contains("named many times") == true)
  }

  /// Files of some hundred kilobytes that would take hours if what they name many times were read as
  /// often.
  @Test(.timeLimit(.minutes(1))) func namesOfLargeThingsTakeNoTime() throws {
    let large = "(" + (0..<20_000).map { "I\($0)\n" }.joined()
    let cases: [(String, String)] = [
      // One set to keep of very many trackers.
      (
        "\(large)lp1\n0("
          + String(repeating: "}(Vidx_to_keep\ng1\nVindex_history\n}u", count: 20_000) + "l.",
        "states of InstanceTrackers"
      ),
      // One dictionary of indices as the histories of all modes of some trackers.
      (
        "(" + (0..<20_000).map { "I\($0)\n(l" }.joined() + "dp1\n0("
          + String(
            repeating: "}(Vindex_history\n}(Vtrain\ng1\nVeval\ng1\nVtest\ng1\nuVpoints\n(lu",
            count: 60)
          + "l.", "named many times"
      ),
      // Very many types with one large state, of as many values.
      (
        "\(large)tp1\n0}Vindex_history\n}Vtrain\n}I1\n("
          + String(
            repeating:
              "(I1\ncnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(Vf4\ntRg1\nbS'abcd'\ntRt",
            count: 10_000) + "lsss.", "several fields"
      ),
      // Very many arrays of one large shape.
      (
        "\(large)tp1\n0}(Vindex_history\n}Vpoints\n("
          + String(
            repeating: "(cnumpy.core.numeric\n_frombuffer\n(S''\nNg1\ntRNt", count: 10_000) + "lu.",
        "expected the shape of an array"
      ),
    ]
    for (text, says) in cases {
      let error = #expect(throws: TrackerError.self) {
        let read = try checkpoint(bytes(text))
        _ = try read.points()
      }
      #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }
  }

  @Test func reducersOfTheShellAreNames() throws {
    let path = TemporaryPath(".touched")
    let reducers = [
      "cposix\nsystem\n(S'touch \(path.path)'\ntR",
      "(S'touch \(path.path)'\nios\nsystem\n",
      "c__builtin__\nexec\n(S'open(\"\(path.path)\", \"w\")'\ntR",
      "(cos\nsystem\nS'touch \(path.path)'\no",
    ]
    for reducer in reducers {
      let read = try readPickle(bytes(reducer + "."))
      #expect(read.value.kind == .object)
      let history = FastEstimatorTests.small("(I1\nF2\nt", "Vx\n\(reducer)")
      #expect(try checkpoint(history).points().count == 1)
    }
    #expect(!Paths.exists(path.path))
  }

  // MARK: Damage

  @Test(arguments: ["numpy-2.pkl", "numpy-5.pkl", "dill.pkl"])
  func everyTruncationIsRefused(_ name: String) throws {
    let whole = try Fixture.bytes("pickles/\(name)")
    for length in whole.indices {
      let error = #expect(throws: TrackerError.self) {
        try readPickle(Array(whole[..<length]), name: name)
      }
      #expect(error?.code == .badInput)
      #expect(error?.file == name)
      #expect((error?.offset ?? .max) <= UInt64(length))
    }
  }

  @Test(arguments: SeededRandom.seeds) func mutationsAreReadOrRefused(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var (read, refused) = (0, 0)
    for name in Fixture.pickles where name != "python-0.pkl" {
      let whole = try Fixture.bytes("pickles/\(name)")
      for _ in 0..<150 {
        var changed = whole
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let place = Int.random(in: changed.indices, using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0: changed[place] = UInt8.random(in: 0...255, using: &random)
          case 1: changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
          case 2: changed.remove(at: place)
          default:
            // An opcode, which reaches further than a random byte.
            let opcodes = PickleOpcodeTests.examples
            changed.insert(
              opcodes[Int.random(in: opcodes.indices, using: &random)].opcode.rawValue, at: place)
          }
        }
        do throws(TrackerError) {
          let found = try checkpoint(changed, name: name)
          let points = try found.points()
          #expect(points.count <= changed.count)
          for number in found.trackers.indices {
            var unsealed = UnsealedBatches(found, tracker: number)
            _ = try unsealed.read()
            _ = try found.trackers[number].parameters(metric: "x", indexType: .string)
          }
          read += 1
        } catch {
          #expect(error.description.contains(name) || error.code == .invalidParameter, "\(error)")
          refused += 1
        }
      }
    }
    #expect(read > 100 && refused > 100, "\(read) read, \(refused) refused")
  }
}
