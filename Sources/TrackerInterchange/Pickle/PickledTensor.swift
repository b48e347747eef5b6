import TrackerModel

/// Tensors as PyTorch pickles them: a storage that holds a file of its own.
enum PickledTensor {
  /// - Parameter parts: the arguments of `_rebuild_tensor_v2`: storage, offset, size, stride, ….
  static func array(_ parts: [PickleValue], _ arrays: inout PickledArrays) throws(TrackerError)
    -> PickledArray
  {
    let graph = arrays.graph
    func integers(_ value: PickleValue) -> [Int]? {
      let values = graph.elementsOfCollection(value, limit: PickledArrays.maxDimensions + 1)
      guard values.count <= PickledArrays.maxDimensions else { return nil }
      let found = values.compactMap { graph.integer($0).flatMap { Int(exactly: $0) } }
      return found.count == values.count && found.allSatisfy { $0 >= 0 } ? found : nil
    }
    guard parts.count >= 4, let start = graph.integer(parts[1]), let size = integers(parts[2]),
      let strides = integers(parts[3]), strides.count == size.count
    else { throw arrays.error("a tensor has no storage, offset, size and strides") }
    guard let loaded = graph.arguments(parts[0], "torch.storage", "_load_from_bytes"),
      let first = loaded.first,
      let bytes = try arrays.read(first)
    else {
      throw arrays.error("the storage of a tensor is not in the pickle")
    }
    let storage = try storage(bytes, arrays)
    let count = try arrays.length(ofShape: size)
    let step = strides.first ?? 1
    let width = storage.element.size
    let available = storage.content.count / width
    // Bounds first, so that no sum overflows.
    guard start >= 0, start <= Int64(available), count <= available,
      count < 2 || step <= available,
      count == 0 || Int(start) + (count < 2 ? 0 : (count - 1) * step) < available
    else { throw arrays.error("a tensor goes past its storage of \(available) elements") }
    var content: [UInt8] = []
    content.reserveCapacity(count * width)
    for place in 0..<count {
      let begin = (Int(start) + (place == 0 ? 0 : place * step)) * width
      content += storage.content[begin..<begin + width]
    }
    return PickledArray(content: .bytes(content, storage.element))
  }

  private struct Storage {
    var element: NPYElement
    var content: [UInt8]
  }

  /// A file of `torch.save` in its old format, as storages are pickled: five pickles (a magic number,
  /// a version, facts on the machine, the storage by its id, the ids), then for each id the number of
  /// elements and the elements.
  private static func storage(_ bytes: [UInt8], _ arrays: PickledArrays) throws(TrackerError)
    -> Storage
  {
    let file = MemoryBytes(bytes)
    let name = "\(arrays.graph.name), a tensor's storage"
    var end: UInt64 = 0
    var element: NPYElement?
    for part in 0..<5 {
      let read = try PickleReader.read(file, name: name, from: end)
      end = read.end
      if part == 3 { element = try self.element(read, arrays) }
    }
    let start = Int(end) + 8
    guard let element, start <= bytes.count else {
      throw arrays.error("the storage of a tensor has no elements")
    }
    let count = ArrayValues.load(bytes.span, at: Int(end), 8)
    guard count <= UInt64(bytes.count - start) / UInt64(element.size) else {
      throw arrays.error(
        "the storage of a tensor claims \(count) elements, its bytes are \(bytes.count - start)")
    }
    return Storage(
      element: element, content: Array(bytes[start..<start + Int(count) * element.size]))
  }

  /// The element type of a storage that is named by `('storage', class, key, location, size, view)`.
  private static func element(_ read: PickleReader.Result, _ arrays: PickledArrays)
    throws(TrackerError) -> NPYElement
  {
    let graph = read.graph
    guard let object = graph.object(read.value), object.origin == .persistent,
      case let id = graph.elementsOfCollection(object.arguments, limit: 2), id.count >= 2
    else { throw arrays.error("expected a tensor's storage, found \(graph.shown(read.value))") }
    let classes: [(StaticString, NPYElement)] = [
      ("FloatStorage", .float(bytes: 4)), ("DoubleStorage", .float(bytes: 8)),
      ("HalfStorage", .float(bytes: 2)), ("LongStorage", .signed(bytes: 8)),
      ("IntStorage", .signed(bytes: 4)), ("ShortStorage", .signed(bytes: 2)),
      ("CharStorage", .signed(bytes: 1)), ("ByteStorage", .unsigned(bytes: 1)),
      ("BoolStorage", .bool),
    ]
    for (name, element) in classes where graph.isGlobal(id[1], "torch", name) { return element }
    throw arrays.error(
      "a tensor has elements of \(graph.shown(id[1]))", remedy: "save it as float32")
  }
}
