import TrackerCodec
import TrackerFile

extension Sequence<TileEntry> {
  /// Points in all tiles; one that stands in several counts in each.
  var pointCount: Int { reduce(0) { $0 + $1.statistics.pointCount } }
}
