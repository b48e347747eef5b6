import TrackerModel

/// The values of a pickle, in columns by kind.
///
/// Nothing here does anything: classes are names, and calls are kept as what would be called with
/// what. Values name each other by place, so graphs may have cycles, and nothing walks them by
/// recursion. A point of a history (a pair of an integer and a float in a list) takes 20 bytes; no byte
/// of a file makes more than some 24.
struct PickleGraph {
  let file: any RandomAccessBytes
  let name: String

  private var integers: [Int64] = []
  private var floats: [UInt64] = []
  private var pairs: [UInt64] = []
  private(set) var collections: [PickleCollection] = []
  private var runs: [PickleRun] = []
  private var elements: [PickleValue] = []
  private var texts: [PickleBytes] = []
  private var hugeIntegers: [PickleBytes] = []
  private var shortBytes: [UInt8] = []
  private var globals: [PickleGlobal] = []
  private var objects: [PickleObject] = []

  init(file: any RandomAccessBytes, name: String) {
    self.file = file
    self.name = name
  }

  /// The place of one value more.
  @inline(__always)
  private func next(_ count: Int, _ limit: Int, _ what: @autoclosure () -> String)
    throws(TrackerError)
    -> UInt32
  {
    if count >= limit { throw full(what(), limit) }
    return UInt32(truncatingIfNeeded: count)
  }

  /// The reader says where.
  private func full(_ what: String, _ limit: Int) -> TrackerError {
    TrackerError(.limitExceeded, "pickle", "it has more than \(limit) \(what)")
  }

  // MARK: Adding

  mutating func add(integer: Int64) throws(TrackerError) -> PickleValue {
    if let small = PickleValue(small: integer) { return small }
    let place = try next(integers.count, InterchangeLimits.maxPickleValues, "integers")
    integers.append(integer)
    return PickleValue(.integer, place)
  }

  mutating func add(floatBits bits: UInt64) throws(TrackerError) -> PickleValue {
    let place = try next(floats.count, InterchangeLimits.maxPickleValues, "floats")
    floats.append(bits)
    return PickleValue(.float, place)
  }

  mutating func add(pair first: PickleValue, _ second: PickleValue) throws(TrackerError)
    -> PickleValue
  {
    let place = try next(pairs.count, InterchangeLimits.maxPickleValues, "tuples")
    pairs.append(UInt64(first.bits) << 32 | UInt64(second.bits))
    return PickleValue(.pair, place)
  }

  /// - Parameter kind: `text` or `bytes`.
  mutating func add(_ bytes: PickleBytes, _ kind: PickleValue.Kind) throws(TrackerError)
    -> PickleValue
  {
    let place = try next(texts.count, InterchangeLimits.maxPickleTexts, "texts")
    texts.append(bytes)
    return PickleValue(kind, place)
  }

  /// - Parameter bytes: kept in memory.
  mutating func add(_ bytes: [UInt8], _ kind: PickleValue.Kind) throws(TrackerError) -> PickleValue
  {
    try add(keep(bytes), kind)
  }

  mutating func add(hugeInteger bytes: PickleBytes) throws(TrackerError) -> PickleValue {
    let place = try next(hugeIntegers.count, InterchangeLimits.maxPickleTexts, "long integers")
    hugeIntegers.append(bytes)
    return PickleValue(.hugeInteger, place)
  }

  mutating func keep(_ bytes: [UInt8]) -> PickleBytes {
    defer { shortBytes.append(contentsOf: bytes) }
    return PickleBytes(
      start: UInt64(shortBytes.count), count: UInt64(bytes.count), isInFile: false)
  }

  mutating func add(_ global: PickleGlobal) throws(TrackerError) -> PickleValue {
    let place = try next(globals.count, InterchangeLimits.maxPickleObjects, "classes")
    globals.append(global)
    return PickleValue(.global, place)
  }

  mutating func add(_ object: PickleObject) throws(TrackerError) -> PickleValue {
    let place = try next(objects.count, InterchangeLimits.maxPickleObjects, "objects")
    objects.append(object)
    return PickleValue(.object, place)
  }

  mutating func add(
    _ kind: PickleCollection.Kind, _ values: ArraySlice<PickleValue> = []
  ) throws(TrackerError) -> PickleValue {
    if kind == .tuple {
      if values.isEmpty { return .emptyTuple }
      if values.count == 2 { return try add(pair: values[values.startIndex], values.last ?? .none) }
    }
    let place = try next(
      collections.count, InterchangeLimits.maxPickleCollections, "lists and dictionaries")
    let start = try room(for: values.count)
    elements.append(contentsOf: values)
    collections.append(
      PickleCollection(
        kind: kind, start: start, count: UInt32(values.count), firstRun: PickleCollection.noRun,
        lastRun: PickleCollection.noRun))
    return PickleValue(.collection, place)
  }

