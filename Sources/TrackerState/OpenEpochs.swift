import TrackerModel

/// The epochs that are being recorded, one of each channel and epoch number.
///
/// Batches mostly go where the one before went: those epochs are found without hashing their keys.
struct OpenEpochs: Sendable {
  private(set) var list: [OpenEpoch] = []
  private var places: [OpenEpoch.Key: Int] = [:]
  private var aim: Aim?

  /// What a batch is part of, and the epochs it goes to.
  private struct Aim: Sendable {
    var mode: Mode
    var dsID: Name?
    var epoch: Int64
    /// By the metric's place among those tracked; nil where it was not looked for.
    var places: [Int?]
  }

  var isEmpty: Bool { list.isEmpty }

  subscript(key: OpenEpoch.Key) -> OpenEpoch? { places[key].map { list[$0] } }

  /// Adds an epoch, or puts it in the place of one with the same key.
  mutating func set(_ open: OpenEpoch) {
    if let place = places[open.key] {
      list[place] = open
    } else {
      places[open.key] = list.count
      list.append(open)
    }
  }

  mutating func remove(_ key: OpenEpoch.Key) {
    guard let place = places.removeValue(forKey: key) else { return }
    aim = nil
    list.swapAt(place, list.count - 1)
    list.removeLast()
    if place < list.count { places[list[place].key] = place }
  }

  mutating func markCommitted() {
    for place in list.indices { list[place].markCommitted() }
  }

  // MARK: Batches

  /// Whether the last batch was part of the same.
  @inline(__always)
  func isAimed(at mode: Mode, _ dsID: Name?, _ epoch: Int64) -> Bool {
    guard let aim else { return false }
    return aim.mode == mode && aim.epoch == epoch && aim.dsID == dsID
  }

  mutating func aim(at mode: Mode, _ dsID: Name?, _ epoch: Int64, metricCount: Int) {
    aim = Aim(
      mode: mode, dsID: dsID, epoch: epoch, places: Array(repeating: nil, count: metricCount))
  }

  /// The place of a metric's epoch that batches go to; nil where it was not looked for.
  @inline(__always)
  func aimedPlace(ofMetric metric: Int) -> Int? { aim?.places[metric] ?? nil }

  /// Makes an epoch the one that batches of a metric go to.
  ///
  /// - Parameter make: the epoch, where there is none with this key.
  mutating func aim(
    metric: Int, at key: OpenEpoch.Key, orAdd make: () -> OpenEpoch
  ) -> Int {
    let place = places[key] ?? list.count
    if place == list.count { set(make()) }
    aim?.places[metric] = place
    return place
  }

  /// Appends a batch to the epoch at a place.
  @inline(__always)
  mutating func append(
    to place: Int, _ keys: [Int64], _ values: MetricValues, at places: [Int]?,
    rounding precision: Precision?
  ) {
    list[place].append(keys, values, at: places, rounding: precision)
    list[place].foldIfLarge()
  }
}
