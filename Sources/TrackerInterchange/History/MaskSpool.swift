import TrackerModel
import TrackerSystem

/// Rows of flags in a temporary file, a bit each; the file goes with its last owner.
struct MaskSpool {
  private let file: OutputFile
  private let width: Int
  private var packed: [UInt8] = []

  init(besides path: String, width: Int) throws(TrackerError) {
    file = try OutputFile(path: path, overwriting: true)
    self.width = width
  }

  private var rowSize: Int { (width + 7) / 8 }

  /// Appends a row; nil where all flags are true.
  mutating func append(_ flags: Span<Bool>?) throws(TrackerError) {
    packed.removeAll(keepingCapacity: true)
    packed.append(contentsOf: repeatElement(flags == nil ? 0xFF : 0, count: rowSize))
    if let flags {
      for place in flags.indices where flags[place] { packed[place >> 3] |= 1 << UInt8(place & 7) }
    }
    try file.write(packed.span)
  }

  /// Replaces `row` by the flags of a row as bytes of 0 and 1.
  func read(_ number: Int, into row: inout [UInt8]) throws(TrackerError) {
    // Flushed at the first row read, and nothing to do at the others.
    try file.flush()
    var packed = [UInt8](repeating: 0, count: rowSize)
    var room = packed.mutableSpan
    let found = try file.handle.read(at: UInt64(number) * UInt64(rowSize), into: &room)
    guard found == rowSize else {
      throw TrackerError(.system, "mask", "a temporary file was cut short", file: file.path)
    }
    row.removeAll(keepingCapacity: true)
    for place in 0..<width { row.append(packed[place >> 3] >> UInt8(place & 7) & 1) }
  }
}