  /// Where elements to be appended would begin.
  private func room(for count: Int) throws(TrackerError) -> UInt32 {
    let limit = InterchangeLimits.maxPickleValues
    if elements.count + count > limit { throw full("elements", limit) }
    return UInt32(elements.count)
  }

  /// Appends elements to a collection; a dictionary's are keys and values in turn.
  ///
  /// - Precondition: the value is one.
  mutating func append(_ values: ArraySlice<PickleValue>, to collection: PickleValue)
    throws(TrackerError)
  {
    if values.isEmpty { return }
    let start = try room(for: values.count)
    let place = collection.place
    elements.append(contentsOf: values)
    let found = collections[place]
    if found.lastRun != PickleCollection.noRun {
      let last = Int(found.lastRun)
      if runs[last].start + runs[last].count == start {
        runs[last].count += UInt32(values.count)
        return
      }
    } else if found.count == 0 || found.start + found.count == start {
      if found.count == 0 { collections[place].start = start }
      collections[place].count += UInt32(values.count)
      return
    }
    let run = try next(runs.count, InterchangeLimits.maxPickleValues, "runs of elements")
    runs.append(
      PickleRun(start: start, count: UInt32(values.count), next: PickleCollection.noRun))
    if found.lastRun == PickleCollection.noRun {
      collections[place].firstRun = run
    } else {
      runs[Int(found.lastRun)].next = run
    }
    collections[place].lastRun = run
  }

  /// - Precondition: the value is an object.
  mutating func set(state: PickleValue, of object: PickleValue) {
    objects[object.place].state = state
  }

  /// The list of what was appended to an object, made where there is none.
  mutating func elements(of object: PickleValue) throws(TrackerError) -> PickleValue {
    let found = objects[object.place].elements
    if found != .absent { return found }
    let made = try add(.list)
    objects[object.place].elements = made
    return made
  }

  /// The dictionary of what was set in an object, made where there is none.
  mutating func members(of object: PickleValue) throws(TrackerError) -> PickleValue {
    let found = objects[object.place].members
    if found != .absent { return found }
    let made = try add(.dictionary)
    objects[object.place].members = made
    return made
  }

  // MARK: Reading

  @inline(__always)
  func integer(_ value: PickleValue) -> Int64? {
    switch value.kind {
    case .smallInteger: value.smallInteger
    case .integer: integers[value.place]
    case .constant where value == .yes: 1
    case .constant where value == .no: 0
    default: nil
    }
  }

  /// The bits of a float.
  @inline(__always)
  func floatBits(_ value: PickleValue) -> UInt64? {
    value.kind == .float ? floats[value.place] : nil
  }

  func object(_ value: PickleValue) -> PickleObject? {
    value.kind == .object ? objects[value.place] : nil
  }

  func collection(_ value: PickleValue) -> PickleCollection.Kind? {
    switch value.kind {
    case .collection: collections[value.place].kind
    case .pair: .tuple
    case .constant where value == .emptyTuple: .tuple
    default: nil
    }
  }

  /// The two elements of a pair, which most points of a history are.
  @inline(__always)
  func pair(_ value: PickleValue) -> (PickleValue, PickleValue)? {
    guard value.kind == .pair else { return nil }
    let bits = pairs[value.place]
    return (
      PickleValue(bits: UInt32(truncatingIfNeeded: bits >> 32)),
      PickleValue(bits: UInt32(truncatingIfNeeded: bits))
    )
  }

  /// How many elements a collection has; a dictionary two for each key.
  func count(_ value: PickleValue) -> Int {
    switch value.kind {
    case .pair: return 2
    case .collection:
      let found = collections[value.place]
      var count = Int(found.count)
      var run = found.firstRun
      while run != PickleCollection.noRun {
        count += Int(runs[Int(run)].count)
        run = runs[Int(run)].next
      }
      return count
    default: return 0
    }
  }

  /// Calls `body` with each element of a collection in order, until it returns false.
  func forEachElement(_ value: PickleValue, _ body: (PickleValue) throws(TrackerError) -> Bool)
    throws(TrackerError)
  {
    switch value.kind {
    case .pair:
      guard let (first, second) = pair(value), try body(first) else { return }
      _ = try body(second)
    case .collection:
      let found = collections[value.place]
      for place in Int(found.start)..<Int(found.start) + Int(found.count) {
        guard try body(elements[place]) else { return }
      }
      var next = found.firstRun
      while next != PickleCollection.noRun {
        let run = runs[Int(next)]
        for place in Int(run.start)..<Int(run.start) + Int(run.count) {
          guard try body(elements[place]) else { return }
        }
        next = run.next
      }
    default: return
    }
  }

