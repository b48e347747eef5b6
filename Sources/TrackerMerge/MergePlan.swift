import TrackerCodec
public import TrackerFile
public import TrackerModel

/// What several trackers have in common, checked before anything is merged.
public struct MergePlan: Sendable {
  public struct Options: Sendable {
    public var policy: ConflictPolicy = .error
    /// How many workers must have taken part; nil to expect none in particular.
    public var expectedWorkers: Int?
    /// The file whose parameters are taken where they disagree.
    public var parameters: Parameters?
    public var allowsMixedRuns = false
    /// Whether the result says of each point who recorded it.
    public var keepsProvenance = false
    /// In which values are rounded; nil to keep them exactly.
    public var precision: Precision?
    /// How many bytes of memory to take, the process included; less where less will do, and more where
    /// directories and single tiles alone are more. The result does not depend on it.
    public var memory = 256 << 20
    /// Where temporary files may be put, for what does not fit; nil for nowhere.
    public var folder: String?
    /// How much of that scans take; nil for what is left of it.
    var scan: ScanMemory?
    /// Which of how many ranges of indices is merged; nil for all.
    public var partition: PartitionNumber?
    /// Whether partitions may be looked at without the others of their set.
    public var allowsMissingPartitions = false
    /// How much time encoding may take; the result's bytes depend on it.
    public var level = EncodingLevel.default

    public init() {}
  }

  /// One of several partitions.
  public struct PartitionNumber: Sendable, Hashable {
    public var number: Int
    public var count: Int

    /// Nil unless the number is 1 to the count.
    public init?(_ number: Int, of count: Int) {
      guard number >= 1, number <= count else { return nil }
      self.number = number
      self.count = count
    }
  }

  /// Sorted.
  public let channels: [Channel]
  /// The part that is merged, and what the result says of it; nil for the whole.
  public let partition: Partition?
  public let indexType: IndexType
  /// Those that all agree on, lists to keep united, the precision the coarsest of all: no value is more
  /// exact than they say. Nil where no input has any, and nothing is rounded.
  public let parameters: Parameters?
  /// Everyone who took part, sorted.
  public let identities: [RunIdentity]
  /// What tiles say of their points' origin.
  let provenance: Provenance
  /// Whether inputs know more of it than the result will.
  public let dropsProvenance: Bool
  /// Unsealed points, which merges leave out.
  public let unsealedPoints: Int
  /// Points in all inputs, duplicates included; of a part about as many as there are to be read.
  public let inputPoints: Int

  /// - Throws: `wrongIndexType`, `mixedRuns`, `parametersDiffer`, `unknownProvenance` or `missingWorker`,
  ///   naming files; the latter also where inputs are partitions of a set that is not whole.
  public init(_ readers: [TrackerReader], _ options: Options) throws(TrackerError) {
    precondition(!readers.isEmpty, "a merge has inputs")
    indexType = readers[0].indexType
    for reader in readers where reader.indexType != indexType {
      throw TrackerError(
        .wrongIndexType, "merge",
        "its indices are \(reader.indexType), those of \(readers[0].name) are \(indexType)",
        file: reader.name)
    }
    identities = Set(readers.flatMap(\.snapshot.identities)).sorted()
    try Self.checkRuns(readers, options)
    try Self.checkWorkers(identities, options)
    if !options.allowsMissingPartitions { try PartitionSet.check(readers) }
    channels = Set(readers.flatMap(\.snapshot.channels)).sorted()
    parameters = try Self.stating(
      Self.precision(readers, options), in: Self.parameters(readers, options), channels)
    if let listed = parameters?.listToKeep?.first, listed.type != indexType {
      throw TrackerError(
        .wrongIndexType, "merge",
        "the parameters list indices of type \(listed.type), those of the inputs are \(indexType)",
        file: readers[0].name, remedy: "take the parameters of a tracker of the same index type")
    }
    provenance =
      options.keepsProvenance
      ? try Provenance(keeping: readers) : Provenance(readers, of: identities)
    dropsProvenance =
      !options.keepsProvenance
      && readers.contains { $0.snapshot.tiles.contains { $0.sources != .none } }
    unsealedPoints = readers.reduce(0) {
      $0 + $1.snapshot.unsealed.reduce(0) { $0 + $1.pointCount }
    }
    let points = readers.reduce(0) {
      $0 + $1.snapshot.tiles.reduce(0) { $0 + $1.statistics.pointCount }
    }
    inputPoints = points / (options.partition?.count ?? 1)
    if let wanted = options.partition {
      partition = try Self.partition(wanted, readers, indexType)
    } else {
      partition = nil
    }
  }

