/// One series of histories: a metric in one mode on one data set.
///
/// Channels sort by metric, then mode, then data set id, absent before present: the order in which
/// files list them and exports print them.
public struct Channel: Sendable, Hashable, CustomStringConvertible {
  public var metric: Name
  public var mode: Mode
  /// Which of several data sets of the mode; nil where there is one.
  public var dsID: Name?

  /// - Parameter dsID: an empty one is none, as in the reference.
  public init(metric: Name, mode: Mode, dsID: Name? = nil) {
    self.metric = metric
    self.mode = mode
    self.dsID = dsID?.utf8.isEmpty == true ? nil : dsID
  }

  public var description: String {
    if let dsID { "\(metric) \(mode) \(dsID)" } else { "\(metric) \(mode)" }
  }
}

extension Channel: Comparable {
  public static func < (left: Channel, right: Channel) -> Bool {
    if left.metric != right.metric { return left.metric < right.metric }
    if left.mode != right.mode { return left.mode < right.mode }
    switch (left.dsID, right.dsID) {
    case (nil, nil), (_?, nil): return false
    case (nil, _?): return true
    case (let left?, let right?): return left < right
    }
  }
}
