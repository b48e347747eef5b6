import TrackerModel

/// An array of one dimension, or what has but one element.
struct PickledArray {
  enum Content {
    /// Little-endian elements.
    case bytes([UInt8], NPYElement)
    /// Python's own values.
    case values([PickleValue])
  }

  var content: Content

  var count: Int {
    switch content {
    case .bytes(let bytes, let element): bytes.count / element.size
    case .values(let values): values.count
    }
  }

  /// Bytes of the elements, as far as they have any of their own.
  var size: Int {
    switch content {
    case .bytes(let bytes, _): bytes.count
    case .values(let values): values.count
    }
  }
}

/// Arrays and scalars as NumPy, PyTorch and TensorFlow pickle them.
///
/// NumPy has several forms: `multiarray.scalar`, `multiarray._reconstruct` with a state, `_frombuffer`
/// (protocol 5), and dill's `_create_array`; modules are `numpy.core` or, since NumPy 2, `numpy._core`.
struct PickledArrays {
  let graph: PickleGraph
  /// Element types by the value that names them: a pickle has few, and names them again.
  private var elements: [PickleValue: ElementType] = [:]

  /// Bytes that may still be read. Arrays stand in a file once or a few times; one that is named a
  /// million times is none of a checkpoint.
  private var budget: UInt64

  private struct ElementType {
    var element: NPYElement?
    var isBigEndian: Bool
  }

  /// - Parameter size: bytes of the file.
  init(_ graph: PickleGraph, size: UInt64) {
    self.graph = graph
    budget = 4 * min(size, 1 << 48) + 1 << 16
  }

  /// - Parameter count: bytes that are about to be read, or elements.
  mutating func spend(_ count: UInt64) throws(TrackerError) {
    guard count <= budget else {
      throw error(
        "arrays and texts that stand in the file once are named many times",
        remedy: "no checkpoint is like that: the file is damaged or made to look like one")
    }
    budget -= count
  }

  /// The bytes of an array; nil where the value is none.
  mutating func read(_ value: PickleValue) throws(TrackerError) -> [UInt8]? {
    let bytes = try graph.rawBytes(value, limit: InterchangeLimits.maxPickleArrayBytes)
    try spend(UInt64(bytes?.count ?? 0))
    return bytes
  }

  func error(_ detail: String, remedy: String? = nil) -> TrackerError {
    TrackerError(.badInput, "pickle", detail, file: graph.name, remedy: remedy)
  }

  /// As many as NumPy has.
  static let maxDimensions = 64

  // MARK: Arrays

  /// The array or scalar that a value is; nil where it is none.
  ///
  /// - Throws: `badInput` where it is one that cannot be read, of more than one dimension, or one
  ///   whose bytes are not as many as its shape says.
  mutating func array(_ value: PickleValue) throws(TrackerError) -> PickledArray? {
    // A tensor of TensorFlow is made of an array, and of nothing else.
    if let parts = graph.arguments(value, "tensorflow", "convert_to_tensor") {
      guard let first = parts.first else { return nil }
      return try ownArray(first)
    }
    return try ownArray(value)
  }

  private mutating func ownArray(_ value: PickleValue) throws(TrackerError) -> PickledArray? {
    guard let object = graph.object(value) else { return nil }
    if let scalar = graph.arguments(value, "numpy", "scalar"), scalar.count == 2 {
      return try array(scalar[1], type: scalar[0], shape: [])
    }
    if graph.isGlobal(object.callable, "numpy", "_reconstruct") {
      return try array(state: object.state)
    }
    if let parts = graph.arguments(value, "dill._dill", "_create_array"), parts.count >= 3 {
      return try array(state: parts[2])
    }
    if let parts = graph.arguments(value, "numpy", "_frombuffer"), parts.count >= 3 {
      return try array(parts[0], type: parts[1], shape: try shape(parts[2]))
    }
    if let parts = graph.arguments(value, "torch._utils", "_rebuild_tensor_v2") {
      return try PickledTensor.array(parts, &self)
    }
    return nil
  }

