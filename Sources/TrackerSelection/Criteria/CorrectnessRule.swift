import TrackerCodec
public import TrackerFile
public import TrackerModel

/// Which values say that the model was right about an instance. A NaN never does.
public enum CorrectnessRule: Sendable, Hashable {
  /// Values below a threshold, as of a loss.
  case below(Double)
  /// Values of a threshold or above, as of a 0/1 metric.
  case atLeast(Double)

  /// A cross-entropy below the logarithm of 2 says that the true class had more than half of the
  /// probability, and so was the answer.
  public static let ofLoss = CorrectnessRule.below(0x1.62e42fefa39efp-1)
  /// Of a metric that is 0 or 1.
  public static let ofHits = CorrectnessRule.atLeast(0.5)
}

// MARK: Where nothing is said

extension CorrectnessRule {
  /// `ofHits` for a channel whose points are all 0 or 1, `ofLoss` for others.
  ///
  /// Depends on nothing but the points: directories only tell where to look first. Of a loss this
  /// reads a few tiles, of a 0/1 metric all.
  /// - Parameters:
  ///   - tiles: those of the channel, of all inputs.
  ///   - scan: makes a scan of some steps of the channel, or of all for nil.
  public init(
    guessedFrom tiles: [TileEntry], scan: (ClosedRange<Int64>?) -> any HistorySource
  ) throws(TrackerError) {
    if let tile = tiles.last(where: { !$0.mayHoldOnlyHits }), let first = tile.columns.first,
      let last = tile.columns.last, try !Self.areHits(scan(first.step...last.step))
    {
      self = .ofLoss
      return
    }
    self = try Self.areHits(scan(nil)) ? .ofHits : .ofLoss
  }

  private static func areHits(_ source: any HistorySource) throws(TrackerError) -> Bool {
    while try source.advance() {
      let block = source.block
      var areHits = true
      for column in 0..<block.columnCount {
        block.forEachPoint(ofColumn: column, rows: 0..<block.rowCount) { _, bits in
          let value = Double(bitPattern: bits)
          if value != 0, value != 1 { areHits = false }
        }
        if !areHits { return false }
      }
    }
    return true
  }
}

extension TileEntry {
  /// Whether its statistics could be those of zeros and ones.
  fileprivate var mayHoldOnlyHits: Bool {
    func isHit(_ bits: UInt64?) -> Bool {
      guard let value = bits.map({ Double(bitPattern: $0) }) else { return true }
      return value == 0 || value == 1
    }
    return statistics.nanCount == 0 && isHit(statistics.min) && isHit(statistics.max)
  }
}
