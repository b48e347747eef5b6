/// What a tracker records and keeps: the reference's constructor arguments.
public struct Parameters: Sendable, Hashable {
  /// The name under which a training loop passes instance indices.
  public let indexKey: Name
  /// The metrics recorded, each a channel, in the order given.
  public let metricKeys: [Name]
  /// How many instances with the highest last values a selection keeps.
  public let maxToKeep: Int
  /// How many instances with the lowest last values a selection keeps.
  public let minToKeep: Int
  /// Instances kept whatever their values; sorted, each once. Nil and empty differ only in print.
  public let listToKeep: [InstanceIndex]?
  /// Every how many epochs values are recorded: those divisible by it.
  public let epochFrequency: Int
  public let modes: ModeFilter
  public let dsIDs: DSIDFilter
  /// The name of the result; nil for the default, `<metric>_by_<index>`.
  public let customOutputName: Name?
  /// In which recorded values are rounded, or were; nil, the default, for lossless.
  public let precision: Precision?

  /// - Throws: `invalidParameter` for negative counts, an epoch frequency below 1, no metric or the
  ///   same metric twice, listed indices of both types, names outside the limits, or mantissa bits
  ///   outside of 1 to 52.
  public init(
    indexKey: Name = "idx", metricKeys: [Name], maxToKeep: Int = 5, minToKeep: Int = 5,
    listToKeep: [InstanceIndex]? = nil, epochFrequency: Int = 1,
    modes: ModeFilter = .only([.eval]), dsIDs: DSIDFilter = .all, outputName: Name? = nil,
    keepMantissaBits: Int? = nil
  ) throws(TrackerError) {
    func invalid(_ detail: String) -> TrackerError {
      TrackerError(.invalidParameter, "tracker parameters", detail)
    }
    guard maxToKeep >= 0 else {
      throw invalid("n_max_to_keep must be non-negative, but got \(maxToKeep)")
    }
    guard minToKeep >= 0 else {
      throw invalid("n_min_to_keep must be non-negative, but got \(minToKeep)")
    }
    guard epochFrequency >= 1 else {
      throw invalid("epoch_frequency must be at least 1, but got \(epochFrequency)")
    }
    guard !metricKeys.isEmpty, metricKeys.count <= Limits.maxMetrics else {
      throw invalid("1 to \(Limits.maxMetrics) metrics are needed, but got \(metricKeys.count)")
    }
    guard Set(metricKeys).count == metricKeys.count else {
      throw invalid("a metric is named twice: \(metricKeys.map(\.string))")
    }
    for name in metricKeys + [indexKey] + (outputName.map { [$0] } ?? []) {
      guard !name.utf8.isEmpty, name.utf8.count <= Limits.maxNameBytes else {
        throw invalid("a name must have 1 to \(Limits.maxNameBytes) UTF-8 bytes")
      }
    }
    if let listToKeep {
      guard listToKeep.count <= Limits.maxListedIndices else {
        throw invalid("list_to_keep has \(listToKeep.count) of at most \(Limits.maxListedIndices)")
      }
      guard Set(listToKeep.map(\.type)).count <= 1 else {
        throw invalid("list_to_keep holds integers and strings; a tracker has one index type")
      }
    }
    for index in listToKeep ?? [] {
      guard case .string(let name) = index, name.utf8.count > Limits.maxIndexBytes else { continue }
      throw invalid(
        "a listed index has \(name.utf8.count) of at most \(Limits.maxIndexBytes) bytes")
    }
    switch modes {
    case .only([]), .except([]): throw invalid("a mode filter names no mode")
    default: break
    }
    switch dsIDs {
    case .all: break
    case .only(let names), .except(let names):
      guard !names.isEmpty, names.count <= Limits.maxDataSetIDs else {
        throw invalid("a data set filter names 1 to \(Limits.maxDataSetIDs) data sets")
      }
      for name in names where name.utf8.isEmpty || name.utf8.count > Limits.maxNameBytes {
        throw invalid("a data set id must have 1 to \(Limits.maxNameBytes) UTF-8 bytes")
      }
    }
    if let keepMantissaBits {
      precision = try Precision(keepMantissaBits: keepMantissaBits)
    } else {
      precision = nil
    }
    self.indexKey = indexKey
    self.metricKeys = metricKeys
    self.maxToKeep = maxToKeep
    self.minToKeep = minToKeep
    self.listToKeep = listToKeep.map(Self.sortedUnique)
    self.epochFrequency = epochFrequency
    self.modes = modes
    self.dsIDs = dsIDs
    self.customOutputName = outputName
  }

  /// The mantissa bits that recorded values keep; nil for all.
  public var keepMantissaBits: Int? { precision?.keepMantissaBits }

  /// The same with another list to keep.
  public func with(listToKeep: [InstanceIndex]?) throws(TrackerError) -> Parameters {
    try copy(listToKeep: listToKeep, precision: precision)
  }

  /// The same with another precision.
  public func with(precision: Precision?) throws(TrackerError) -> Parameters {
    try copy(listToKeep: listToKeep, precision: precision)
  }

  private func copy(listToKeep: [InstanceIndex]?, precision: Precision?) throws(TrackerError)
    -> Parameters
  {
    try Parameters(
      indexKey: indexKey, metricKeys: metricKeys, maxToKeep: maxToKeep, minToKeep: minToKeep,
      listToKeep: listToKeep, epochFrequency: epochFrequency, modes: modes, dsIDs: dsIDs,
      outputName: customOutputName, keepMantissaBits: precision?.keepMantissaBits)
  }

  /// The result's name for one metric; several metrics share a custom name.
  public func outputName(for metric: Name) -> Name {
    customOutputName ?? Name("\(metric)_by_\(indexKey)")
  }

  /// Whether nothing but the listed instances is recorded.
  ///
  /// With no highest and no lowest to keep, values of unlisted instances can never be used.
  public var recordsOnlyListed: Bool {
    maxToKeep == 0 && minToKeep == 0 && !(listToKeep ?? []).isEmpty
  }

  public static func sortedUnique(_ indices: [InstanceIndex]) -> [InstanceIndex] {
    if zip(indices, indices.dropFirst()).allSatisfy({ $0 < $1 }) { return indices }
    var sorted = indices.sorted()
    var last: InstanceIndex?
    sorted.removeAll { index in
      defer { last = index }
      return index == last
    }
    return sorted
  }
}
