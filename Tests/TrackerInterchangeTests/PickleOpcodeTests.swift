import Foundation
import Testing
import TrackerModel

@testable import TrackerInterchange

/// A pickle in bytes, and what it is the pickle of.
struct PickleExample: Sendable, CustomTestStringConvertible {
  var opcode: PickleOpcode
  var bytes: [UInt8]
  var shown: String

  init(_ opcode: PickleOpcode, _ parts: [any PicklePart], _ shown: String) {
    self.opcode = opcode
    bytes = parts.flatMap(\.bytes)
    self.shown = shown
  }

  var testDescription: String { opcode.name }
}

/// Texts and opcodes, of which examples are put together.
protocol PicklePart { var bytes: [UInt8] { get } }
extension String: PicklePart { var bytes: [UInt8] { Array(utf8) } }
extension PickleOpcode: PicklePart { var bytes: [UInt8] { [rawValue] } }
extension Array: PicklePart where Element == UInt8 { var bytes: [UInt8] { self } }

@Suite struct PickleOpcodeTests {
  /// Each opcode at least once; what follows from Python's documentation of it.
  static let examples: [PickleExample] = [
    PickleExample(.proto, [[0x80, 5], "N."], "None"),
    PickleExample(.frame, [[0x95, 2, 0, 0, 0, 0, 0, 0, 0], "N."], "None"),
    PickleExample(.stop, ["N.trailing"], "None"),
    PickleExample(.none, ["N."], "None"),
    PickleExample(.newTrue, [[0x88], "."], "True"),
    PickleExample(.newFalse, [[0x89], "."], "False"),
    PickleExample(.intText, ["I-12\n."], "-12"),
    PickleExample(.intText, ["I01\n."], "True"),
    PickleExample(.intText, ["I00\n."], "False"),
    PickleExample(.intText, ["I9223372036854775808\n."], "huge"),
    PickleExample(.longText, ["L-9223372036854775808L\n."], "-9223372036854775808"),
    PickleExample(.longText, ["L99999999999999999999L\n."], "huge"),
    PickleExample(.binInt, ["J", [0xFE, 0xFF, 0xFF, 0xFF], "."], "-2"),
    PickleExample(.binInt, ["J", [0, 0, 0, 0x80], "."], "-2147483648"),
    PickleExample(.binInt1, ["K", [255], "."], "255"),
    PickleExample(.binInt2, ["M", [1, 2], "."], "513"),
    PickleExample(.long1, [[0x8A, 0], "."], "0"),
    PickleExample(.long1, [[0x8A, 1, 0xFF], "."], "-1"),
    PickleExample(.long1, [[0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80], "."], "-9223372036854775808"),
    PickleExample(.long1, [[0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0x80, 0], "."], "huge"),
    PickleExample(.long4, [[0x8B, 3, 0, 0, 0, 1, 2, 3], "."], "197121"),
    PickleExample(.floatText, ["F-1.25e-3\n."], "-0.00125"),
    PickleExample(.floatText, ["Fnan\n."], "nan"),
    PickleExample(.floatText, ["F-inf\n."], "-inf"),
    PickleExample(.binFloat, ["G", [0x3F, 0xF8, 0, 0, 0, 0, 0, 0], "."], "1.5"),
    PickleExample(.stringText, ["S'a\\n\\x41\\'\\\\'\n."], "b'a\nA'\\'"),
    PickleExample(.stringText, ["S\"q\"\n."], "b'q'"),
    PickleExample(.binString, ["T", [2, 0, 0, 0], "ab."], "b'ab'"),
    PickleExample(.shortBinString, ["U", [2], "ab."], "b'ab'"),
    PickleExample(.binBytes, ["B", [2, 0, 0, 0], "ab."], "b'ab'"),
    PickleExample(.shortBinBytes, ["C", [0], "."], "b''"),
    PickleExample(.binBytes8, [[0x8E, 1, 0, 0, 0, 0, 0, 0, 0], "a."], "b'a'"),
    PickleExample(.byteArray8, [[0x96, 1, 0, 0, 0, 0, 0, 0, 0], "a."], "b'a'"),
    PickleExample(.nextBuffer, [[0x97], "."], "buffer|None|None|||"),
    PickleExample(.readonlyBuffer, [[0x97, 0x98], "."], "buffer|None|None|||"),
    PickleExample(.unicodeText, ["V\\u00e9\\U0001F600", [0xE9], "\\n\n."], "'é😀é\\n'"),
    PickleExample(.shortBinUnicode, [[0x8C, 2], "é."], "'é'"),
    PickleExample(.binUnicode, ["X", [1, 0, 0, 0], "a."], "'a'"),
    PickleExample(.binUnicode8, [[0x8D, 1, 0, 0, 0, 0, 0, 0, 0], "a."], "'a'"),
    PickleExample(.emptyList, ["]."], "[]"),
    PickleExample(.append, ["]Na."], "[None]"),
    PickleExample(.appends, ["](NK", [1], "e."], "[None, 1]"),
    PickleExample(.appends, ["](e."], "[]"),
    PickleExample(.list, ["(NNl."], "[None, None]"),
    PickleExample(.emptyTuple, [")."], "()"),
    PickleExample(.tuple, ["(t."], "()"),
    PickleExample(.tuple, ["(NNt."], "(None, None)"),
    PickleExample(.tuple1, ["N", [0x85], "."], "(None)"),
    PickleExample(.tuple2, ["NK", [1, 0x86], "."], "(None, 1)"),
    PickleExample(.tuple3, ["NNK", [1, 0x87], "."], "(None, None, 1)"),
    PickleExample(.emptyDict, ["}."], "{}"),
    PickleExample(.dict, ["(K", [1], "Nd."], "{1: None}"),
    PickleExample(.setItem, ["}K", [1], "Ns."], "{1: None}"),
    PickleExample(.setItems, ["}(K", [1], "NK", [2], "Nu."], "{1: None, 2: None}"),
    PickleExample(.emptySet, [[0x8F], "."], "{}"),
    PickleExample(.addItems, [[0x8F], "(K", [1, 0x90], "."], "{1}"),
    PickleExample(.frozenSet, ["(K", [1, 0x91], "."], "frozenset{1}"),
    PickleExample(.pop, ["NK", [1], "0."], "None"),
    PickleExample(.pop, ["N(0."], "None"),
    PickleExample(.dup, ["]N20a."], "[None]"),
    PickleExample(.mark, ["N((NN11."], "None"),
    PickleExample(.popMark, ["N(NN1."], "None"),
    PickleExample(.get, ["Np7\ng7\n", [0x86], "."], "(None, None)"),
    PickleExample(.binGet, ["Nq", [7], "h", [7, 0x86], "."], "(None, None)"),
    PickleExample(
      .longBinGet, ["Nr", [0, 0, 0, 255], "j", [0, 0, 0, 255, 0x86], "."], "(None, None)"),
    PickleExample(.put, ["Np0\nK", [1], "p0\ng0\n", [0x87], "."], "(None, 1, 1)"),
    PickleExample(
      .binPut, ["Nq", [0], "K", [1], "q", [1], "h", [0, 0x87], "."], "(None, 1, None)"),
    PickleExample(.longBinPut, ["Nr", [0, 0, 0, 0], "h", [0, 0x86], "."], "(None, None)"),
    // The next number is how many there are, whatever they are.
    PickleExample(
      .memoize, ["Nq", [9], "K", [1, 0x94], "h", [1, 0x87], "."], "(None, 1, 1)"),
    PickleExample(.memoize, ["]", [0x94], "h", [0], "a."], "[[[[…]]]]"),
    PickleExample(.global, ["cos\nsystem\n."], "<'os'.'system'>"),
    PickleExample(.stackGlobal, [[0x8C, 1], "m", [0x8C, 1], "f", [0x93], "."], "<'m'.'f'>"),
    PickleExample(.reduce, ["cos\nsystem\nN", [0x85], "R."], "call|<'os'.'system'>|(None)|||"),
    PickleExample(.newObject, ["cm\nC\n)", [0x81], "."], "new|<'m'.'C'>|()|||"),
    PickleExample(
      .newObjectEx, ["cm\nC\n)}", [0x92], "."], "new|<'m'.'C'>|((), {})|||"),
    PickleExample(.instance, ["(Nim\nC\n."], "new|<'m'.'C'>|(None)|||"),
    PickleExample(.object, ["(cm\nC\nNo."], "new|<'m'.'C'>|(None)|||"),
    PickleExample(.build, ["cm\nC\n)", [0x81], "}b."], "new|<'m'.'C'>|()|{}||"),
    PickleExample(.build, ["cm\nC\nNb."], "<'m'.'C'>"),
    PickleExample(
      .setItems, ["cm\nC\n)", [0x81], "Na(NNeK", [1], "Ns(NNu."],
      "new|<'m'.'C'>|()||[None, None, None]|{1: None, None: None}"),
    PickleExample(.persistentText, ["Pid 1\n."], "persistent|None|'id 1'|||"),
    PickleExample(.binPersistent, ["K", [1], "Q."], "persistent|None|1|||"),
    PickleExample(.ext1, [[0x82, 1], "."], "registered|None|1|||"),
    PickleExample(.ext2, [[0x83, 1, 1], "."], "registered|None|257|||"),
    PickleExample(.ext4, [[0x84, 1, 0, 1, 0], "."], "registered|None|65537|||"),
  ]