  /// - Parameter state: what `ndarray.__setstate__` takes: version, shape, type, order, content.
  private mutating func array(state: PickleValue) throws(TrackerError) -> PickledArray {
    let parts = graph.elementsOfCollection(state, limit: 5)
    guard parts.count >= 4 else { throw error("an array has no state with its content") }
    // The version is left out by the oldest ones.
    let first = parts.count - 4
    return try array(parts[first + 3], type: parts[first + 1], shape: try shape(parts[first]))
  }

  private func shape(_ value: PickleValue) throws(TrackerError) -> [Int] {
    // `_frombuffer` may have an integer.
    if let length = graph.integer(value) { return [try dimension(length)] }
    let sizes = graph.elementsOfCollection(value, limit: Self.maxDimensions + 1)
    guard graph.collection(value) == .tuple, sizes.count <= Self.maxDimensions else {
      throw error("expected the shape of an array, found \(graph.shown(value))")
    }
    var shape: [Int] = []
    for size in sizes {
      guard let length = graph.integer(size) else {
        throw error("expected a size of an array, found \(graph.shown(size))")
      }
      shape.append(try dimension(length))
    }
    return shape
  }

  private func dimension(_ length: Int64) throws(TrackerError) -> Int {
    guard length >= 0, length <= Int64(InterchangeLimits.maxPickleArrayBytes) else {
      throw error("an array has the size \(length)")
    }
    return Int(length)
  }

  /// How many elements an array of one dimension has; others may be 1.
  func length(ofShape shape: [Int]) throws(TrackerError) -> Int {
    guard shape.dropFirst().allSatisfy({ $0 == 1 }) else {
      throw error("expected an array of one dimension, found the shape \(shape)")
    }
    return shape.first ?? 1
  }

  private mutating func array(_ content: PickleValue, type: PickleValue, shape: [Int])
    throws(TrackerError) -> PickledArray
  {
    let count = try length(ofShape: shape)
    let type = try elementType(type)
    guard let element = type.element else {
      // Python objects stand in a list.
      guard let values = graph.sequence(content), values.count == count else {
        throw error("expected \(count) elements of an array, found \(graph.shown(content))")
      }
      return PickledArray(content: .values(values))
    }
    guard var bytes = try read(content) else {
      throw error("expected the bytes of an array, found \(graph.shown(content))")
    }
    guard bytes.count == count * element.size else {
      throw error(
        "an array of \(count) elements of \(element.size) bytes has \(bytes.count) bytes")
    }
    if type.isBigEndian { Self.swap(&bytes, element) }
    return PickledArray(content: .bytes(bytes, element))
  }

  private static func swap(_ bytes: inout [UInt8], _ element: NPYElement) {
    let width: Int
    switch element {
    case .float(let size), .signed(let size), .unsigned(let size): width = size
    case .unicode: width = 4
    case .bool, .bytes: return
    }
    for start in stride(from: 0, to: bytes.count - bytes.count % width, by: width) {
      for place in 0..<width / 2 {
        bytes.swapAt(start + place, start + width - 1 - place)
      }
    }
  }

  // MARK: Types

  /// The type of a `numpy.dtype` with its state.
  private mutating func elementType(_ value: PickleValue) throws(TrackerError) -> ElementType {
    if let known = elements[value] { return known }
    guard let arguments = graph.arguments(value, "numpy", "dtype"), let first = arguments.first,
      let name = try graph.string(first, limit: 32)
    else { throw error("expected the type of an array, found \(graph.shown(value))") }
    let state = graph.elementsOfCollection(graph.object(value)?.state ?? .absent, limit: 5)
    let isBigEndian = state.count > 1 && graph.isText(state[1], ">")
    // Structured and other types have more than the name.
    if state.count > 4, state[3] != .none || state[4] != .none {
      throw error("an array has elements of several fields")
    }
    var element: NPYElement?
    if name.first != "O" {
      let isByte = name == "i1" || name == "u1" || name == "b1" || name.first == "S"
      do throws(TrackerError) {
        element = try NPYElement(descr: (isByte ? "|" : "<") + name)
      } catch {
        throw self.error(error.detail, remedy: error.remedy)
      }
    }
    let type = ElementType(element: element, isBigEndian: isBigEndian)
    elements[value] = type
    return type
  }

