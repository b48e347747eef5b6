public import TrackerFile
public import TrackerModel

/// A union of which every point is certain: it ends with `mergeConflict` where points contradict each
/// other and the scan's policy refuses them or cannot decide, before anything of their block of rows is
/// given out.
public final class DecidedScan: HistorySource {
  private let scan: UnionScan
  private let report: (ConflictLog) -> Void

  /// - Parameter onConflict: called with the conflicts before they are thrown.
  public init(_ scan: UnionScan, onConflict: @escaping (ConflictLog) -> Void = { _ in }) {
    self.scan = scan
    report = onConflict
  }

  public var channel: Channel { scan.channel }
  public var valueType: ValueType { scan.valueType }
  public var rows: IndexColumn { scan.rows }
  public var columns: [TileColumn] { scan.columns }
  public var block: CellBlock { scan.block }

  public func identities(ofOrigin origin: UInt32) -> [RunIdentity] {
    scan.identities(ofOrigin: origin)
  }

  public func advance() throws(TrackerError) -> Bool {
    let isMore = try scan.advance()
    let refused = scan.policy == .error ? scan.conflicts.count : scan.conflicts.undecided
    guard refused == 0 else {
      report(scan.conflicts)
      throw TrackerError(
        .mergeConflict, "inputs", "points have different values in different files",
        remedy: "merge them with --on-conflict min, max, first or last, and read the result")
    }
    return isMore
  }
}
