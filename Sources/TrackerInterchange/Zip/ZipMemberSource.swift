import TrackerCodec
public import TrackerModel

/// The bytes of one member of an archive, decompressed as they are read.
///
/// The call that gives the last byte throws instead where the checksum or the size is not what the
/// directory says.
public final class ZipMemberSource: ByteSource {
  private let file: any RandomAccessBytes
  private let member: ZipReader.Member
  private let archive: String
  private let inflater: Inflater?
  /// Compressed bytes: those read from the file, and the ones among them not yet inflated.
  private var input: [UInt8] = []
  private var unread = 0..<0
  private var readFromFile: UInt64 = 0
  private var produced: UInt64 = 0
  private var checksum: UInt32 = 0
  private var isVerified = false

  public var name: String { "\(archive): \(member.name)" }

  init(_ file: any RandomAccessBytes, _ member: ZipReader.Member, archive: String) {
    self.file = file
    self.member = member
    self.archive = archive
    switch member.method {
    case .stored: inflater = nil
    case .deflated:
      inflater = Inflater()
      input = [UInt8](repeating: 0, count: 1 << 16)
    }
  }

  private func damaged(_ detail: String) -> TrackerError {
    TrackerError(
      .badInput, "member '\(member.name)'", detail, file: archive, offset: member.headerOffset)
  }

  public func read(into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int {
    let count = Int(min(UInt64(buffer.count), member.size - produced))
    var done = 0
    if count > 0 {
      var room = buffer._mutatingExtracting(0..<count)
      if let inflater {
        done = try inflate(with: inflater, into: &room)
      } else {
        done = try file.read(at: member.dataOffset + produced, into: &room)
        guard done == count else { throw damaged("the archive is cut short") }
      }
      produced += UInt64(done)
      checksum = Checksum.crc32(room.span.extracting(0..<done), continuing: checksum)
    }
    if produced == member.size, !isVerified { try verify() }
    return done
  }

  /// At least one byte.
  private func inflate(with inflater: Inflater, into room: inout MutableSpan<UInt8>)
    throws(TrackerError) -> Int
  {
    while true {
      if unread.isEmpty { try refill() }
      let part: (consumed: Int, produced: Int)
      do {
        part = try inflater.inflatePart(input.span.extracting(unread), into: &room)
      } catch {
        throw damaged("\(error.subject): \(error.detail)")
      }
      unread = unread.lowerBound + part.consumed..<unread.upperBound
      if part.produced > 0 { return part.produced }
      guard !inflater.hasEnded else {
        throw damaged("expected \(member.size) bytes, its compressed stream holds \(produced)")
      }
      guard part.consumed > 0 || !isInputAtEnd else {
        throw damaged("its compressed stream is cut short after \(produced) bytes")
      }
    }
  }

  private var isInputAtEnd: Bool { unread.isEmpty && readFromFile == member.compressedSize }

  private func refill() throws(TrackerError) {
    let count = Int(min(UInt64(input.count), member.compressedSize - readFromFile))
    guard count > 0 else { return }
    // Taken out of the class for the call, so that its storage is neither shared nor copied.
    var block: [UInt8] = []
    swap(&block, &input)
    defer { swap(&block, &input) }
    var all = block.mutableSpan
    var room = all._mutatingExtracting(0..<count)
    let found = try file.read(at: member.dataOffset + readFromFile, into: &room)
    guard found == count else { throw damaged("the archive is cut short") }
    readFromFile += UInt64(count)
    unread = 0..<count
  }

  private func verify() throws(TrackerError) {
    if let inflater {
      // The stream's end may still be ahead; another byte must not be.
      var spare: [UInt8] = [0]
      var room = spare.mutableSpan
      while !inflater.hasEnded {
        if unread.isEmpty { try refill() }
        let part: (consumed: Int, produced: Int)
        do {
          part = try inflater.inflatePart(input.span.extracting(unread), into: &room)
        } catch {
          throw damaged("\(error.subject): \(error.detail)")
        }
        unread = unread.lowerBound + part.consumed..<unread.upperBound
        guard part.produced == 0 else {
          throw damaged("expected \(member.size) bytes, its compressed stream holds more")
        }
        guard inflater.hasEnded || part.consumed > 0 || !isInputAtEnd else {
          throw damaged("its compressed stream has no end")
        }
      }
      guard isInputAtEnd else { throw damaged("bytes follow its compressed stream") }
    }
    guard checksum == member.checksum else {
      throw damaged("the checksum of its bytes is not the one in the directory")
    }
    isVerified = true
  }
}
