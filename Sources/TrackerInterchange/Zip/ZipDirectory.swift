import TrackerCodec
import TrackerModel

/// Where an archive lists its members.
struct ZipDirectory {
  private let offset: UInt64
  private let size: UInt64
  private let count: UInt64

  private static func damaged(_ detail: String, at offset: UInt64) -> TrackerError {
    TrackerError(.badInput, "zip archive", detail, offset: offset)
  }

  /// Exactly `count` bytes from `offset` on.
  private static func read(
    _ file: any RandomAccessBytes, _ offset: UInt64, _ count: Int, _ what: String
  ) throws(TrackerError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var room = bytes.mutableSpan
    let found = try file.read(at: offset, into: &room)
    guard found == count else {
      throw damaged("\(what) needs \(count) bytes, found \(found)", at: offset)
    }
    return bytes
  }

  private static func field(_ bytes: [UInt8], _ start: Int, _ width: Int) -> UInt64 {
    ArrayValues.load(bytes.span, at: start, width)
  }

  // MARK: The end of the archive

  /// Finds the record at the end of the archive, which tells where the directory is.
  init(_ file: any RandomAccessBytes) throws(TrackerError) {
    let fileSize = try file.size()
    let tailSize = Int(min(fileSize, UInt64(ZipFormat.directoryEndSize) + UInt64(UInt16.max)))
    let tailOffset = fileSize - UInt64(tailSize)
    let tail = try Self.read(file, tailOffset, tailSize, "the end of the archive")
    // The record has a comment of any text last: the one that fits the file's end is meant.
    var place = tailSize - ZipFormat.directoryEndSize
    while place >= 0 {
      if Self.field(tail, place, 4) == UInt64(ZipFormat.directoryEnd),
        place + ZipFormat.directoryEndSize + Int(Self.field(tail, place + 20, 2)) == tailSize
      {
        break
      }
      place -= 1
    }
    guard place >= 0 else {
      throw TrackerError(
        .badInput, "zip archive", "expected the record that ends an archive, found none",
        remedy: "the file is cut short, or no .npz")
    }
    let end = tailOffset + UInt64(place)
    func small(_ at: Int, _ width: Int) -> UInt64 { Self.field(tail, place + at, width) }
    let (count, size, offset) = (small(10, 2), small(12, 4), small(16, 4))
    let isLarge =
      count == UInt64(ZipFormat.elsewhere16) || size == UInt64(ZipFormat.elsewhere32)
      || offset == UInt64(ZipFormat.elsewhere32)
    if isLarge {
      (self.count, self.size, self.offset) = try Self.readLargeEnd(file, before: end)
    } else {
      guard small(4, 2) == 0, small(6, 2) == 0, small(8, 2) == count else {
        throw Self.damaged("the archive spans several disks", at: end)
      }
      // What lies between the directory and its end belongs to nothing.
      guard offset <= end, size == end - offset else {
        throw Self.damaged(
          "the directory of \(size) bytes at \(offset) does not reach to its end at \(end)", at: end
        )
      }
      (self.count, self.size, self.offset) = (count, size, offset)
    }
    guard self.count <= UInt64(InterchangeLimits.maxZipMembers) else {
      throw Self.damaged(
        "the archive has \(self.count) members, the limit is \(InterchangeLimits.maxZipMembers)",
        at: end)
    }
    guard self.size <= UInt64(InterchangeLimits.maxZipDirectoryBytes) else {
      throw Self.damaged(
        "the directory has \(self.size) bytes, the limit is \(InterchangeLimits.maxZipDirectoryBytes)",
        at: end)
    }
  }

  private static func readLargeEnd(_ file: any RandomAccessBytes, before end: UInt64)
    throws(TrackerError) -> (UInt64, UInt64, UInt64)
  {
    let needed = UInt64(ZipFormat.largeDirectoryLocatorSize + ZipFormat.largeDirectoryEndSize)
    guard end >= needed else {
      throw damaged("numbers of 64 bits are announced and not there", at: end)
    }
    let start = end - needed
    let bytes = try read(file, start, Int(needed), "the zip64 end of the archive")
    let locator = ZipFormat.largeDirectoryEndSize
    guard field(bytes, locator, 4) == UInt64(ZipFormat.largeDirectoryLocator),
      field(bytes, 0, 4) == UInt64(ZipFormat.largeDirectoryEnd),
      field(bytes, locator + 8, 8) == start,
      field(bytes, 4, 8) == UInt64(ZipFormat.largeDirectoryEndSize - 12)
    else {
      throw damaged("expected the zip64 end of the archive right before its end", at: start)
    }
    let (count, size, offset) = (field(bytes, 32, 8), field(bytes, 40, 8), field(bytes, 48, 8))
    guard field(bytes, 16, 4) == 0, field(bytes, 20, 4) == 0, field(bytes, 24, 8) == count else {
      throw damaged("the archive spans several disks", at: start)
    }
    guard offset <= start, size == start - offset else {
      throw damaged(
        "the directory of \(size) bytes at \(offset) does not reach to its end at \(start)",
        at: start)
    }
    return (count, size, offset)
  }

  // MARK: Members

