import CTrackerState
import TrackerModel
import TrackerState

/// Checks what callers pass in, and copies it.
enum Argument {
  /// Elements of one array: more are absurd, and would not fit in memory.
  static let maxCount: Int64 = 1 << 31
  /// Bytes of one text, and of all texts of a list.
  static let maxTextBytes: Int64 = 1 << 20
  static let maxStringBytes: Int64 = 1 << 31

  static func invalid(_ text: String) -> Failure { Failure(TRK_INVALID_ARGUMENT, text) }

  /// - Throws: where a pointer is NULL or does not stand where such elements can.
  static func check<Element>(_ pointer: UnsafePointer<Element>?, _ name: String) throws
    -> UnsafePointer<Element>
  {
    guard let pointer = unsafe pointer else { throw invalid("\(name) is NULL") }
    guard UInt(bitPattern: pointer) % UInt(MemoryLayout<Element>.alignment) == 0 else {
      throw invalid("\(name) is not aligned")
    }
    return unsafe pointer
  }

  static func check<Element>(_ pointer: UnsafeMutablePointer<Element>?, _ name: String) throws
    -> UnsafeMutablePointer<Element>
  { unsafe UnsafeMutablePointer(mutating: try check(UnsafePointer(pointer), name)) }

  /// A struct of which the first member says its size.
  static func sized<Struct: Sized>(_ pointer: UnsafePointer<Struct>?, _ name: String) throws
    -> Struct
  {
    let pointer = try unsafe check(pointer, name)
    try unsafe check(size: pointer.pointee.size, of: Struct.self, name)
    return unsafe pointer.pointee
  }

  /// The same where it may be NULL.
  static func optional<Struct: Sized>(_ pointer: UnsafePointer<Struct>?, _ name: String) throws
    -> Struct?
  { unsafe pointer == nil ? nil : try sized(pointer, name) }

  /// Where a struct of results goes.
  static func target<Struct: Sized>(_ pointer: UnsafeMutablePointer<Struct>?, _ name: String)
    throws -> UnsafeMutablePointer<Struct>
  {
    let pointer = try unsafe check(pointer, name)
    try unsafe check(size: pointer.pointee.size, of: Struct.self, name)
    return unsafe pointer
  }

  private static func check<Struct>(size: Int64, of type: Struct.Type, _ name: String) throws {
    let known = MemoryLayout<Struct>.size
    guard size >= known, size <= 1 << 16 else {
      throw invalid("\(name).size is \(size), this version needs \(known)")
    }
  }

  static func count(_ count: Int64, _ name: String, limit: Int64 = maxCount) throws -> Int {
    guard (0...limit).contains(count) else {
      throw invalid("\(name) is \(count): 0 to \(limit) are possible")
    }
    return Int(count)
  }

  /// Some elements; NULL only where there are none.
  static func buffer<Element>(
    _ pointer: UnsafePointer<Element>?, _ count: Int64, _ name: String, limit: Int64 = maxCount
  ) throws -> UnsafeBufferPointer<Element> {
    let count = try self.count(count, "the length of \(name)", limit: limit)
    guard count > 0 else { return unsafe UnsafeBufferPointer(start: nil, count: 0) }
    return unsafe UnsafeBufferPointer(start: try check(pointer, name), count: count)
  }

  // MARK: Text

  static func text(_ text: trk_text, _ name: String) throws -> String? {
    guard let bytes = unsafe text.bytes else {
      guard unsafe text.length == 0 else {
        throw invalid(unsafe "\(name) is NULL, and its length \(text.length)")
      }
      return nil
    }
    let buffer = try unsafe self.buffer(bytes, text.length, name, limit: maxTextBytes)
    guard
      let string = unsafe buffer.withMemoryRebound(
        to: UInt8.self, { unsafe String(validating: $0, as: UTF8.self) })
    else { throw invalid("\(name) is not valid UTF-8") }
    return string
  }

  static func path(_ text: UnsafePointer<trk_text>?, _ name: String) throws -> String {
    guard let path = try unsafe self.text(try check(text, name).pointee, name) else {
      throw invalid("\(name) is absent")
    }
    return try checkPath(path, name)
  }

