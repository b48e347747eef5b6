import TrackerFile
import TrackerModel
import TrackerSelection

/// The eval digits that a run ended worst on, as its merged tracker tells.
struct HardestDigits {
  struct Entry {
    let id: Int
    /// Losses by epoch, in the order of the steps; NaN where an epoch has none.
    let losses: [(epoch: Double, loss: Double)]
    let lastLoss: Double
    /// In how many epochs the network was right, and in how many it was asked.
    let correct: (count: Int, of: Int)
  }

  /// The hardest first.
  let entries: [Entry]
  let epochs: ClosedRange<Double>

  /// Reads the file without locking or changing it; selects anew, as the final selection does, so that
  /// any count can be asked for.
  init(tracker path: String, count: Int) throws {
    let reader = try TrackerReader(path: path)
    defer { reader.close() }
    let losses = Channel(metric: "ce", mode: .eval)
    guard reader.snapshot.channels.contains(losses) else {
      throw TrackerError(.notFound, "selection", "there is no channel \(losses)", file: path)
    }
    let kept = try FinalSelection.select(
      ChannelScan(reader, losses),
      SelectionCriteria(maxToKeep: count, minToKeep: 0, listToKeep: [])
    ).max
    let histories = try ChannelScan(reader, losses, indices: kept).histories(of: kept)
    let answers = try ChannelScan(
      reader, Channel(metric: "correct", mode: .eval), indices: kept
    ).histories(of: kept)
    // An instance without a value in one of the epochs shows a gap there.
    let axis = Set(histories.values.joined().map(Self.epoch)).sorted()
    epochs = (axis.first ?? 1)...(axis.last ?? 1)
    // A selection lists its instances by index; here the hardest comes first.
    let ranked = histories.map { (rank: ValueOrder.rank($1.last?.valueBits ?? 0), index: $0) }
    entries = ranked.sorted(by: >).compactMap { _, index in
      guard case .integer(let id) = index else { return nil }
      let history = histories[index] ?? []
      let byEpoch = Dictionary(
        history.map { (Self.epoch($0), $0.value) }, uniquingKeysWith: { _, later in later })
      let right = answers[index] ?? []
      return Entry(
        id: Int(id), losses: axis.map { ($0, byEpoch[$0] ?? .nan) },
        lastLoss: history.last?.value ?? .nan,
        correct: (right.count { $0.value == 1 }, right.count))
    }
  }

  private static func epoch(_ point: HistoryPoint) -> Double { Double(point.epoch ?? point.step) }
}
