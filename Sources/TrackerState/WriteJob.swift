import TrackerCodec
import TrackerFile
import TrackerModel

/// What the recording side hands to the writing side: values of their own, which nobody changes.
enum WriteJob: Sendable {
  case seal(Seal)
  case commit(CommitRequest)

  /// Epochs that have ended: one for each metric of a mode and data set, or two where the epoch was
  /// recorded under two numbers.
  struct Seal: Sendable {
    var epochs: [OpenEpoch]
    /// The epoch that they are, under whatever number they were recorded; nil where they are not kept.
    var epoch: Int64?
    /// What the numbers of string indices stand for.
    var strings: StringColumn
    var step: Int64
  }

  struct CommitRequest: Sendable {
    /// Nil where the file holds them already.
    var parameters: Parameters?
    var keptSets: [KeptSets]?
    /// Points of epochs that have not ended, without those that earlier commits hold; sorted by key.
    var unsealed: [OpenEpoch]
    var strings: StringColumn
    var step: Int64?
    var epoch: Int64?
    /// Microseconds since 1970.
    var wallTime: UInt64
  }

  var isSeal: Bool { if case .seal = self { true } else { false } }
}

/// Does jobs: sorts, encodes and appends.
///
/// SAFETY: not safe for several threads at a time, and never used so: whoever uses it has taken the
/// turn in `WriteQueue`, under its lock, and gives it back there. `TrackerWriter` has one owner and
/// cannot say so in its type.
final class WritingSide: @unchecked Sendable {
  let writer: TrackerWriter
  private var ranks: [UInt32] = []

  init(_ writer: TrackerWriter) { self.writer = writer }

  /// Does all of a job, or nothing: after a failure it can be done again.
  func run(_ job: WriteJob) throws(TrackerError) {
    let mark = writer.mark
    do throws(TrackerError) {
      switch job {
      case .seal(let seal): try run(seal)
      case .commit(let request): try run(request)
      }
    } catch {
      writer.rollBack(to: mark)
      throw error
    }
  }

  private func run(_ seal: WriteJob.Seal) throws(TrackerError) {
    var bits: [UInt64] = []
    for open in seal.epochs {
      guard let epoch = seal.epoch else { continue }
      let column = TileColumn(step: seal.step, epoch: epoch)
      try open.forEachPart(
        of: InstanceTracker.rowsPerTile, seal.strings, ranks: ranks(of: seal.strings),
        buffer: { exchange(&bits, with: []) }
      ) { (rows, part) throws(TrackerError) in
        let values = ValueBuffer(part.span, open.valueType)
        bits = part
        bits.removeAll(keepingCapacity: true)
        try writer.appendTile(
          channel: open.key.channel, rows: rows, columns: [column], presence: .all(rows.count),
          values: values)
      }
    }
    try writer.finishTiles()
    for open in seal.epochs {
      writer.removeUnsealed(channel: open.key.channel, epoch: open.key.epoch)
    }
  }

  private func run(_ request: WriteJob.CommitRequest) throws(TrackerError) {
    if let parameters = request.parameters { try writer.setParameters(parameters) }
    if let keptSets = request.keptSets { try writer.setKeptSets(keptSets) }
    for open in request.unsealed {
      try open.forEachPart(
        of: Limits.maxTileRows, request.strings, ranks: ranks(of: request.strings)
      ) { (rows, bits) throws(TrackerError) in
        try writer.appendUnsealed(
          channel: open.key.channel, epoch: open.key.epoch, valueType: open.valueType,
          indices: rows.column, values: bits)
      }
    }
    try writer.commit(step: request.step, epoch: request.epoch, wallTime: request.wallTime)
  }

  /// What numbers of strings sort by. Strings are only ever added, so equal counts are equal columns.
  private func ranks(of strings: StringColumn) -> [UInt32] {
    if ranks.count != strings.count { ranks = strings.sortedRanks() }
    return ranks
  }
}