  /// The elements of a collection, or the first `limit` of them; none of anything else.
  ///
  /// Takes time for each element: what may be named many times is taken with a limit, or counted.
  func elementsOfCollection(_ value: PickleValue, limit: Int = .max) -> [PickleValue] {
    var found: [PickleValue] = []
    switch value.kind {
    case .pair: if let (first, second) = pair(value) { found = [first, second] }
    case .collection:
      let collection = collections[value.place]
      take(collection.start, collection.count, limit, &found)
      var next = collection.firstRun
      while next != PickleCollection.noRun, found.count < limit {
        let run = runs[Int(next)]
        take(run.start, run.count, limit, &found)
        next = run.next
      }
    default: break
    }
    return found
  }

  private func take(
    _ start: UInt32, _ count: UInt32, _ limit: Int, _ found: inout [PickleValue]
  ) {
    found += elements[Int(start)..<Int(start) + min(Int(count), limit - found.count)]
  }

  func global(_ value: PickleValue) -> PickleGlobal? {
    value.kind == .global ? globals[value.place] : nil
  }

  // MARK: Texts

  func range(_ value: PickleValue) -> PickleBytes? {
    value.kind == .text || value.kind == .bytes ? texts[value.place] : nil
  }

  /// Whether a value is this text, or bytes that say it.
  func isText(_ value: PickleValue, _ text: StaticString) -> Bool {
    guard let range = range(value), !range.isInFile, range.count == UInt64(text.utf8CodeUnitCount)
    else { return false }
    let start = Int(range.start)
    return text.withUTF8Buffer { bytes in
      for position in 0..<bytes.count
      where unsafe shortBytes[start + position] != bytes[position] {
        return false
      }
      return true
    }
  }

  /// The bytes of a text or of bytes; nil where it is neither, or has more than `limit`.
  func bytes(_ value: PickleValue, limit: Int) throws(TrackerError) -> [UInt8]? {
    guard let range = range(value) else { return nil }
    return try bytes(range, limit: limit)
  }

  func bytes(_ range: PickleBytes, limit: Int) throws(TrackerError) -> [UInt8]? {
    guard range.count <= UInt64(limit) else { return nil }
    if range.isInFile { return try readFile(at: range.start, Int(range.count)) }
    return Array(shortBytes[Int(range.start)..<Int(range.start + range.count)])
  }

  private func readFile(at offset: UInt64, _ count: Int) throws(TrackerError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      var span = bytes.mutableSpan
      var room = span._mutatingExtracting(filled...)
      let read = try file.read(at: offset + UInt64(filled), into: &room)
      guard read > 0 else {
        throw TrackerError(
          .badInput, "pickle", "the file became shorter while it was read", file: name,
          offset: offset + UInt64(filled), remedy: "import a file that nothing writes to")
      }
      filled += read
    }
    return bytes
  }

  /// A text as a string; nil where it is none, has more than `limit` bytes, or is no UTF-8.
  func string(_ value: PickleValue, limit: Int = Limits.maxNameBytes) throws(TrackerError)
    -> String?
  {
    guard let bytes = try bytes(value, limit: limit) else { return nil }
    return UTF8Text.string(bytes.span)
  }

  // MARK: Showing

  /// What a value is, for error texts.
  func shown(_ value: PickleValue) -> String {
    switch value.kind {
    case .constant:
      switch value {
      case .none: return "None"
      case .yes: return "True"
      case .no: return "False"
      case .emptyTuple: return "an empty tuple"
      default: return "nothing"
      }
    case .smallInteger, .integer: return "the integer \(integer(value) ?? 0)"
    case .hugeInteger: return "an integer of more than 64 bits"
    case .float: return "the float \(ValueText.text(floatBits(value) ?? 0, as: .float64))"
    case .text: return "the text \(shownText(value))"
    case .bytes: return "bytes"
    case .pair: return "a tuple of 2"
    case .collection: return collections[value.place].kind.words
    case .global: return "the class \(shownGlobal(value))"
    case .object:
      let object = objects[value.place]
      switch object.origin {
      case .call: return "a call of \(shownGlobal(object.callable))"
      case .new: return "an object of \(shownGlobal(object.callable))"
      case .persistent: return "a persistent object"
      case .registered: return "an object of copyreg's registry"
      case .buffer: return "a buffer outside of the pickle"
      }
    }
  }

  private func shownGlobal(_ value: PickleValue) -> String {
    guard let global = global(value) else { return "something that is no function" }
    let module = shownText(global.module).dropFirst().dropLast()
    return "\(module).\(shownText(global.name).dropFirst().dropLast())"
  }

  private func shownText(_ value: PickleValue) -> String {
    guard let range = range(value), !range.isInFile else { return "'…'" }
    let start = Int(range.start)
    return UTF8Text.shown(shortBytes[start..<start + Int(range.count)].span)
  }
}

extension PickleValue {
  @inline(__always)
  init(bits: UInt32) { self.bits = bits }
}
