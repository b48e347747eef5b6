/// One column of a tile: the values of one epoch's end.
///
/// Columns sort by step, then epoch, absent first. A step stands in several columns of one tile only
/// where inputs disagree about its epoch, each point being in one of them.
public struct TileColumn: Sendable, Hashable, Comparable {
  public var step: Int64
  /// Nil where the epoch is not known.
  public var epoch: Int64?

  public init(step: Int64, epoch: Int64?) {
    self.step = step
    self.epoch = epoch
  }

  public static func < (left: TileColumn, right: TileColumn) -> Bool {
    if left.step != right.step { return left.step < right.step }
    switch (left.epoch, right.epoch) {
    case (nil, nil), (_?, nil): return false
    case (nil, _?): return true
    case (let left?, let right?): return left < right
    }
  }
}
