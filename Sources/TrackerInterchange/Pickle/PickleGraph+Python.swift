import TrackerModel

/// What Python's own types look like as values.
extension PickleGraph {
  /// Whether a value is the class or function of this name, in a module or one of its submodules.
  func isGlobal(_ value: PickleValue, _ module: StaticString, _ name: StaticString) -> Bool {
    guard let global = global(value), isText(global.name, name) else { return false }
    return isModule(global.module, module)
  }

  private func isModule(_ value: PickleValue, _ module: StaticString) -> Bool {
    guard let text = try? bytes(value, limit: InterchangeLimits.maxPickleNameBytes) else {
      return false
    }
    let count = module.utf8CodeUnitCount
    guard text.count >= count else { return false }
    return module.withUTF8Buffer { wanted in
      for position in 0..<count where unsafe text[position] != wanted[position] { return false }
      return text.count == count || text[count] == UInt8(ascii: ".")
    }
  }

  /// The tuple of arguments of a call of a function; nil where the value is none.
  func arguments(_ value: PickleValue, _ module: StaticString, _ name: StaticString)
    -> [PickleValue]?
  {
    guard let object = object(value), object.origin == .call,
      isGlobal(object.callable, module, name)
    else { return nil }
    return elementsOfCollection(object.arguments, limit: Self.maxArguments)
  }

  /// More than any function takes that matters here.
  static let maxArguments = 16

  /// The keys and values in turn of a dictionary, or of an object that has members as
  /// `collections.defaultdict` and `OrderedDict` do; nil where the value is no such thing.
  func dictionary(_ value: PickleValue) -> [PickleValue]? {
    isDictionary(value) ? elementsOfCollection(object(value)?.members ?? value) : nil
  }

  func isDictionary(_ value: PickleValue) -> Bool {
    if collection(value) == .dictionary { return true }
    guard let object = object(value) else { return false }
    if object.members != .absent { return true }
    // One that was empty was given no members.
    for name in ["defaultdict", "OrderedDict", "dict"] as [StaticString] {
      for module in ["collections", "builtins", "__builtin__"] as [StaticString]
      where isGlobal(object.callable, module, name) {
        return true
      }
    }
    return false
  }

  /// The elements of a list, tuple or set, of a deque, or of an object to which elements were
  /// appended; nil where the value is no such thing.
  func sequence(_ value: PickleValue) -> [PickleValue]? {
    switch collection(value) {
    case .list, .tuple, .set, .frozenSet: return elementsOfCollection(value)
    case .dictionary: return nil
    case nil: break
    }
    guard let object = object(value) else { return nil }
    var found = elementsOfCollection(object.elements)
    var isSequence = object.elements != .absent
    for name in ["deque", "set", "frozenset", "list", "tuple"] as [StaticString] {
      for module in ["collections", "builtins", "__builtin__"] as [StaticString]
      where isGlobal(object.callable, module, name) {
        isSequence = true
        // Protocols without an opcode for it call the class with a list.
        if let first = elementsOfCollection(object.arguments, limit: 1).first {
          found = elementsOfCollection(first) + found
        }
      }
    }
    return isSequence ? found : nil
  }

  /// The bytes that a value is: bytes, or a call that makes them of a text, as protocols 0 to 2 have
  /// it; nil where it is none.
  ///
  /// - Throws: `limitExceeded` where they are more than `limit`.
  func rawBytes(_ value: PickleValue, limit: Int) throws(TrackerError) -> [UInt8]? {
    if let range = range(value) {
      guard range.count <= UInt64(limit) else {
        throw TrackerError(
          .limitExceeded, "pickle", "\(range.count) bytes of an array, the limit is \(limit)",
          file: name)
      }
      return try bytes(range, limit: limit)
    }
    if let encoded = arguments(value, "_codecs", "encode"), let text = encoded.first,
      text.kind == .text
    {
      // Latin-1 takes two bytes for the upper half.
      guard let bytes = try rawBytes(text, limit: 2 * limit) else { return nil }
      return PickleText.encodeLatin1(bytes.span)
    }
    guard let object = object(value), object.origin == .call else { return nil }
    for module in ["builtins", "__builtin__"] as [StaticString] {
      for name in ["bytes", "bytearray"] as [StaticString]
      where isGlobal(object.callable, module, name) {
        let arguments = elementsOfCollection(object.arguments, limit: 1)
        guard let first = arguments.first else { return [] }
        guard let range = range(first), range.count <= UInt64(2 * limit),
          let bytes = try bytes(range, limit: 2 * limit)
        else { return nil }
        return first.kind == .bytes ? bytes : PickleText.encodeLatin1(bytes.span)
      }
    }
    return nil
  }
}
