import TrackerModel

extension PickleReader {
  /// Does what an opcode asks for, as far as anything is done here.
  mutating func step(_ opcode: PickleOpcode) throws(TrackerError) {
    switch opcode {
    // The most frequent ones of histories first.
    case .memoize:
      try expect(1)
      guard let number = UInt32(exactly: memo.count) else { throw memoIsFull }
      try put(number)
    case .binInt1: try push(PickleValue(.smallInteger, UInt32(try integer(1))))
    case .binInt2: try push(PickleValue(.smallInteger, UInt32(try integer(2))))
    case .binInt:
      let bits = UInt32(truncatingIfNeeded: try integer(4))
      try push(try graph.add(integer: Int64(Int32(bitPattern: bits))))
    case .binFloat:
      try need(8)
      try push(try graph.add(floatBits: input.takeFloat()))
    case .tuple2:
      try expect(2)
      let second = stack.removeLast()
      let first = stack.removeLast()
      try push(try graph.add(pair: first, second))
    case .binPut: try put(UInt32(try integer(1)))
    case .longBinPut: try put(UInt32(try integer(4)))
    case .binGet: try get(UInt32(try integer(1)))
    case .longBinGet: try get(UInt32(try integer(4)))

    case .mark:
      guard marks.count < InterchangeLimits.maxPickleMarks else {
        throw fail(
          "more than \(InterchangeLimits.maxPickleMarks) marks stand on the stack",
          code: .limitExceeded)
      }
      marks.append(stack.count)
    case .pop:
      // As in Python, it takes a mark away where nothing stands above it.
      if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark:
      let mark = try popMark()
      stack.removeLast(stack.count - mark)
    case .dup:
      try expect(1)
      try push(stack[stack.count - 1])
    case .put, .get: try stepMemoText(opcode)

    case .none: try push(.none)
    case .newTrue: try push(.yes)
    case .newFalse: try push(.no)
    case .intText, .longText, .floatText: try pushNumber(opcode)
    case .long1: try pushLong(try integer(1))
    case .long4: try pushLong(try length(4))
    case .stringText, .unicodeText: try pushTextLine(opcode)
    case .shortBinUnicode: try pushBytes(try integer(1), .text)
    case .binUnicode: try pushBytes(try integer(4), .text)
    case .binUnicode8: try pushBytes(try integer(8), .text)
    case .shortBinString, .shortBinBytes: try pushBytes(try integer(1), .bytes)
    case .binString: try pushBytes(try length(4), .bytes)
    case .binBytes: try pushBytes(try integer(4), .bytes)
    case .binBytes8, .byteArray8: try pushBytes(try integer(8), .bytes)

    default: try stepStructure(opcode)
    }
  }

  private mutating func stepStructure(_ opcode: PickleOpcode) throws(TrackerError) {
    switch opcode {
    case .emptyList: try push(try graph.add(.list))
    case .emptyDict: try push(try graph.add(.dictionary))
    case .emptySet: try push(try graph.add(.set))
    case .emptyTuple: try push(.emptyTuple)
    case .list: try pushCollection(.list, from: try popMark())
    case .tuple: try pushCollection(.tuple, from: try popMark())
    case .frozenSet: try pushCollection(.frozenSet, from: try popMark())
    case .dict:
      let mark = try popMark()
      guard (stack.count - mark) % 2 == 0 else {
        throw fail("\(stack.count - mark) values are no pairs of keys and values")
      }
      try pushCollection(.dictionary, from: mark)
    case .tuple1, .tuple3:
      let count = opcode == .tuple1 ? 1 : 3
      try expect(count)
      try pushCollection(.tuple, from: stack.count - count)

    case .append:
      try expect(2)
      try append(from: stack.count - 1, asMembers: false)
    case .appends: try append(from: try popMark(), asMembers: false)
    case .addItems: try append(from: try popMark(), asMembers: false, set: true)
    case .setItem:
      try expect(3)
      try append(from: stack.count - 2, asMembers: true)
    case .setItems: try append(from: try popMark(), asMembers: true)

    default: try stepObject(opcode)
    }
  }

