public import TrackerModel
public import TrackerSystem

/// Writes instances of one channel as a NumPy archive: `indices`, `points` and an array for each field.
///
/// An archive has one array after the other, and instances come in blocks: all wait in a temporary file.
/// Memory holds one block. The output is not committed: that is for whoever opened it.
public struct InstanceArchive {
  private let output: OutputFile
  private let indexType: IndexType
  private let fields: [InstanceField]
  private let spool: TemporaryFile
  private var rowCount = 0
  /// By array, in the order of blocks: where its words stand in the spool.
  private var parts: [[Range<Int>]]
  /// Scalars of the longest string.
  private var width = 1
  private var bytes: [UInt8] = []

  /// - Parameter output: a file to which nothing was written yet; the temporary file is put beside it.
  public init(_ output: OutputFile, _ indexType: IndexType, _ fields: [InstanceField])
    throws(TrackerError)
  {
    self.output = output
    self.indexType = indexType
    self.fields = fields
    spool = try TemporaryFile(inFolder: Paths.folder(of: output.path))
    parts = Array(repeating: [], count: fields.count + 2)
  }

  /// Adds a block's instances that have points.
  ///
  /// - Throws: `inexactValue` for a string index that ends in a zero byte, which arrays cut off.
  public mutating func append(_ block: InstanceBlock) throws(TrackerError) {
    let rows = block.pointCounts.indices.filter { block.pointCounts[$0] > 0 }
    guard !rows.isEmpty else { return }
    switch block.rows {
    case .integers(let indices): try keep(rows.map { UInt64(bitPattern: indices[$0]) }, in: 0)
    case .strings(let indices):
      for row in rows { try measure(indices.bytes[indices.range(of: row)]) }
      try keep(Self.packed(indices, rows), in: 0)
    }
    try keep(rows.map { UInt64(block.pointCounts[$0]) }, in: 1)
    for field in fields.indices {
      try keep(rows.map { block.values[field][$0] }, in: field + 2)
    }
    rowCount += rows.count
  }

  private mutating func keep(_ words: [UInt64], in array: Int) throws(TrackerError) {
    let first = try spool.append(words.span)
    parts[array].append(first..<first + words.count)
  }

  /// Writes the archive.
  public mutating func finish() throws(TrackerError) {
    var archive = ZipWriter(output)
    switch indexType {
    case .int64: try writeNumbers("indices", .signed(bytes: 8), 0, to: &archive)
    case .string: try writeStrings(to: &archive)
    }
    try writeNumbers("points", .signed(bytes: 8), 1, to: &archive)
    for (place, field) in fields.enumerated() {
      let element = NPYElement.float(bytes: field.type == .float32 ? 4 : 8)
      try writeNumbers(field.name, element, place + 2, to: &archive)
    }
    try archive.finish()
  }

  private func begin(_ name: String, _ element: NPYElement, _ archive: inout ZipWriter)
    throws(TrackerError)
  {
    let header = NPYHeader(element, shape: [rowCount])
    let bytes = header.bytes
    let (size, overflow) = (header.dataSize ?? .max).addingReportingOverflow(UInt64(bytes.count))
    try archive.beginMember(
      named: name + ".npy", method: .stored, expectedSize: overflow ? .max : size)
    try archive.write(bytes.span)
  }

  private mutating func writeNumbers(
    _ name: String, _ element: NPYElement, _ array: Int, to archive: inout ZipWriter
  ) throws(TrackerError) {
    try begin(name, element, &archive)
    for part in parts[array] {
      for word in try words(part) {
        if element == .float(bytes: 4) {
          ArrayValues.store(UInt64(Widening.narrowWidened(word)), 4, to: &bytes)
        } else {
          ArrayValues.store(word, 8, to: &bytes)
        }
      }
      try flush(to: &archive)
    }
    try archive.endMember()
  }

  private func words(_ part: Range<Int>) throws(TrackerError) -> [UInt64] {
    var words = [UInt64](repeating: 0, count: part.count)
    var target = words.mutableSpan
    try spool.read(at: part.lowerBound, into: &target)
    return words
  }

  private mutating func flush(to archive: inout ZipWriter) throws(TrackerError) {
    // Taken out, because a span of it borrows all of self.
    var held = exchange(&bytes, with: [])
    try archive.write(held.span)
    held.removeAll(keepingCapacity: true)
    bytes = held
  }

  // MARK: Strings

  private mutating func measure(_ text: ArraySlice<UInt8>) throws(TrackerError) {
    guard text.last != 0 else {
      throw TrackerError(
        .inexactValue, "array 'indices'",
        "the index of an instance ends in a zero byte, which arrays of strings cut off",
        file: output.path, remedy: "write csv or ndjson")
    }
    width = max(width, text.count { $0 & 0xC0 != 0x80 })
  }

  /// How many strings, where each ends, and their bytes, eight a word.
  private static func packed(_ indices: StringColumn, _ rows: [Int]) -> [UInt64] {
    var words: [UInt64] = [UInt64(rows.count)]
    var end = 0
    for row in rows {
      end += indices.range(of: row).count
      words.append(UInt64(end))
    }
    var (word, filled): (UInt64, UInt64) = (0, 0)
    for row in rows {
      for byte in indices.bytes[indices.range(of: row)] {
        word |= UInt64(byte) << (8 * filled)
        filled += 1
        if filled == 8 {
          words.append(word)
          (word, filled) = (0, 0)
        }
      }
    }
    words.append(word)
    return words
  }

  private mutating func writeStrings(to archive: inout ZipWriter) throws(TrackerError) {
    try begin("indices", .unicode(scalars: width), &archive)
    for part in parts[0] {
      let words = try words(part)
      let count = Int(words[0])
      var start = 0
      for row in 0..<count {
        let end = Int(words[1 + row])
        let text = (start..<end).map {
          UInt8(truncatingIfNeeded: words[1 + count + $0 / 8] >> UInt64($0 % 8 * 8))
        }
        var left = width
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
          ArrayValues.store(UInt64(scalar.value), 4, to: &bytes)
          left -= 1
        }
        bytes.append(contentsOf: repeatElement(0, count: 4 * left))
        if bytes.count >= 1 << 16 { try flush(to: &archive) }
        start = end
      }
      try flush(to: &archive)
    }
    try archive.endMember()
  }
}
