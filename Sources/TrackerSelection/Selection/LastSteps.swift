import TrackerCodec
import TrackerFile
import TrackerModel

/// The last few steps of a channel, where they may be all that a selection by last values needs.
///
/// Directories tell how many points those steps have and from where to where all indices go. If a scan
/// of them then finds every integer in that range, no instance is left of which an earlier step would
/// tell.
struct LastSteps {
  let steps: ClosedRange<Int64>
  /// From the first index of all tiles to the last.
  private let bounds: ClosedRange<Int64>

  /// Nil where reading all steps is as well: too few points for all indices, or nothing saved.
  init?(_ tiles: [TileEntry]) {
    var (low, high) = (Int64.max, Int64.min)
    for tile in tiles {
      guard case .integer(let first) = tile.firstIndex, case .integer(let last) = tile.lastIndex
      else { return nil }
      (low, high) = (Swift.min(low, first), Swift.max(high, last))
    }
    let all = Set(tiles.flatMap { $0.columns.map(\.step) }).sorted(by: >)
    guard let end = all.first, low <= high else { return nil }
    bounds = low...high
    let (distance, overflow) = high.subtractingReportingOverflow(low)
    guard !overflow else { return nil }
    let total = tiles.reduce(0) { $0 + $1.statistics.pointCount }
    // A tile is decoded whole.
    for count in [1, 4, 16] where count < all.count {
      let start = all[count - 1]
      let points = tiles.reduce(0) { sum, tile in
        tile.columns.contains { $0.step >= start } ? sum + tile.statistics.pointCount : sum
      }
      guard points <= total / 2 else { return nil }
      if points > distance {
        steps = start...end
        return
      }
    }
    return nil
  }

  /// Whether so many different instances, all within the bounds, are all there can be.
  func areAll(_ count: Int) -> Bool {
    // The distance did not overflow.
    count > 0 && Int64(count - 1) == bounds.upperBound - bounds.lowerBound
  }
}