  private mutating func stepObject(_ opcode: PickleOpcode) throws(TrackerError) {
    switch opcode {
    case .global:
      let (module, name) = try nameLines()
      try push(try graph.add(PickleGlobal(module: module, name: name)))
    case .stackGlobal:
      try expect(2)
      let name = stack.removeLast()
      let module = stack.removeLast()
      for value in [module, name] {
        guard let range = graph.range(value) else {
          throw fail("expected the names of a module and a class, found \(graph.shown(value))")
        }
        try checkName(range.count)
      }
      try push(try graph.add(PickleGlobal(module: module, name: name)))
    case .reduce, .newObject:
      try expect(2)
      let arguments = stack.removeLast()
      let callable = stack.removeLast()
      try pushObject(opcode == .reduce ? .call : .new, callable, arguments)
    case .newObjectEx:
      try expect(3)
      let keywords = stack.removeLast()
      let arguments = stack.removeLast()
      let callable = stack.removeLast()
      try pushObject(.new, callable, try graph.add(pair: arguments, keywords))
    case .instance:
      let (module, name) = try nameLines()
      let callable = try graph.add(PickleGlobal(module: module, name: name))
      try pushCollection(.tuple, from: try popMark())
      try pushObject(.new, callable, stack.removeLast())
    case .object:
      let mark = try popMark()
      guard stack.count > mark else { throw fail("no class stands above the mark") }
      let callable = stack.remove(at: mark)
      try pushCollection(.tuple, from: mark)
      try pushObject(.new, callable, stack.removeLast())
    case .build: try build()
    case .persistentText:
      try line(limit: InterchangeLimits.maxPickleNameBytes)
      try pushObject(.persistent, .none, try graph.add(scratch, .text))
    case .binPersistent: try pushObject(.persistent, .none, try pop())
    case .ext1: try pushRegistered(Int64(try integer(1)))
    case .ext2: try pushRegistered(Int64(try integer(2)))
    case .ext4: try pushRegistered(Int64(try integer(4)))
    case .nextBuffer: try pushObject(.buffer, .none, .none)
    case .readonlyBuffer: try expect(1)
    case .proto:
      let version = try integer(1)
      guard version <= 5 else {
        throw fail(
          "protocol \(version); protocols 0 to 5 are read", code: .unsupportedVersion,
          remedy: "save the checkpoint with protocol 5, or use a newer tracker")
      }
    case .frame:
      let length = try integer(8)
      try checkLength(length)
    // `step` has the rest; the walk ends at `stop`.
    default: throw fail("it stands where it cannot")
    }
  }

  private mutating func pushRegistered(_ number: Int64) throws(TrackerError) {
    try pushObject(.registered, .none, try graph.add(integer: number))
  }

  // MARK: Memo

  private var memoIsFull: TrackerError {
    fail(
      "the memo has more than \(InterchangeLimits.maxPickleMemo) places, or more than"
        + " \(InterchangeLimits.maxPickleSparseMemo) out of order", code: .limitExceeded)
  }

  @inline(__always)
  private mutating func put(_ number: UInt32) throws(TrackerError) {
    try expect(1)
    guard memo.put(stack[stack.count - 1], at: number) else { throw memoIsFull }
  }

  @inline(__always)
  private mutating func get(_ number: UInt32) throws(TrackerError) {
    guard let value = memo[number] else { throw fail("the memo has nothing at \(number)") }
    try push(value)
  }

  private mutating func stepMemoText(_ opcode: PickleOpcode) throws(TrackerError) {
    try line(limit: InterchangeLimits.maxPickleNameBytes)
    guard let wide = IntegerText.parse(scratch.span), let number = UInt32(exactly: wide) else {
      throw fail("expected a number of the memo, found \(UTF8Text.shown(scratch.span))")
    }
    if opcode == .put { try put(number) } else { try get(number) }
  }
}