  private static func partition(
    _ wanted: PartitionNumber, _ readers: [TrackerReader], _ indexType: IndexType
  ) throws(TrackerError) -> Partition {
    let parts = PartitionBounds(readers.map(\.snapshot), type: indexType)
    let bounds = parts.bounds(wanted.count)
    return try Partition(
      number: UInt64(wanted.number), count: UInt64(wanted.count), setID: parts.setID,
      range: IndexRange(
        lower: wanted.number > 1 ? bounds[wanted.number - 2] : nil,
        upper: wanted.number < wanted.count ? bounds[wanted.number - 1] : nil))
  }

  private static func checkRuns(_ readers: [TrackerReader], _ options: Options)
    throws(TrackerError)
  {
    guard !options.allowsMixedRuns else { return }
    var first: (run: Name, file: String)?
    for reader in readers {
      for identity in reader.snapshot.identities {
        if let first, first.run != identity.runID {
          throw TrackerError(
            .mixedRuns, "merge",
            "it belongs to run \(identity.runID), \(first.file) to run \(first.run)",
            file: reader.name,
            remedy: "merge files of one run, or allow others with --allow-mixed-runs")
        }
        first = first ?? (identity.runID, reader.name)
      }
    }
  }

  private static func checkWorkers(_ identities: [RunIdentity], _ options: Options)
    throws(TrackerError)
  {
    guard let expected = options.expectedWorkers else { return }
    let missing = MissingWorkers(of: expected, among: identities)
    guard missing.isEmpty else {
      throw TrackerError(
        .missingWorker, "merge", "no input holds \(missing)",
        remedy: "add their files, or merge without --expect-workers")
    }
  }

  private static func parameters(_ readers: [TrackerReader], _ options: Options)
    throws(TrackerError) -> Parameters?
  {
    var agreed: (parameters: Parameters, file: String)?
    var list = options.parameters?.listToKeep
    for reader in readers {
      guard let given = reader.snapshot.parameters else { continue }
      // A list of another type cannot be united; the check of the result names it.
      if let more = given.listToKeep, list?.first.map({ $0.type == more.first?.type }) ?? true {
        list = Parameters.sortedUnique((list ?? []) + more)
      }
      if options.parameters == nil, let agreed {
        let differences = agreed.parameters.differences(
          from: given, ignoringList: true, ignoringPrecision: options.precision != nil)
        if let first = differences.first {
          throw TrackerError(
            .parametersDiffer, "merge",
            "\(first.setting) is \(first.given), in \(agreed.file) it is \(first.stored)"
              + (differences.count > 1
                ? ", and \(differences.count - 1) more settings differ" : ""),
            file: reader.name, remedy: "choose one file's settings with --parameters-from FILE")
        }
      }
      agreed = agreed ?? (given, reader.name)
    }
    guard let chosen = options.parameters ?? agreed?.parameters else { return nil }
    return try chosen.with(listToKeep: list ?? chosen.listToKeep)
  }

  /// The coarsest of all inputs', of the parameters chosen and of the one asked for.
  private static func precision(_ readers: [TrackerReader], _ options: Options) -> Precision? {
    readers.reduce(Precision.coarsest(options.precision, options.parameters?.precision)) {
      Precision.coarsest($0, $1.snapshot.parameters?.precision)
    }
  }

  /// Parameters that state a precision: those given, or, for files without any, the default ones of
  /// the channels' metrics.
  ///
  /// - Throws: `invalidParameter` where there are more metrics than parameters can hold.
  public static func stating(
    _ precision: Precision?, in parameters: Parameters?, _ channels: [Channel]
  ) throws(TrackerError) -> Parameters? {
    guard let precision else { return parameters }
    if let parameters { return try parameters.with(precision: precision) }
    let metrics = Set(channels.map(\.metric)).sorted()
    return try Parameters(
      metricKeys: metrics.isEmpty ? ["value"] : metrics, modes: .all,
      keepMantissaBits: precision.keepMantissaBits)
  }
}