  // MARK: Elements

  /// A number as float64 bits, and the type that it had; nil where it had none, as Python's own
  /// numbers.
  struct Number {
    var bits: UInt64
    var type: ValueType?
  }

  /// The number that a value is: one of Python's, or an array of one element.
  ///
  /// - Throws: `badInput` where it is none, or an integer that no float64 equals.
  mutating func number(_ value: PickleValue) throws(TrackerError) -> Number {
    if let bits = graph.floatBits(value) { return Number(bits: bits, type: nil) }
    if let integer = graph.integer(value) {
      guard let exact = Double(exactly: integer) else {
        throw error("no float64 equals the value \(integer)")
      }
      return Number(bits: exact.bitPattern, type: nil)
    }
    guard let array = try array(value) else {
      throw error("expected a number, found \(graph.shown(value))")
    }
    var numbers: [UInt64] = []
    let type = try appendNumbers(array, to: &numbers)
    guard numbers.count == 1 else {
      throw error("expected a number, found an array of \(numbers.count)")
    }
    return Number(bits: numbers[0], type: type)
  }

  /// Appends the elements of an array as float64 bits; returns their type, nil where they are
  /// Python's own.
  mutating func appendNumbers(_ array: PickledArray, to bits: inout [UInt64]) throws(TrackerError)
    -> ValueType?
  {
    switch array.content {
    case .bytes(let bytes, let element):
      switch element {
      case .unicode, .bytes: throw error("expected numbers, found texts (\(element.descr))")
      default: break
      }
      if let place = ArrayValues.appendValues(bytes.span, element, to: &bits) {
        throw error("no float64 equals element \(place) of an array of integers")
      }
      switch element {
      case .float(8): return .float64
      case .float: return .float32
      default: return nil
      }
    case .values(let values):
      for value in values {
        if let found = graph.floatBits(value) {
          bits.append(found)
        } else if let integer = graph.integer(value), let exact = Double(exactly: integer) {
          bits.append(exact.bitPattern)
        } else {
          throw error("expected a number, found \(graph.shown(value))")
        }
      }
      return nil
    }
  }

  /// The index that a value is: an integer, a text, or an array of one of them.
  mutating func index(_ value: PickleValue) throws(TrackerError) -> InstanceIndex {
    if let integer = graph.integer(value) { return .integer(integer) }
    if let text = try textIndex(value) { return text }
    if let array = try array(value), array.count == 1 { return try index(array, 0) }
    throw error("expected an index (an integer or a text), found \(graph.shown(value))")
  }

  mutating func index(_ array: PickledArray, _ place: Int) throws(TrackerError) -> InstanceIndex {
    switch array.content {
    case .values(let values):
      if let integer = graph.integer(values[place]) { return .integer(integer) }
      if let text = try textIndex(values[place]) { return text }
      throw error(
        "expected an index (an integer or a text), found \(graph.shown(values[place]))")
    case .bytes(let bytes, let element):
      switch element {
      case .unicode, .bytes:
        var text: [UInt8] = []
        guard ArrayValues.appendString(bytes.span, place, element, to: &text),
          let name = Name(utf8: text), text.count <= Limits.maxIndexBytes
        else { throw error("an index is no text of at most \(Limits.maxIndexBytes) bytes") }
        return .string(name)
      default:
        guard let integer = ArrayValues.integer(bytes.span, place, element) else {
          throw error(
            "expected indices that are integers or texts, found the type \(element.descr)")
        }
        return .integer(integer)
      }
    }
  }

  private mutating func textIndex(_ value: PickleValue) throws(TrackerError) -> InstanceIndex? {
    guard let range = graph.range(value) else { return nil }
    if range.isInFile { try spend(min(range.count, UInt64(Limits.maxIndexBytes))) }
    guard let text = try graph.string(value, limit: Limits.maxIndexBytes) else {
      throw error(
        "an index of \(range.count) bytes is no UTF-8 text of at most \(Limits.maxIndexBytes)")
    }
    return .string(Name(text))
  }
}
