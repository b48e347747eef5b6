/// The numbers of the zip format (APPNOTE 6.3) that readers and writers share.
enum ZipFormat {
  static let localHeader: UInt32 = 0x0403_4B50
  static let directoryEntry: UInt32 = 0x0201_4B50
  static let directoryEnd: UInt32 = 0x0605_4B50
  static let largeDirectoryEnd: UInt32 = 0x0606_4B50
  static let largeDirectoryLocator: UInt32 = 0x0706_4B50

  static let localHeaderSize = 30
  static let directoryEntrySize = 46
  static let directoryEndSize = 22
  static let largeDirectoryEndSize = 56
  static let largeDirectoryLocatorSize = 20

  /// The extra field with sizes of 64 bits.
  static let largeSizes: UInt16 = 1
  /// What a field of 16 or 32 bits holds when the number stands elsewhere.
  static let elsewhere16: UInt16 = .max
  static let elsewhere32: UInt32 = .max
}

/// How the bytes of an archive's member are kept.
public enum ZipMethod: UInt16, Sendable, Hashable {
  case stored = 0
  case deflated = 8
}
