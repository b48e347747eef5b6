import TrackerCodec
public import TrackerModel

/// The members of a zip archive (with zip64), of which no size or place is believed unchecked.
///
/// Refused: several disks, encryption, other methods than stored and deflated, bytes before the
/// first or after the last record that belong to nothing the directory needs, members that overlap
/// one another or the directory, local headers that name another member, and names that stand twice.
/// Checksums and sizes are checked while a member is read (`ZipMemberSource`).
public final class ZipReader {
  /// One file of the archive.
  public struct Member: Sendable, Hashable {
    public internal(set) var name: String
    public internal(set) var method: ZipMethod
    public internal(set) var checksum: UInt32
    public internal(set) var compressedSize: UInt64
    public internal(set) var size: UInt64
    /// Where its local header begins, and where its bytes do.
    var headerOffset: UInt64
    var dataOffset: UInt64 = 0
  }

  /// In the order of their bytes in the archive.
  public let members: [Member]
  private let file: any RandomAccessBytes
  private let name: String

  /// Reads the directory.
  ///
  /// - Parameter name: what error texts call the archive.
  public init(_ file: any RandomAccessBytes, name: String) throws(TrackerError) {
    self.file = file
    self.name = name
    do {
      let directory = try ZipDirectory(file)
      members = try directory.readMembers(file)
    } catch {
      throw error.inFile(name)
    }
  }

  public func member(named name: String) -> Member? {
    members.first { $0.name.utf8.elementsEqual(name.utf8) }
  }

  /// The member's bytes, decompressed. Any number of members may be read at a time.
  public func source(of member: Member) -> ZipMemberSource {
    ZipMemberSource(file, member, archive: name)
  }
}
