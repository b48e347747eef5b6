public import TrackerModel
public import TrackerSystem

/// Writes one channel's history as a NumPy archive that `NPZHistoryReader` reads back exactly, an
/// epoch at a time.
///
/// A value that was not recorded is NaN in `values` and false in `mask`; where everything was
/// recorded there is no `mask`. `epochs` is written where all are known. Memory holds the indices
/// and one epoch; the mask waits in a temporary file, a bit a value, because an archive is written
/// member after member.
///
/// The output is not committed: that is for whoever opened it.
public struct NPZHistoryWriter {
  private let output: OutputFile
  private var archive: ZipWriter
  private let method: ZipMethod
  private let shape: [Int]
  private let valueType: ValueType
  private var epochsWritten = 0
  private var row: [UInt8] = []
  private var maskRows: MaskSpool?

  /// Writes all but values and mask.
  ///
  /// - Parameters:
  ///   - output: a file to which nothing was written yet.
  ///   - epochs: the epoch of every step.
  ///   - method: `stored` is written and read fastest; `deflated` is smaller.
  /// - Throws: `inexactValue` where only some epochs are known, or a string index ends in a zero
  ///   byte: arrays have no place for either.
  public init(
    _ output: OutputFile, indices: HistoryIndices, steps: [Int64], epochs: [Int64?],
    valueType: ValueType, method: ZipMethod = .stored
  ) throws(TrackerError) {
    precondition(epochs.count == steps.count, "an epoch, or nil, for every step")
    self.output = output
    self.method = method
    self.valueType = valueType
    archive = ZipWriter(output)
    shape = [steps.count, indices.count]
    let known = epochs.compactMap { $0 }
    guard known.isEmpty || known.count == steps.count else {
      throw TrackerError(
        .inexactValue, "array 'epochs'",
        "\(known.count) of \(steps.count) epochs are known; an array of integers has no place for the others",
        file: output.path, remedy: "export csv or ndjson")
    }
    try writeIndices(indices)
    try writeIntegers("steps", steps)
    if !known.isEmpty { try writeIntegers("epochs", known) }
    try beginArray(
      "values", NPYHeader(.float(bytes: valueType == .float32 ? 4 : 8), shape: shape))
  }

  /// Writes the next epoch's row.
  ///
  /// - Parameters:
  ///   - bits: the values' bits, widened to float64, in the order of the indices.
  ///   - recorded: whether each was recorded; nil where all were.
  /// - Throws: `inexactValue` where a value of a float32 history is no float32.
  public mutating func writeEpoch(bits: Span<UInt64>, recorded: Span<Bool>? = nil)
    throws(TrackerError)
  {
    precondition(epochsWritten < shape[0], "an epoch for every step")
    precondition(bits.count == shape[1], "a value for every index")
    var isWhole = true
    if let recorded {
      precondition(recorded.count == shape[1], "a flag for every index")
      for place in recorded.indices where !recorded[place] { isWhole = false }
    }
    for place in bits.indices {
      let isRecorded = isWhole || recorded?[place] != false
      try append(isRecorded ? bits[place] : 0x7FF8_0000_0000_0000, place)
    }
    try endRow()
    if !isWhole || maskRows != nil { try spoolMask(isWhole ? nil : recorded) }
    epochsWritten += 1
  }

  /// Writes the mask where there is one, and the directory.
  public mutating func finish() throws(TrackerError) {
    precondition(epochsWritten == shape[0], "an epoch for every step")
    try archive.endMember()
    if let maskRows {
      try beginArray("mask", NPYHeader(.bool, shape: shape))
      for epoch in 0..<shape[0] {
        try maskRows.read(epoch, into: &row)
        try endRow()
      }
      try archive.endMember()
    }
    try archive.finish()
  }

  // MARK: Arrays

  private mutating func beginArray(_ name: String, _ header: NPYHeader) throws(TrackerError) {
    let bytes = header.bytes
    let (size, overflow) = (header.dataSize ?? .max).addingReportingOverflow(UInt64(bytes.count))
    try archive.beginMember(
      named: name + ".npy", method: method, expectedSize: overflow ? .max : size)
    try archive.write(bytes.span)
  }

  private mutating func append(_ bits: UInt64, _ place: Int) throws(TrackerError) {
    switch valueType {
    case .float64: ArrayValues.store(bits, 8, to: &row)
    case .float32:
      guard let narrow = Widening.narrow(bits) else {
        throw TrackerError(
          .inexactValue, "array 'values'",
          "the value at [\(epochsWritten), \(place)] is no float32",
          file: output.path)
      }
      ArrayValues.store(UInt64(narrow), 4, to: &row)
    }
  }

  private mutating func writeIntegers(_ name: String, _ values: [Int64]) throws(TrackerError) {
    try beginArray(name, NPYHeader(.signed(bytes: 8), shape: [values.count]))
    for value in values {
      ArrayValues.store(UInt64(bitPattern: value), 8, to: &row)
      try writeIfFull()
    }
    try endRow()
    try archive.endMember()
  }

  private mutating func writeIfFull() throws(TrackerError) {
    if row.count >= 1 << 16 { try endRow() }
  }

  private mutating func endRow() throws(TrackerError) {
    // Taken out, because a span of it borrows all of self.
    var held: [UInt8] = []
    swap(&held, &row)
    try archive.write(held.span)
    held.removeAll(keepingCapacity: true)
    swap(&held, &row)
  }

  private mutating func writeIndices(_ indices: HistoryIndices) throws(TrackerError) {
    switch indices {
    case .integers(let values): try writeIntegers("indices", values)
    case .strings(let bytes, let ends):
      var width = 1
      var start = 0
      for (place, end) in ends.enumerated() {
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        guard text.utf8.last != 0 else {
          throw TrackerError(
            .inexactValue, "array 'indices'",
            "index \(place) ends in a zero byte, which arrays of strings cut off",
            file: output.path, remedy: "export csv or ndjson")
        }
        width = max(width, text.unicodeScalars.count)
        start = end
      }
      try beginArray("indices", NPYHeader(.unicode(scalars: width), shape: [ends.count]))
      start = 0
      for end in ends {
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        var left = width
        for scalar in text.unicodeScalars {
          ArrayValues.store(UInt64(scalar.value), 4, to: &row)
          left -= 1
        }
        row.append(contentsOf: repeatElement(0, count: 4 * left))
        try writeIfFull()
        start = end
      }
      try endRow()
      try archive.endMember()
    }
  }

  // MARK: The mask

  private mutating func spoolMask(_ recorded: Span<Bool>?) throws(TrackerError) {
    if maskRows == nil {
      var spool = try MaskSpool(besides: output.path, width: shape[1])
      for _ in 0..<epochsWritten { try spool.append(nil) }
      maskRows = spool
    }
    try maskRows?.append(recorded)
  }
}