  @Test(arguments: examples) func meansWhatPythonSays(_ example: PickleExample) throws {
    #expect(example.bytes.contains(example.opcode.rawValue))
    #expect(try readPickle(example.bytes).shown == example.shown)
  }

  @Test func everyOpcodeHasAnExample() {
    let shown = Set(Self.examples.map(\.opcode))
    let all = (0...255).compactMap { PickleOpcode(rawValue: UInt8($0)) }
    #expect(all.count == 68)
    #expect(all.filter { !shown.contains($0) } == [])
  }

  /// The same table as Python's: names and bytes.
  @Test func opcodesAreThoseOfPython() throws {
    let names = Set((0...255).compactMap { PickleOpcode(rawValue: UInt8($0)) }.map(\.name))
    #expect(names.count == 68)
    // A file of protocol 0 to 5 each has all that Python 3 writes.
    for name in Fixture.pickles {
      let bytes = try Fixture.bytes("pickles/\(name)")
      #expect(try readPickle(bytes).end == UInt64(bytes.count), "\(name)")
    }
  }

  @Test func collectionsGrowWhileOthersDo() throws {
    // Two lists and an object get elements in turn, so that none lies in one piece.
    var bytes = Array("]q".utf8) + [0] + Array("]q".utf8) + [1] + Array("cm\nC\n)".utf8) + [0x81]
    bytes += Array("q".utf8) + [2]
    for number in 0..<100 {
      for place in 0..<3 {
        bytes += [UInt8(ascii: "h"), UInt8(place), UInt8(ascii: "K"), UInt8(number)]
        bytes += Array("a0".utf8)
      }
    }
    bytes += [UInt8(ascii: "h"), 0, 0x86, UInt8(ascii: ".")]
    let read = try readPickle(bytes)
    let parts = read.graph.elementsOfCollection(read.value)
    let expected = (0..<100).map { Int64($0) }
    #expect(read.graph.elementsOfCollection(parts[1]).map { read.graph.integer($0) } == expected)
    #expect(read.graph.count(parts[1]) == 100)
    #expect(read.graph.sequence(parts[0])?.map { read.graph.integer($0) } == expected)
    var seen: [Int64?] = []
    try read.graph.forEachElement(parts[1]) { (element) throws(TrackerError) in
      seen.append(read.graph.integer(element))
      return true
    }
    #expect(seen == expected)
  }

  /// Short texts are kept, long ones stay in the file; blocks end anywhere.
  @Test(arguments: [0, 1, 1023, 1024, 1025, 4096, (1 << 18) - 7, 1 << 18, (1 << 18) + 9, 700_000])
  func textsOfAllLengths(_ length: Int) throws {
    let text = (0..<length).map { UInt8(ascii: "a") + UInt8($0 % 26) }
    var bytes: [UInt8] = [0x8D]
    for place in 0..<8 { bytes.append(UInt8(length >> (8 * place) & 255)) }
    bytes += text + [0x8C, 1, UInt8(ascii: "b"), 0x86, UInt8(ascii: ".")]
    let read = try readPickle(bytes)
    let parts = read.graph.elementsOfCollection(read.value)
    #expect(try read.graph.bytes(parts[0], limit: 1 << 20) == text)
    #expect(read.graph.isText(parts[1], "b"))
    if length > 0 { #expect(try read.graph.bytes(parts[0], limit: length - 1) == nil) }
  }
}
