/// A value of a pickle: what it is and its place among those alike, in one word.
///
/// Values are inert: a class is its name, an object is what it would be made of. Small integers stand
/// in the word itself, so that the steps of a history take no memory.
struct PickleValue: Hashable, Sendable {
  enum Kind: UInt32 {
    case constant, smallInteger, integer, hugeInteger, float, text, bytes, pair, collection, global
    case object
  }

  let bits: UInt32

  static let placeBits: UInt32 = 28
  /// Values of one kind.
  static let maxCount = 1 << Int(placeBits)
  private static let mask: UInt32 = (1 << placeBits) - 1

  static let none = PickleValue(.constant, 0)
  static let no = PickleValue(.constant, 1)
  static let yes = PickleValue(.constant, 2)
  static let emptyTuple = PickleValue(.constant, 3)
  /// No value at all, such as the state of an object that has none.
  static let absent = PickleValue(.constant, 4)

  /// - Precondition: the place is below `maxCount`.
  @inline(__always)
  init(_ kind: Kind, _ place: UInt32) {
    bits = kind.rawValue << Self.placeBits | place & Self.mask
  }

  /// The integer in the word itself; nil where it has no room.
  @inline(__always)
  init?(small integer: Int64) {
    guard integer >= -(1 << 27), integer < 1 << 27 else { return nil }
    self.init(.smallInteger, UInt32(truncatingIfNeeded: integer))
  }

  @inline(__always)
  var kind: Kind { Kind(rawValue: bits >> Self.placeBits) ?? .constant }

  @inline(__always)
  var place: Int { Int(bits & Self.mask) }

  /// The integer that stands in the word.
  @inline(__always)
  var smallInteger: Int64 { Int64(Int32(bitPattern: bits << 4) >> 4) }
}

/// The lists, tuples, sets and dictionaries of a pickle.
struct PickleCollection {
  enum Kind: UInt8 {
    case list, tuple, set, frozenSet, dictionary

    var words: String {
      switch self {
      case .list: "a list"
      case .tuple: "a tuple"
      case .set: "a set"
      case .frozenSet: "a frozenset"
      case .dictionary: "a dictionary"
      }
    }
  }

  var kind: Kind
  /// Where its first elements lie among those of all collections; of a dictionary, keys and values
  /// in turn.
  var start: UInt32
  var count: UInt32
  /// The first and last of further runs of elements; `noRun` where there are none.
  var firstRun: UInt32
  var lastRun: UInt32

  static let noRun = UInt32.max
}

/// Elements that a collection was given later, when others stood behind its first ones.
struct PickleRun {
  var start: UInt32
  var count: UInt32
  var next: UInt32
}

/// What an object would be made of.
struct PickleObject {
  enum Origin: UInt8 {
    /// A call of `callable` with the tuple `arguments`.
    case call
    /// An instance of the class `callable`; `arguments` may be a pair of a tuple and keywords.
    case new
    /// An object that the pickle names by an id, in `arguments`.
    case persistent
    /// An object of copyreg's registry, its number in `arguments`.
    case registered
    /// A buffer that is not in the pickle.
    case buffer
  }

  var origin: Origin
  var callable: PickleValue
  var arguments: PickleValue
  /// What it is to be built with last; `absent` where it is not.
  var state: PickleValue = .absent
  /// A list of what was appended to it; `absent` where nothing was.
  var elements: PickleValue = .absent
  /// A dictionary of what was set in it; `absent` where nothing was.
  var members: PickleValue = .absent
}

/// The name of a class or function.
struct PickleGlobal {
  var module: PickleValue
  var name: PickleValue
}

/// Bytes of a text: in memory, or where they lie in the file.
struct PickleBytes {
  var start: UInt64
  private var sizeAndPlace: UInt64

  init(start: UInt64, count: UInt64, isInFile: Bool) {
    self.start = start
    sizeAndPlace = count << 1 | (isInFile ? 1 : 0)
  }

  var count: UInt64 { sizeAndPlace >> 1 }
  var isInFile: Bool { sizeAndPlace & 1 != 0 }
}
