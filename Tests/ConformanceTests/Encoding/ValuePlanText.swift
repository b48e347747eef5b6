import TrackerModel

/// How a column of values is written, all of it given.
struct ValuePlanText {
  enum Mapping {
    /// A constant where all values are the same, else ordered integers.
    case automatic
    case ordered(shift: Int)
    /// Exactly the values there are, and some more.
    case dictionary(more: [UInt64] = [])
    case logarithm(isRising: Bool, precision: UInt8)
    case linear(exponent: Int, divisor: UInt64 = 1, coarseness: [Int]? = nil)
    case squared(exponent: Int, coarseness: [Int]? = nil)
    case float16
    /// Bytes as they are.
    case raw([UInt8])
  }

  enum Bins {
    /// All bits are extra bits.
    case one
    /// 256 of a length.
    case even
    /// Short ones about the codes that there are.
    case fitted
  }

  struct Groups {
    var inertia = 2
    var bucketBits = 5
    var start: UInt8 = 100
    var highest: UInt8?
  }

  enum Corrections { case list, plane, deflatedPlane }

  var mapping = Mapping.automatic
  /// 0 none, 1 previous, 2 trend, 3 neighbour.
  var difference: UInt8 = 0
  var bins = Bins.fitted
  var groups: Groups?
  var symbols = BytePlan.stored
  /// Of symbols by context, and of those whose plan it is.
  var numerals = NumeralsText()
  var isNarrowed = false
  var corrections = Corrections.list
  /// How the columns of exceptions are written.
  var exceptionBytes = BytePlan.stored

  init(_ mapping: Mapping = .automatic) { self.mapping = mapping }
}

/// How a tile's columns are listed.
struct ColumnListPlan {
  /// Whether distances that are all the same are listed.
  var listsSteps = false
  /// Whether epochs that count up are listed.
  var listsEpochs = false
}

/// How integers of an index set are written.
struct IntegerSetPlan {
  enum Coding { case automatic, gaps, runs, bits(BitPlan) }

  var coding = Coding.automatic
  /// Nil for the greatest that there is.
  var unit: UInt64?
  var bytes = BytePlan.stored
  var strings = StringSetPlan()

  init(
    _ coding: Coding = .automatic, unit: UInt64? = nil, bytes: BytePlan = .stored,
    strings: StringSetPlan = StringSetPlan()
  ) {
    self.coding = coding
    self.unit = unit
    self.bytes = bytes
    self.strings = strings
  }
}

/// How strings of an index set are written.
struct StringSetPlan {
  var sharesFront = true
  var sharesBack = true
  var columns = BytePlan.stored
  var bytes = BytePlan.stored
}

/// Where a tile's rows are listed.
enum IndexCoding {
  /// Dense where they are consecutive integers, else a record of its own.
  case automatic
  case list(IntegerSetPlan)
  /// The record of this name.
  case named(String)
}

/// How presence is written where cells are absent.
enum PresencePlan {
  /// Full and empty columns by their kinds, others by bits.
  case bitmap(BitPlan)
  /// Bits for every column, full and empty ones too.
  case everyColumn(BitPlan)
  /// These kinds.
  case kinds(
    [UInt64], own: BitPlan = .bitmap, changes: BitPlan = .bitmap, bytes: BytePlan = .stored)
}
