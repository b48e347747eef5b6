/// How instances are keyed; fixed for a tracker and its file. Raw values are the Spec's.
public enum IndexType: UInt8, Sendable, Hashable, CustomStringConvertible {
  case int64 = 0
  case string = 1

  public var description: String { self == .int64 ? "int64" : "string" }
}

/// The key of one sample.
///
/// Integers sort before strings, integers by value and strings by their UTF-8 bytes; within one
/// tracker all are of one type, so the mixed case only serves error paths.
public enum InstanceIndex: Sendable, Hashable, Comparable, CustomStringConvertible {
  case integer(Int64)
  case string(Name)

  public var type: IndexType {
    switch self {
    case .integer: .int64
    case .string: .string
    }
  }

  public var description: String {
    switch self {
    case .integer(let value): String(value)
    case .string(let name): name.string
    }
  }
}

extension InstanceIndex: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(stringLiteral value: String) { self = .string(Name(value)) }
}
