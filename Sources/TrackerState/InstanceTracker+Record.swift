public import TrackerModel

/// Taking values in.
extension InstanceTracker {
  /// Records a batch of one metric's values; the tracker must have one metric.
  ///
  /// See `record(mode:dsID:epoch:indices:values:)`.
  @discardableResult
  public func record(
    mode: Mode, dsID: Name? = nil, epoch: Int64, indices: [Int64], _ values: [Float]
  ) throws(TrackerError) -> Bool {
    let metric = try onlyMetric()
    guard indexType == .int64 else { throw wrongIndexType(given: .int64) }
    try checkOpen()
    defer { forgetBatch() }
    // Without a dictionary for every batch.
    try take(metric, .float(values), mode, dsID, epoch, count: indices.count)
    return try record(mode, dsID, epoch, indices)
  }

  private func onlyMetric() throws(TrackerError) -> Name {
    guard parameters.metricKeys.count == 1 else {
      throw TrackerError(
        .unknownMetric, "record", "the tracker has \(parameters.metricKeys.count) metrics",
        remedy: "name the metric of the values")
    }
    return parameters.metricKeys[0]
  }

  /// Records a batch.
  ///
  /// An index recorded again in the same epoch keeps its last value. Modes and data sets that are not
  /// tracked, epochs that the frequency leaves out and, where only listed instances can be kept,
  /// others are not recorded. A thrown error has recorded nothing. Values are kept exactly, or
  /// rounded where the parameters have a precision.
  /// - Parameters:
  ///   - indices: of the tracker's type.
  ///   - values: by metric, each with one value per index.
  /// - Returns: whether the batch is one that is recorded.
  /// - Throws: `lengthMismatch`, `unknownMetric`, `wrongIndexType`, `inexactValue`, `closed`.
  /// - Complexity: O(values), without allocation per value.
  @discardableResult
  public func record(
    mode: Mode, dsID: Name? = nil, epoch: Int64, indices: [Int64], values: [Name: MetricValues]
  ) throws(TrackerError) -> Bool {
    guard indexType == .int64 else { throw wrongIndexType(given: .int64) }
    try checkOpen()
    defer { forgetBatch() }
    try take(values, mode, dsID, epoch, count: indices.count)
    return try record(mode, dsID, epoch, indices)
  }

  /// Records the batch that was taken.
  private func record(_ mode: Mode, _ dsID: Name?, _ epoch: Int64, _ indices: [Int64])
    throws(TrackerError) -> Bool
  {
    guard try isRecorded(mode, dsID, epoch) else { return false }
    guard let listed else {
      // All of them, as they come.
      append(mode, dsID, epoch, keys: indices, places: nil)
      return true
    }
    try append(mode, dsID, epoch, count: indices.count) { (place) throws(TrackerError) in
      listed.contains(.integer(indices[place])) ? indices[place] : nil
    }
    return true
  }

  /// Records a batch of instances that are keyed by strings.
  @discardableResult
  public func record(
    mode: Mode, dsID: Name? = nil, epoch: Int64, indices: [Name], values: [Name: MetricValues]
  ) throws(TrackerError) -> Bool {
    guard indexType == .string else { throw wrongIndexType(given: .string) }
    try checkOpen()
    defer { forgetBatch() }
    try take(values, mode, dsID, epoch, count: indices.count)
    guard try isRecorded(mode, dsID, epoch) else { return false }
    for index in indices where index.utf8.count > Limits.maxIndexBytes {
      throw TrackerError(
        .limitExceeded, "record",
        "an index of \(index.utf8.count) bytes, the limit is \(Limits.maxIndexBytes)")
    }
    try append(mode, dsID, epoch, count: indices.count) { (place) throws(TrackerError) in
      if let listed, !listed.contains(.string(indices[place])) { return nil }
      return Int64(try strings.number(of: indices[place]))
    }
    return true
  }

  private func wrongIndexType(given: IndexType) -> TrackerError {
    TrackerError(
      .wrongIndexType, "record", "indices of type \(given), the tracker's are \(indexType)")
  }

  /// Checks a batch whole before any of it is recorded, and takes its columns.
  private func take(
    _ values: [Name: MetricValues], _ mode: Mode, _ dsID: Name?, _ epoch: Int64, count: Int
  ) throws(TrackerError) {
    do throws(TrackerError) {
      for (metric, column) in values { try take(metric, column, mode, dsID, epoch, count: count) }
    } catch {
      // Which of several errors is told does not depend on the dictionary's order.
      for (metric, column) in values.sorted(by: { $0.key < $1.key }) {
        try take(metric, column, mode, dsID, epoch, count: count)
      }
      throw error
    }
  }