  /// All members, in the order of their bytes, checked to lie apart.
  func readMembers(_ file: any RandomAccessBytes) throws(TrackerError) -> [ZipReader.Member] {
    let bytes = try Self.read(file, offset, Int(size), "the directory")
    var members: [ZipReader.Member] = []
    var names: Set<[UInt8]> = []
    var place = 0
    for _ in 0..<Int(count) {
      let (member, name, length) = try readEntry(bytes, place)
      guard names.insert(name).inserted else {
        throw Self.damaged(
          "the member \(UTF8Text.shown(name.span)) stands twice", at: offset + UInt64(place))
      }
      place += length
      members.append(member)
    }
    guard place == bytes.count else {
      throw Self.damaged(
        "the directory has \(bytes.count) bytes, its \(count) members take \(place)",
        at: offset + UInt64(place))
    }
    members.sort { $0.headerOffset < $1.headerOffset }
    var free: UInt64 = 0
    for index in members.indices {
      let member = members[index]
      guard member.headerOffset >= free else {
        throw Self.damaged(
          "the member \(UTF8Text.shown(Array(member.name.utf8).span)) overlaps another",
          at: member.headerOffset)
      }
      let start = try dataOffset(of: member, file)
      guard start <= offset, member.compressedSize <= offset - start else {
        throw Self.damaged(
          "the member \(UTF8Text.shown(Array(member.name.utf8).span)) of \(member.compressedSize) bytes reaches into the directory",
          at: member.headerOffset)
      }
      members[index].dataOffset = start
      free = start + member.compressedSize
    }
    return members
  }

  /// The entry at `place`, its name as it is, and its length.
  private func readEntry(_ bytes: [UInt8], _ place: Int) throws(TrackerError) -> (
    ZipReader.Member, [UInt8], Int
  ) {
    let at = offset + UInt64(place)
    guard bytes.count - place >= ZipFormat.directoryEntrySize,
      Self.field(bytes, place, 4) == UInt64(ZipFormat.directoryEntry)
    else { throw Self.damaged("expected an entry of the directory, found none", at: at) }
    func field(_ start: Int, _ width: Int) -> UInt64 { Self.field(bytes, place + start, width) }
    let (nameLength, extraLength, commentLength) = (
      Int(field(28, 2)), Int(field(30, 2)), Int(field(32, 2))
    )
    let length = ZipFormat.directoryEntrySize + nameLength + extraLength + commentLength
    guard bytes.count - place >= length else {
      throw Self.damaged("an entry of the directory is cut short", at: at)
    }
    let nameStart = place + ZipFormat.directoryEntrySize
    let name = Array(bytes[nameStart..<nameStart + nameLength])
    let shown = UTF8Text.shown(name.span)
    guard field(8, 2) & 1 == 0 else {
      throw Self.damaged("the member \(shown) is encrypted", at: at)
    }
    guard let method = ZipMethod(rawValue: UInt16(field(10, 2))) else {
      throw Self.damaged(
        "the member \(shown) has the compression method \(field(10, 2)); 0 and 8 are known", at: at)
    }
    var member = ZipReader.Member(
      name: String(decoding: name, as: UTF8.self), method: method,
      checksum: UInt32(field(16, 4)), compressedSize: field(20, 4), size: field(24, 4),
      headerOffset: field(42, 4))
    let extra = nameStart + nameLength
    try Self.replaceLargeNumbers(
      of: &member, bytes.span.extracting(extra..<extra + extraLength), at: at)
    guard method != .stored || member.size == member.compressedSize else {
      throw Self.damaged(
        "the stored member \(shown) has the sizes \(member.size) and \(member.compressedSize)",
        at: at)
    }
    return (member, name, length)
  }

  /// Takes from the extra field the numbers that do not fit 32 bits.
  private static func replaceLargeNumbers(
    of member: inout ZipReader.Member, _ extra: Span<UInt8>, at offset: UInt64
  ) throws(TrackerError) {
    let elsewhere = UInt64(ZipFormat.elsewhere32)
    guard
      member.size == elsewhere || member.compressedSize == elsewhere
        || member.headerOffset == elsewhere
    else { return }
    var place = 0
    while extra.count - place >= 4 {
      let length = Int(ArrayValues.load(extra, at: place + 2, 2))
      guard extra.count - place - 4 >= length else { break }
      if ArrayValues.load(extra, at: place, 2) == UInt64(ZipFormat.largeSizes) {
        // Only the numbers that are elsewhere, in this order.
        var next = place + 4
        let end = next + length
        func take(_ number: inout UInt64) throws(TrackerError) {
          guard number == elsewhere else { return }
          guard end - next >= 8 else {
            throw damaged("an entry's numbers of 64 bits are cut short", at: offset)
          }
          number = ArrayValues.load(extra, at: next, 8)
          next += 8
        }
        try take(&member.size)
        try take(&member.compressedSize)
        try take(&member.headerOffset)
        return
      }
      place += 4 + length
    }
    throw damaged("an entry announces numbers of 64 bits and has none", at: offset)
  }

  /// Where the member's bytes begin, told by its local header, which must be of the same member.
  private func dataOffset(of member: ZipReader.Member, _ file: any RandomAccessBytes)
    throws(TrackerError) -> UInt64
  {
    let at = member.headerOffset
    guard at <= offset, offset - at >= UInt64(ZipFormat.localHeaderSize) else {
      throw Self.damaged("a member begins within or after the directory", at: at)
    }
    let header = try Self.read(file, at, ZipFormat.localHeaderSize, "a member's header")
    guard Self.field(header, 0, 4) == UInt64(ZipFormat.localHeader) else {
      throw Self.damaged("expected a member's header, found none", at: at)
    }
    let (nameLength, extraLength) = (Self.field(header, 26, 2), Self.field(header, 28, 2))
    let name = try Self.read(
      file, at + UInt64(ZipFormat.localHeaderSize), Int(nameLength), "a member's name")
    guard String(decoding: name, as: UTF8.self).utf8.elementsEqual(member.name.utf8),
      Self.field(header, 8, 2) == UInt64(member.method.rawValue)
    else {
      throw Self.damaged(
        "the directory says \(UTF8Text.shown(Array(member.name.utf8).span)), the member's own header \(UTF8Text.shown(name.span)) or another method",
        at: at)
    }
    return at + UInt64(ZipFormat.localHeaderSize) + nameLength + extraLength
  }
}
