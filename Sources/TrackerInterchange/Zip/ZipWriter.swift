import TrackerCodec
public import TrackerModel
public import TrackerSystem

/// Writes a zip archive member by member; equal content gives equal bytes.
///
/// Every member is dated 1980-01-01, the first day that the format knows. Sizes and checksums are
/// written into a member's header after its bytes, so members are streams of any length. Numbers
/// of 64 bits (zip64) are used where they are needed only.
///
/// The output is not committed: that is for whoever opened it.
public struct ZipWriter {
  private struct Entry {
    var name: [UInt8]
    var method: ZipMethod
    var isLarge: Bool
    var offset: UInt64
    var size: UInt64 = 0
    var compressedSize: UInt64 = 0
    var checksum: UInt32 = 0
  }

  private let output: OutputFile
  private var entries: [Entry] = []
  private var isOpen = false
  /// Where the next byte goes, those that the output holds back included.
  private var position: UInt64 = 0
  private var deflater: DeflateStream?
  private var compressed: [UInt8] = []
  /// From which number on 64 bits are used; the tests lower it.
  var largeFrom = UInt64(ZipFormat.elsewhere32)

  /// - Parameter output: a file to which nothing was written yet.
  public init(_ output: OutputFile) { self.output = output }

  /// Begins a member.
  ///
  /// - Parameter expectedSize: its bytes before compression, which decide how much room its header
  ///   needs for their number.
  public mutating func beginMember(
    named name: String, method: ZipMethod = .deflated, expectedSize: UInt64
  ) throws(TrackerError) {
    precondition(!isOpen, "one member at a time")
    precondition(name.utf8.count <= Int(UInt16.max), "names have at most 65,535 bytes")
    // Deflate makes what it cannot compress longer by 5 bytes in 16,000.
    let (bound, overflow) = expectedSize.addingReportingOverflow(expectedSize / 1024 + 1024)
    let entry = Entry(
      name: Array(name.utf8), method: method, isLarge: overflow || bound >= largeFrom,
      offset: position)
    try put(Self.localHeader(entry))
    entries.append(entry)
    isOpen = true
    if method == .deflated {
      if let deflater { deflater.restart() } else { deflater = DeflateStream() }
    }
  }

  public mutating func write(_ bytes: Span<UInt8>) throws(TrackerError) {
    precondition(isOpen, "bytes belong to a member")
    let last = entries.count - 1
    entries[last].size += UInt64(bytes.count)
    entries[last].checksum = Checksum.crc32(bytes, continuing: entries[last].checksum)
    if entries[last].method == .deflated {
      try deflate(bytes, finishing: false)
    } else {
      entries[last].compressedSize += UInt64(bytes.count)
      try output.write(bytes)
      position += UInt64(bytes.count)
    }
  }

  public mutating func endMember() throws(TrackerError) {
    precondition(isOpen, "no member was begun")
    if entries[entries.count - 1].method == .deflated {
      let nothing: [UInt8] = []
      try deflate(nothing.span, finishing: true)
    }
    isOpen = false
    let entry = entries[entries.count - 1]
    guard entry.isLarge || max(entry.size, entry.compressedSize) < largeFrom else {
      throw TrackerError(
        .limitExceeded, "zip archive",
        "a member announced as short has \(entry.size) bytes, too many for its header",
        file: output.path)
    }
    // The header may still be held back; it must be in the file to be overwritten there.
    try output.flush()
    try output.handle.write(Self.localHeader(entry).span, at: entry.offset)
  }

  /// Writes the directory, after which the archive is whole.
  public mutating func finish() throws(TrackerError) {
    precondition(!isOpen, "a member was not ended")
    let start = position
    for entry in entries { try put(directoryEntry(entry)) }
    let size = position - start
    let count = UInt64(entries.count)
    let isLarge =
      count >= UInt64(ZipFormat.elsewhere16) || start >= largeFrom || size >= largeFrom
    var end: [UInt8] = []
    if isLarge {
      let largeEnd = position
      end.appendFixed(ZipFormat.largeDirectoryEnd)
      end.appendFixed(UInt64(ZipFormat.largeDirectoryEndSize - 12))
      end.appendFixed(Self.madeBy)
      end.appendFixed(45 as UInt16)
      end.appendFixed(0 as UInt64)  // two disk numbers
      end.appendFixed(count)
      end.appendFixed(count)
      end.appendFixed(size)
      end.appendFixed(start)
      end.appendFixed(ZipFormat.largeDirectoryLocator)
      end.appendFixed(0 as UInt32)
      end.appendFixed(largeEnd)
      end.appendFixed(1 as UInt32)
    }
    end.appendFixed(ZipFormat.directoryEnd)
    end.appendFixed(0 as UInt32)  // two disk numbers
    for _ in 0..<2 { end.appendFixed(isLarge ? ZipFormat.elsewhere16 : UInt16(count)) }
    end.appendFixed(isLarge ? ZipFormat.elsewhere32 : UInt32(size))
    end.appendFixed(isLarge ? ZipFormat.elsewhere32 : UInt32(start))
    end.appendFixed(0 as UInt16)  // no comment
    try put(end)
    try output.flush()
  }