  private func take(
    _ metric: Name, _ column: MetricValues, _ mode: Mode, _ dsID: Name?, _ epoch: Int64,
    count: Int
  ) throws(TrackerError) {
    guard let place = metricPlace(of: metric) else {
      throw TrackerError(
        .unknownMetric, "record", "metric '\(metric)' is not tracked",
        remedy: "tracked are \(parameters.metricKeys.map(\.string).joined(separator: ", "))")
    }
    guard column.count == count else {
      throw TrackerError(
        .lengthMismatch, "record",
        "\(count) indices, but \(column.count) values of metric '\(metric)'")
    }
    if !column.isExactInAnyType {
      let channel = Channel(metric: metric, mode: mode, dsID: dsID)
      try column.check(in: recordingType(of: channel, epoch, column), metric: metric)
    }
    batch.append(BatchColumn(metric: place, values: column))
  }

  private func metricPlace(of metric: Name) -> Int? {
    // Comparing with a few names is cheaper than hashing one.
    let names = parameters.metricKeys
    return names.count <= 8 ? names.firstIndex(of: metric) : metricPlaces[metric]
  }

  /// The caller's arrays stay the caller's, who may change them without copying.
  private func forgetBatch() { batch.removeAll(keepingCapacity: true) }

  private func isRecorded(_ mode: Mode, _ dsID: Name?, _ epoch: Int64) throws(TrackerError)
    -> Bool
  {
    if openEpochs.isAimed(at: mode, dsID, epoch) { return true }
    guard (dsID?.utf8.count ?? 0) <= Limits.maxNameBytes else {
      throw TrackerError(.limitExceeded, "record", "the data set id is too long")
    }
    return isTracked(mode, dsID, epoch)
  }

  /// The type in which values are recorded: that of the epoch where it has points, else the
  /// channel's, else the values' own.
  private func recordingType(of channel: Channel, _ epoch: Int64, _ column: MetricValues)
    -> ValueType
  {
    openEpochs[OpenEpoch.Key(channel: channel, epoch: epoch)]?.valueType ?? valueTypes[channel]
      ?? column.naturalType
  }

  private func append(
    _ mode: Mode, _ dsID: Name?, _ epoch: Int64, count: Int,
    key: (Int) throws(TrackerError) -> Int64?
  ) throws(TrackerError) {
    guard count > 0 else { return }
    // All keys first: nothing is recorded where one cannot be had.
    keys.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    for place in 0..<count {
      guard let key = try key(place) else { continue }
      keys.append(key)
      places.append(place)
    }
    append(mode, dsID, epoch, keys: keys, places: places.count == count ? nil : places)
  }

  /// Appends the values at `places` of the batch; nil for all.
  private func append(
    _ mode: Mode, _ dsID: Name?, _ epoch: Int64, keys: [Int64], places: [Int]?
  ) {
    guard !keys.isEmpty else { return }
    if !openEpochs.isAimed(at: mode, dsID, epoch) {
      openEpochs.aim(at: mode, dsID, epoch, metricCount: parameters.metricKeys.count)
    }
    for column in batch {
      let place =
        openEpochs.aimedPlace(ofMetric: column.metric) ?? open(column, mode, dsID, epoch)
      // Checked before: every value is exact.
      openEpochs.append(
        to: place, keys, column.values, at: places, rounding: parameters.precision)
    }
  }

  /// The place of the epoch that a column belongs to, new or known.
  private func open(_ column: BatchColumn, _ mode: Mode, _ dsID: Name?, _ epoch: Int64) -> Int {
    let channel = Channel(metric: parameters.metricKeys[column.metric], mode: mode, dsID: dsID)
    let type = recordingType(of: channel, epoch, column.values)
    valueTypes[channel] = valueTypes[channel] ?? type
    let key = OpenEpoch.Key(channel: channel, epoch: epoch)
    let indexType = indexType
    return openEpochs.aim(metric: column.metric, at: key) {
      OpenEpoch(key, indexType: indexType, valueType: type)
    }
  }
}

/// One metric's values of the batch being recorded.
struct BatchColumn {
  /// The metric's place among those tracked.
  var metric: Int
  var values: MetricValues
}
