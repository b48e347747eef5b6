public import TrackerModel

/// The instance indices of a history, in the order of its columns.
public enum HistoryIndices: Sendable, Hashable {
  case integers([Int64])
  /// UTF-8 one after the other, and where each ends.
  case strings(bytes: [UInt8], ends: [Int])

  public init(_ names: [Name]) {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    for name in names {
      bytes.append(contentsOf: name.utf8)
      ends.append(bytes.count)
    }
    self = .strings(bytes: bytes, ends: ends)
  }

  public var type: IndexType {
    switch self {
    case .integers: .int64
    case .strings: .string
    }
  }

  public var count: Int {
    switch self {
    case .integers(let values): values.count
    case .strings(_, let ends): ends.count
    }
  }

  /// The index of a column. Makes a string where it is one.
  public subscript(position: Int) -> InstanceIndex {
    switch self {
    case .integers(let values): return .integer(values[position])
    case .strings(let bytes, let ends):
      let start = position == 0 ? 0 : ends[position - 1]
      return .string(Name(String(decoding: bytes[start..<ends[position]], as: UTF8.self)))
    }
  }
}
