import TrackerInterchange

/// What is fuzzed: each reads bytes from outside and must throw or be right, never trap or hang.
///
/// The same entry points serve the fuzzer (`Tools/reliability/fuzz`) and the tests, which replay the corpus.
public enum FuzzTarget: String, CaseIterable, Sendable {
  case header
  case record
  case commit
  case parameters
  case keptSets = "kept-sets"
  case unsealed
  case tile
  case indexSet = "index-set"
  case subset
  case numerals
  case ordered
  case dictionary
  case rising
  case falling
  case linear
  case squared
  case float16
  case file
  case csv
  case ndjson
  case npz
  case pickle

  /// Reads the bytes, and checks what can be checked of what they mean.
  ///
  /// - Precondition: what is read holds together; where it does not, this traps and says what.
  public func run(_ bytes: [UInt8]) {
    switch self {
    case .header: RecordFuzzing.readFileHeader(bytes)
    case .record: RecordFuzzing.readRecordHeader(bytes)
    case .commit: DirectoryFuzzing.readCommit(bytes)
    case .parameters: DirectoryFuzzing.readParameters(bytes)
    case .keptSets: DirectoryFuzzing.readKeptSets(bytes)
    case .unsealed: TileFuzzing.readUnsealed(bytes)
    case .tile: TileFuzzing.readTile(bytes)
    case .indexSet: IndexSetFuzzing.readSet(bytes)
    case .subset: IndexSetFuzzing.readSubset(bytes)
    case .numerals: NumeralsFuzzing.check(bytes)
    case .ordered, .dictionary, .rising, .falling, .linear, .squared, .float16:
      ValueFuzzing.readColumn(bytes, mapping: mapping)
    case .file: FileFuzzing.readFile(bytes)
    case .csv: ImportFuzzing.readPoints(bytes, .csv)
    case .ndjson: ImportFuzzing.readPoints(bytes, .ndjson)
    case .npz: ImportFuzzing.readArchive(bytes)
    case .pickle: PickleFuzzing.readCheckpoint(bytes)
    }
  }

  /// The number of a column's mapping in its first byte; 0 where no column is read.
  public var mapping: UInt8 {
    switch self {
    case .ordered: 1
    case .dictionary: 2
    case .rising: 3
    case .falling: 4
    case .linear: 5
    case .squared: 6
    case .float16: 7
    default: 0
    }
  }

  /// Makes what a mutation broke whole again where it would hide everything behind it: checksums.
  public func reseal(_ bytes: inout [UInt8]) {
    switch self {
    case .header: Resealing.sealHeader(&bytes)
    case .record: Resealing.sealRecordHeader(&bytes)
    case .file: Resealing.sealFile(&bytes)
    case .npz: Resealing.sealArchive(&bytes)
    default: break
    }
  }
}

/// Ends the process where a target's promise is broken.
func require(_ holds: Bool, _ promise: @autoclosure () -> String) {
  if !holds { fatalError("broken promise: \(promise())") }
}