  // MARK: Records

  /// Unix, version 4.5: with the attributes below, unpacked files are readable.
  private static let madeBy: UInt16 = 3 << 8 | 45
  /// 1980-01-01, at midnight.
  private static let date: UInt32 = 0x0021_0000

  private mutating func put(_ bytes: [UInt8]) throws(TrackerError) {
    try output.write(bytes.span)
    position += UInt64(bytes.count)
  }

  private mutating func deflate(_ bytes: Span<UInt8>, finishing: Bool) throws(TrackerError) {
    guard let deflater else { return }
    compressed.removeAll(keepingCapacity: true)
    deflater.deflate(bytes, finishing: finishing, into: &compressed)
    entries[entries.count - 1].compressedSize += UInt64(compressed.count)
    try output.write(compressed.span)
    position += UInt64(compressed.count)
  }

  private static func localHeader(_ entry: Entry) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendFixed(ZipFormat.localHeader)
    bytes.appendFixed((entry.isLarge ? 45 : 20) as UInt16)
    bytes.appendFixed(0 as UInt16)  // flags
    bytes.appendFixed(entry.method.rawValue)
    bytes.appendFixed(date)
    bytes.appendFixed(entry.checksum)
    bytes.appendFixed(entry.isLarge ? ZipFormat.elsewhere32 : truncated(entry.compressedSize))
    bytes.appendFixed(entry.isLarge ? ZipFormat.elsewhere32 : truncated(entry.size))
    bytes.appendFixed(UInt16(entry.name.count))
    bytes.appendFixed((entry.isLarge ? 20 : 0) as UInt16)
    bytes += entry.name
    if entry.isLarge {
      bytes.appendFixed(ZipFormat.largeSizes)
      bytes.appendFixed(16 as UInt16)
      bytes.appendFixed(entry.size)
      bytes.appendFixed(entry.compressedSize)
    }
    return bytes
  }

  private static func truncated(_ number: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: number) }

  private func directoryEntry(_ entry: Entry) -> [UInt8] {
    var large: [UInt8] = []
    func number(_ value: UInt64) -> UInt32 {
      guard value >= largeFrom else { return UInt32(value) }
      large.appendFixed(value)
      return ZipFormat.elsewhere32
    }
    // The order of the numbers in the extra field.
    let size = number(entry.size)
    let compressedSize = number(entry.compressedSize)
    let offset = number(entry.offset)
    var bytes: [UInt8] = []
    bytes.appendFixed(ZipFormat.directoryEntry)
    bytes.appendFixed(Self.madeBy)
    bytes.appendFixed((entry.isLarge || !large.isEmpty ? 45 : 20) as UInt16)
    bytes.appendFixed(0 as UInt16)  // flags
    bytes.appendFixed(entry.method.rawValue)
    bytes.appendFixed(Self.date)
    bytes.appendFixed(entry.checksum)
    bytes.appendFixed(compressedSize)
    bytes.appendFixed(size)
    bytes.appendFixed(UInt16(entry.name.count))
    bytes.appendFixed(UInt16(large.isEmpty ? 0 : large.count + 4))
    bytes.appendFixed(0 as UInt16)  // no comment
    bytes.appendFixed(0 as UInt16)  // the first disk
    bytes.appendFixed(0 as UInt16)  // internal attributes
    bytes.appendFixed(0o100644 << 16 as UInt32)
    bytes.appendFixed(offset)
    bytes += entry.name
    if !large.isEmpty {
      bytes.appendFixed(ZipFormat.largeSizes)
      bytes.appendFixed(UInt16(large.count))
      bytes += large
    }
    return bytes
  }
}
