import TrackerCodec

/// Puts right checksums, marks and lengths on mutated bytes, so that fuzzing gets behind them.
enum Resealing {
  private static let fileMagic: [UInt8] = [0x89, 0x54, 0x52, 0x4B, 0x0D, 0x0A, 0x1A, 0x0A]
  private static let marker: [UInt8] = [0x8A, 0x54, 0x72, 0x0A]
  private static let trailerMagic: [UInt8] = [0x8B, 0x54, 0x72, 0x45, 0x6E, 0x64, 0x0D, 0x0A]

  private static func load(_ bytes: [UInt8], _ place: Int, _ width: Int) -> UInt64 {
    var value: UInt64 = 0
    for byte in 0..<width { value |= UInt64(bytes[place + byte]) << UInt64(8 * byte) }
    return value
  }

  private static func store(_ value: UInt64, _ width: Int, _ bytes: inout [UInt8], _ place: Int) {
    for byte in 0..<width {
      bytes[place + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
    }
  }

  private static func checksum(_ bytes: [UInt8], _ range: Range<Int>, from start: UInt32 = 0)
    -> UInt64
  {
    UInt64(Checksum.crc32(bytes.span.extracting(range), continuing: start))
  }

  static func sealHeader(_ bytes: inout [UInt8]) {
    guard bytes.count >= 24 else { return }
    bytes.replaceSubrange(0..<8, with: fileMagic)
    store(checksum(bytes, 0..<20), 4, &bytes, 20)
  }

  /// The offset stands in the 8 bytes before the header.
  static func sealRecordHeader(_ bytes: inout [UInt8]) {
    guard bytes.count >= 32 else { return }
    bytes.replaceSubrange(8..<12, with: marker)
    let place = checksum(bytes, 0..<8)
    store(checksum(bytes, 8..<28, from: UInt32(place)), 4, &bytes, 28)
  }

  /// Walks the records from the header on; the last one takes what is left where a length is wrong.
  ///
  /// Commits name the checksums of other records: where such a checksum changes, so do the four bytes in
  /// the commits behind that were the old one.
  static func sealFile(_ bytes: inout [UInt8]) {
    sealHeader(&bytes)
    var place = 24
    var changed: [(old: UInt64, new: UInt64)] = []
    while bytes.count - place >= 24 {
      let start = place + 24
      var length = load(bytes, place + 8, 8)
      if length > UInt64(bytes.count - start) { length = UInt64(bytes.count - start) }
      let end = start + Int(length)
      bytes.replaceSubrange(place..<place + 4, with: marker)
      if bytes[place + 4] == 6, end - start >= 16 {
        replace(changed, in: &bytes, start..<end - 16)
        store(UInt64(place), 8, &bytes, end - 16)
        bytes.replaceSubrange(end - 8..<end, with: trailerMagic)
      }
      let old = load(bytes, place + 16, 4)
      let new = checksum(bytes, start..<end)
      if old != new { changed.append((old, new)) }
      store(length, 8, &bytes, place + 8)
      store(new, 4, &bytes, place + 16)
      var offset = [UInt8](repeating: 0, count: 8)
      store(UInt64(place), 8, &offset, 0)
      let first = UInt32(checksum(offset, 0..<8))
      store(checksum(bytes, place..<place + 20, from: first), 4, &bytes, place + 20)
      place = end
    }
  }

  private static func replace(
    _ changed: [(old: UInt64, new: UInt64)], in bytes: inout [UInt8], _ range: Range<Int>
  ) {
    guard !changed.isEmpty, range.count >= 4 else { return }
    for place in range.lowerBound...range.upperBound - 4 {
      let found = load(bytes, place, 4)
      for (old, new) in changed where found == old {
        store(new, 4, &bytes, place)
        break
      }
    }
  }

  /// Gives the members of a zip archive that are stored the checksums of their bytes.
  static func sealArchive(_ bytes: inout [UInt8]) {
    guard bytes.count >= 22 else { return }
    let end = bytes.count - 22
    guard load(bytes, end, 4) == 0x0605_4B50 else { return }
    var place = Int(load(bytes, end + 16, 4))
    while place <= end - 46, load(bytes, place, 4) == 0x0201_4B50 {
      let (name, extra) = (Int(load(bytes, place + 28, 2)), Int(load(bytes, place + 30, 2)))
      let header = Int(load(bytes, place + 42, 4))
      let size = Int(load(bytes, place + 20, 4))
      if load(bytes, place + 10, 2) == 0, header <= bytes.count - 30 {
        let start =
          header + 30 + Int(load(bytes, header + 26, 2)) + Int(load(bytes, header + 28, 2))
        if start <= end, size <= end - start {
          store(checksum(bytes, start..<start + size), 4, &bytes, place + 16)
        }
      }
      place += 46 + name + extra + Int(load(bytes, place + 32, 2))
    }
  }
}
