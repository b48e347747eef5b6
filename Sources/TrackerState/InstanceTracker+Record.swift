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
    try record(
      mode: mode, dsID: dsID, epoch: epoch, indices: indices,
      values: [onlyMetric(): .float(values)])
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
    guard try isRecorded(mode, dsID, epoch, count: indices.count, values) else { return false }
    guard let listed else {
      // All of them, as they come.
      append(mode, dsID, epoch, values, keys: indices, places: nil)
      return true
    }
    try append(mode, dsID, epoch, values, count: indices.count) { (place) throws(TrackerError) in
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
    guard try isRecorded(mode, dsID, epoch, count: indices.count, values) else { return false }
    for index in indices where index.utf8.count > Limits.maxIndexBytes {
      throw TrackerError(
        .limitExceeded, "record",
        "an index of \(index.utf8.count) bytes, the limit is \(Limits.maxIndexBytes)")
    }
    try append(mode, dsID, epoch, values, count: indices.count) { (place) throws(TrackerError) in
      if let listed, !listed.contains(.string(indices[place])) { return nil }
      return Int64(try strings.number(of: indices[place]))
    }
    return true
  }

  private func wrongIndexType(given: IndexType) -> TrackerError {
    TrackerError(
      .wrongIndexType, "record", "indices of type \(given), the tracker's are \(indexType)")
  }

  /// Checks a batch whole before any of it is recorded.
  private func isRecorded(
    _ mode: Mode, _ dsID: Name?, _ epoch: Int64, count: Int, _ values: [Name: MetricValues]
  ) throws(TrackerError) -> Bool {
    try checkOpen()
    for (metric, column) in values.sorted(by: { $0.key < $1.key }) {
      guard parameters.metricKeys.contains(metric) else {
        throw TrackerError(
          .unknownMetric, "record", "metric '\(metric)' is not tracked",
          remedy: "tracked are \(parameters.metricKeys.map(\.string).joined(separator: ", "))")
      }
      guard column.count == count else {
        throw TrackerError(
          .lengthMismatch, "record",
          "\(count) indices, but \(column.count) values of metric '\(metric)'")
      }
      let channel = Channel(metric: metric, mode: mode, dsID: dsID)
      try column.check(in: recordingType(of: channel, epoch, column), metric: metric)
    }
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
    _ mode: Mode, _ dsID: Name?, _ epoch: Int64, _ values: [Name: MetricValues], count: Int,
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
    append(mode, dsID, epoch, values, keys: keys, places: places)
  }

  /// Appends the values at `places` of the batch; nil for all.
  private func append(
    _ mode: Mode, _ dsID: Name?, _ epoch: Int64, _ values: [Name: MetricValues], keys: [Int64],
    places: [Int]?
  ) {
    guard !keys.isEmpty else { return }
    for (metric, column) in values {
      let channel = Channel(metric: metric, mode: mode, dsID: dsID)
      let type = recordingType(of: channel, epoch, column)
      valueTypes[channel] = valueTypes[channel] ?? type
      let openKey = OpenEpoch.Key(channel: channel, epoch: epoch)
      // Taken out while it grows, so that its blocks are not copied.
      var open =
        openEpochs.removeValue(forKey: openKey)
        ?? OpenEpoch(openKey, indexType: indexType, valueType: type)
      // Checked before: every value is exact.
      if let precision = parameters.precision {
        open.append(keys) {
          precision.rounded(column.bits(at: places?[$0] ?? $0, in: type) ?? 0, type)
        }
      } else if case .float(let values) = column, type == .float32 {
        if let places {
          open.append(keys) { UInt64(values[places[$0]].bitPattern) }
        } else {
          open.append(keys) { UInt64(values[$0].bitPattern) }
        }
      } else {
        open.append(keys) { column.bits(at: places?[$0] ?? $0, in: type) ?? 0 }
      }
      open.foldIfLarge()
      openEpochs[openKey] = open
    }
  }
}
