import TrackerModel

/// Reads a pickle of protocols 0 to 5 without executing it.
///
/// The pickle's machine is walked opcode by opcode; where Python would import a class or call a
/// function, a value is made that says so. Everything is checked before it is used and counted before
/// memory is taken. Time and memory are linear in the file's size.
struct PickleReader {
  var graph: PickleGraph
  var input: PickleInput
  var stack: [PickleValue] = []
  /// The stack's heights at which marks stand.
  var marks: [Int] = []
  var memo = PickleMemo()
  /// A line of the file, or a text.
  var scratch: [UInt8] = []
  /// Where the opcode at hand stands, and which it is.
  var start: UInt64 = 0
  var opcode = PickleOpcode.stop

  /// What the pickle holds.
  struct Result {
    var graph: PickleGraph
    var value: PickleValue
    /// Where the next byte stands.
    var end: UInt64
  }

  private init(_ file: any RandomAccessBytes, name: String, from offset: UInt64)
    throws(TrackerError)
  {
    graph = PickleGraph(file: file, name: name)
    input = try PickleInput(file)
    input.skip(offset)
  }

  /// Reads one pickle; what follows it is left alone, as Python leaves it.
  ///
  /// - Parameter name: what error texts call the file.
  /// - Throws: `badInput` or `limitExceeded` with the file, the byte offset, the opcode and what was
  ///   wrong with it.
  static func read(
    _ file: any RandomAccessBytes, name: String, from offset: UInt64 = 0,
    progress: (UInt64) -> Void = { _ in }
  ) throws(TrackerError) -> Result {
    var reader = try PickleReader(file, name: name, from: offset)
    let value = try reader.run(progress)
    return Result(graph: reader.graph, value: value, end: reader.input.offset)
  }

  // MARK: Walking

  private static let opcodesBetweenProgress = 1 << 20

  private mutating func run(_ progress: (UInt64) -> Void) throws(TrackerError) -> PickleValue {
    var count = 0
    while true {
      start = input.offset
      guard try input.need(1) else {
        throw unreadable(
          count == 0 ? "the file is empty" : "the file ends where an opcode should stand",
          remedy: count == 0 ? Self.noPickle : Self.truncated)
      }
      let byte = input.takeByte()
      guard let found = PickleOpcode(rawValue: byte) else {
        throw unreadable(
          "0x\(String(byte, radix: 16, uppercase: true)) is no opcode of protocols 0 to 5",
          remedy: count == 0 ? Self.noPickle : Self.damaged)
      }
      opcode = found
      if found == .stop { return try pop() }
      do throws(TrackerError) {
        try step(found)
      } catch {
        guard error.code == .limitExceeded, error.file == nil else { throw error }
        throw fail(error.detail, code: .limitExceeded)
      }
      count += 1
      if count % Self.opcodesBetweenProgress == 0 { progress(input.offset) }
    }
  }

  // MARK: Errors

  static let truncated = "save the checkpoint anew, or copy it again"
  static let damaged = "the file is damaged or no checkpoint: save it anew, or copy it again"
  static let noPickle = "name the objects.pkl of a checkpoint, or the folder that holds it"

  private func unreadable(_ detail: String, remedy: String) -> TrackerError {
    TrackerError(
      .badInput, "pickle", detail, file: graph.name, offset: start, remedy: remedy)
  }

  /// An error about the opcode at hand.
  func fail(
    _ detail: String, code: TrackerError.Code = .badInput, remedy: String? = nil
  ) -> TrackerError {
    let ownRemedy =
      code == .limitExceeded
      ? "the file is damaged, made to look like a checkpoint, or larger than this reader takes"
      : Self.damaged
    return TrackerError(
      code, "pickle opcode \(opcode.name)", detail, file: graph.name, offset: start,
      remedy: remedy ?? ownRemedy)
  }

  // MARK: Stack

  @inline(__always)
  mutating func push(_ value: PickleValue) throws(TrackerError) {
    guard stack.count < InterchangeLimits.maxPickleStack else {
      throw fail(
        "the stack has more than \(InterchangeLimits.maxPickleStack) values", code: .limitExceeded)
    }
    stack.append(value)
  }

  /// Sees to it that so many values stand above the last mark.
  @inline(__always)
  func expect(_ count: Int) throws(TrackerError) {
    let found = stack.count - (marks.last ?? 0)
    if found < count {
      throw fail("it takes \(count) values off the stack, which has \(found)")
    }
  }

  @inline(__always)
  mutating func pop() throws(TrackerError) -> PickleValue {
    try expect(1)
    return stack.removeLast()
  }

  /// Takes the last mark away and returns the height at which it stood.
  @inline(__always)
  mutating func popMark() throws(TrackerError) -> Int {
    guard let mark = marks.popLast() else { throw fail("no mark stands on the stack") }
    return mark
  }

  // MARK: Graph

  @inline(__always)
  mutating func pushCollection(_ kind: PickleCollection.Kind, from mark: Int)
    throws(TrackerError)
  {
    let made = try graph.add(kind, stack[mark...])
    stack.removeLast(stack.count - mark)
    try push(made)
  }

  /// Appends what stands above a height to the list, set, dictionary or object below it.
  mutating func append(from mark: Int, asMembers: Bool, set: Bool = false) throws(TrackerError) {
    try expect(stack.count - mark + 1)
    let target = stack[mark - 1]
    if asMembers, (stack.count - mark) % 2 != 0 {
      throw fail("\(stack.count - mark) values are no pairs of keys and values")
    }
    var collection = target
    if target.kind == .object {
      collection =
        asMembers
        ? try graph.members(of: target) : try graph.elements(of: target)
    } else {
      let wanted: PickleCollection.Kind = asMembers ? .dictionary : set ? .set : .list
      guard target.kind == .collection, graph.collection(target) == wanted else {
        throw fail("expected \(wanted.words) or an object, found \(graph.shown(target))")
      }
    }
    if stack.count > mark { try graph.append(stack[mark...], to: collection) }
    stack.removeLast(stack.count - mark)
  }

  mutating func pushObject(
    _ origin: PickleObject.Origin, _ callable: PickleValue, _ arguments: PickleValue
  ) throws(TrackerError) {
    try push(
      try graph.add(PickleObject(origin: origin, callable: callable, arguments: arguments)))
  }

  mutating func build() throws(TrackerError) {
    try expect(2)
    let state = stack.removeLast()
    let target = stack[stack.count - 1]
    switch target.kind {
    case .object: graph.set(state: state, of: target)
    // Functions and classes that dill and cloudpickle fill in: nothing here has use for them.
    case .global: break
    default: throw fail("expected an object to give a state, found \(graph.shown(target))")
    }
  }
}
