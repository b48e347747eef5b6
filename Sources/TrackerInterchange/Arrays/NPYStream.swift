import TrackerModel

/// An array of an archive, read in pieces from its first element on.
struct NPYStream {
  let header: NPYHeader
  let name: String
  private let source: ZipMemberSource
  private let archive: String
  /// The piece read last.
  private(set) var bytes: [UInt8] = []

  /// Opens the array `name` and checks that its elements are as many bytes as its member has.
  init(_ archive: ZipReader, _ name: String, file: String) throws(TrackerError) {
    self.name = name
    self.archive = file
    guard let member = archive.member(named: name + ".npy") else {
      let found = archive.members.map { UTF8Text.shown(Array($0.name.utf8).span) }
      throw TrackerError(
        .badInput, "archive",
        "expected a member '\(name).npy', found \(found.prefix(10).joined(separator: ", "))",
        file: file, remedy: "write it with numpy.savez(…, indices=…, steps=…, values=…)")
    }
    source = archive.source(of: member)
    let length: Int
    do {
      (header, length) = try NPYHeader.read(from: source)
    } catch {
      var named = error
      named.subject = "\(error.subject) of '\(name)'"
      throw named.inFile(file)
    }
    guard let size = header.dataSize, member.size >= UInt64(length),
      member.size - UInt64(length) == size
    else {
      throw self.error(
        "an array of shape \(header.shapeText) and type \(header.element.descr) has another size than its member's \(member.size) bytes"
      )
    }
    guard !header.isFortranOrder || header.shape.count < 2 else {
      throw self.error(
        "expected the last axis to vary fastest, found Fortran order",
        remedy: "save numpy.ascontiguousarray(\(name))")
    }
  }

  func error(_ detail: String, remedy: String? = nil) -> TrackerError {
    TrackerError(.badInput, "array '\(name)'", detail, file: archive, remedy: remedy)
  }

  func expect(shape: [Int], _ meaning: String) throws(TrackerError) {
    guard header.shape == shape else {
      let expected = NPYHeader(header.element, shape: shape).shapeText
      throw error("expected the shape \(meaning) = \(expected), found \(header.shapeText)")
    }
  }

  /// Reads the next `count` elements into `bytes`.
  mutating func readElements(_ count: Int) throws(TrackerError) {
    let (size, overflow) = count.multipliedReportingOverflow(by: header.element.size)
    guard !overflow else { throw error("\(count) elements do not fit memory") }
    if bytes.count < size { bytes.append(contentsOf: repeatElement(0, count: size - bytes.count)) }
    if bytes.count > size { bytes.removeLast(bytes.count - size) }
    guard try source.fill(&bytes, size) == size else { throw error("the array is cut short") }
  }

  /// After the last element: checks the checksum of a member without any.
  mutating func finish() throws(TrackerError) {
    var spare: [UInt8] = [0]
    guard try source.fill(&spare, 1) == 0 else { throw error("bytes follow the array") }
  }

  /// All elements of a one-dimensional array in turn, a block at a time, so that memory grows with
  /// what is there and not with what the header says.
  mutating func forEachBlock(
    _ body: (_ first: Int, _ block: Span<UInt8>) throws(TrackerError) -> Void
  ) throws(TrackerError) {
    guard header.shape.count == 1 else {
      throw error("expected one axis, found the shape \(header.shapeText)")
    }
    let blockSize = max(1, (1 << 18) / header.element.size)
    var first = 0
    while first < header.shape[0] {
      let count = min(blockSize, header.shape[0] - first)
      try readElements(count)
      try body(first, bytes.span)
      first += count
    }
    try finish()
  }

  /// A one-dimensional array of integers.
  mutating func readIntegers() throws(TrackerError) -> [Int64] {
    switch header.element {
    case .signed, .unsigned: break
    default: throw error("expected integers, found \(header.element.descr)")
    }
    var values: [Int64] = []
    let (element, name, archive) = (header.element, name, archive)
    try forEachBlock { (first, block) throws(TrackerError) in
      for place in 0..<block.count / element.size {
        guard let value = ArrayValues.integer(block, place, element) else {
          throw TrackerError(
            .badInput, "array '\(name)'", "element \(first + place) exceeds 64 bits with a sign",
            file: archive)
        }
        values.append(value)
      }
    }
    return values
  }
}
