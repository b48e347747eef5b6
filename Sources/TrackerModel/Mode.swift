/// The part of a run in which a value was recorded. Raw values are the Spec's.
public enum Mode: UInt8, Sendable, Hashable, CaseIterable, Comparable, CustomStringConvertible {
  case train = 0
  case eval = 1
  case test = 2
  case infer = 3

  public init?(name: some StringProtocol) {
    switch name {
    case "train": self = .train
    case "eval": self = .eval
    case "test": self = .test
    case "infer": self = .infer
    default: return nil
    }
  }

  public var name: String {
    switch self {
    case .train: "train"
    case .eval: "eval"
    case .test: "test"
    case .infer: "infer"
    }
  }

  public var description: String { name }

  public static func < (left: Mode, right: Mode) -> Bool { left.rawValue < right.rawValue }
}