  private static func checkPath(_ path: String, _ name: String) throws -> String {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw invalid("\(name) is empty or holds a NUL")
    }
    return path
  }

  static func name(_ text: trk_text, _ what: String) throws -> Name? {
    try unsafe self.text(text, what).map { Name($0) }
  }

  /// - Throws: where one is not valid UTF-8 of itself.
  static func strings(_ strings: trk_strings, _ name: String, limit: Int64 = maxCount) throws
    -> [String]
  {
    let count = try unsafe self.count(strings.count, "the length of \(name)", limit: limit)
    guard count > 0 else { return [] }
    let offsets = unsafe UnsafeBufferPointer(
      start: try check(strings.offsets, "\(name).offsets"), count: count + 1)
    guard unsafe offsets[0] >= 0, unsafe offsets[count] <= maxStringBytes else {
      throw invalid(unsafe "\(name).offsets go from \(offsets[0]) to \(offsets[count])")
    }
    for place in 0..<count where unsafe offsets[place] > offsets[place + 1] {
      throw invalid("\(name).offsets descend at \(place)")
    }
    var texts: [String] = []
    texts.reserveCapacity(count)
    let isEmpty = unsafe offsets[0] == offsets[count]
    let bytes = unsafe isEmpty ? nil : try check(strings.bytes, "\(name).bytes")
    for place in 0..<count {
      let length = unsafe Int(offsets[place + 1] - offsets[place])
      guard let bytes = unsafe bytes, length > 0 else {
        texts.append("")
        continue
      }
      let text = unsafe UnsafeBufferPointer(start: bytes + Int(offsets[place]), count: length)
        .withMemoryRebound(to: UInt8.self) { unsafe String(validating: $0, as: UTF8.self) }
      guard let text else { throw invalid("\(name)[\(place)] is not valid UTF-8") }
      texts.append(text)
    }
    return texts
  }

  static func paths(_ strings: UnsafePointer<trk_strings>?, _ name: String) throws -> [String] {
    let paths = try unsafe self.strings(try check(strings, name).pointee, name, limit: 1 << 20)
    guard !paths.isEmpty else { throw invalid("\(name) names no file") }
    return try paths.map { try checkPath($0, name) }
  }

  // MARK: Indices and values

  static func indexType(_ type: Int32) throws -> IndexType {
    guard let type = UInt8(exactly: type).flatMap({ IndexType(rawValue: $0) }) else {
      throw invalid("\(type) is no type of indices")
    }
    return type
  }

  static func indices(_ indices: trk_indices, _ name: String) throws -> [InstanceIndex] {
    switch try unsafe indexType(indices.type) {
    case .int64:
      return try unsafe buffer(indices.integers, indices.count, name).map { .integer($0) }
    case .string: return try unsafe names(indices, name).map { .string($0) }
    }
  }

  /// The indices where they are strings.
  static func names(_ indices: trk_indices, _ name: String) throws -> [Name] {
    guard unsafe indices.count == indices.strings.count else {
      throw invalid(unsafe "\(name) counts \(indices.count), its strings \(indices.strings.count)")
    }
    return try unsafe strings(indices.strings, name).map { Name($0) }
  }

  static func values(_ values: trk_values, _ name: String) throws -> MetricValues {
    func read<Element>(_ type: Element.Type) throws -> UnsafeBufferPointer<Element> {
      try unsafe buffer(
        values.values?.assumingMemoryBound(to: Element.self), values.count, name)
    }
    switch unsafe Int(values.type) {
    case TRK_FLOAT32: return unsafe .float(Array(try read(Float.self)))
    case TRK_FLOAT64: return unsafe .double(Array(try read(Double.self)))
    case TRK_FLOAT16: return unsafe .float(try read(UInt16.self).map { widenedHalf($0) })
    case TRK_BFLOAT16:
      return unsafe .float(try read(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) })
    case TRK_INT64: return unsafe .integer(Array(try read(Int64.self)))
    case TRK_INT32: return unsafe .integer(try read(Int32.self).map { Int64($0) })
    case TRK_BOOL: return unsafe .bool(try read(UInt8.self).map { $0 != 0 })
    default: throw invalid(unsafe "\(values.type) is no type of values")
    }
  }

  /// A float16 as float32, NaNs with their payload: the conversion of hardware would quiet them.
  private static func widenedHalf(_ bits: UInt16) -> Float {
    if bits & 0x7C00 == 0x7C00 {
      let sign = UInt32(bits >> 15) << 31
      return Float(bitPattern: sign | 0x7F80_0000 | UInt32(bits & 0x03FF) << 13)
    }
    return Float(Float16(bitPattern: bits))
  }

  // MARK: Enumerations

  static func mode(_ mode: Int32) throws -> Mode {
    guard let mode = UInt8(exactly: mode).flatMap({ Mode(rawValue: $0) }) else {
      throw invalid("\(mode) is no mode")
    }
    return mode
  }

  static func channel(_ channel: UnsafePointer<trk_channel>?) throws -> Channel {
    let channel = try unsafe check(channel, "channel").pointee
    guard let metric = try unsafe name(channel.metric, "channel.metric") else {
      throw invalid("channel.metric is absent")
    }
    return unsafe Channel(
      metric: metric, mode: try mode(channel.mode),
      dsID: try name(channel.ds_id, "channel.ds_id"))
  }

  static func level(_ level: Int32) throws -> EncodingLevel {
    switch Int(level) {
    case TRK_LEVEL_DEFAULT: return .default
    case TRK_LEVEL_FAST: return .fast
    case TRK_LEVEL_SMALL: return .small
    default: throw invalid("\(level) is no level")
    }
  }

  /// Nil for 0: all.
  static func cores(_ cores: Int64) throws -> Int? {
    cores == 0 ? nil : try count(cores, "cores", limit: 1 << 16)
  }

  /// Nil for 0.
  static func precision(_ bits: Int64) throws -> Precision? {
    bits == 0 ? nil : try Precision(keepMantissaBits: count(bits, "keep_mantissa_bits", limit: 64))
  }

  static func range(_ first: Int64, _ last: Int64, _ name: String) throws -> ClosedRange<Int64> {
    guard first <= last else { throw invalid("\(name) \(first) to \(last) descend") }
    return first...last
  }
}

/// A struct of the interface that begins with its size.
protocol Sized {
  var size: Int64 { get }
}

extension trk_parameters: Sized {}
extension trk_run: Sized {}
extension trk_tracker_options: Sized {}
extension trk_batch: Sized {}
extension trk_tracker_info: Sized {}
extension trk_source: Sized {}
extension trk_reader_info: Sized {}
extension trk_filter: Sized {}
extension trk_matrix_info: Sized {}
extension trk_matrix_memory: Sized {}
extension trk_column_info: Sized {}
extension trk_criterion_options: Sized {}
extension trk_selection_options: Sized {}
extension trk_merge_options: Sized {}
extension trk_merge_report: Sized {}
extension trk_verification: Sized {}

/// Copies bytes into a caller's buffer; `length` becomes how many there are, whether or not they fit.
func copy(
  _ bytes: some Collection<UInt8>, to buffer: UnsafeMutableRawPointer?, _ capacity: Int64,
  length: UnsafeMutablePointer<Int64>?
) throws {
  try unsafe Argument.check(length, "length").pointee = Int64(bytes.count)
  let capacity = try Argument.count(capacity, "capacity", limit: .max)
  guard bytes.count <= capacity else {
    throw Failure(TRK_BUFFER_TOO_SMALL, "\(bytes.count) bytes, the buffer has \(capacity)")
  }
  guard !bytes.isEmpty else { return }
  guard let buffer = unsafe buffer else { throw Argument.invalid("buffer is NULL") }
  unsafe UnsafeMutableRawBufferPointer(start: buffer, count: bytes.count).copyBytes(from: bytes)
}

/// Makes a handle, which `target` becomes; checks where it goes before anything is made.
func give(
  _ target: UnsafeMutablePointer<trk_handle>?, _ name: String, _ make: () throws -> Object
) throws {
  let target = try unsafe Argument.check(target, name)
  unsafe target.pointee = 0
  unsafe target.pointee = try Handles.insert(try make())
}
