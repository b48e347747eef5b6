/// The bits of a commit's and a segment's flags.
enum CommitFlags {
  static let presynced: UInt64 = 1
  static let wallTime: UInt64 = 2
  static let step: UInt64 = 4
  static let epoch: UInt64 = 8
  static let parent: UInt64 = 16
  static let ancestor: UInt64 = 32
  static let parameters: UInt64 = 64
  static let keptSets: UInt64 = 128
  static let identity: UInt64 = 256
  static let partition: UInt64 = 512

  /// Those of the fields that commits and segments share.
  static func ofMoment(_ step: Int64?, _ epoch: Int64?, _ wallTime: UInt64?) -> UInt64 {
    (wallTime != nil ? self.wallTime : 0) | (step != nil ? self.step : 0)
      | (epoch != nil ? self.epoch : 0)
  }

  static func of(_ commit: Commit) -> UInt64 {
    var flags = ofMoment(commit.step, commit.epoch, commit.wallTime)
    if commit.isPresynced { flags |= presynced }
    if commit.parent != nil { flags |= parent }
    if commit.ancestor != nil { flags |= ancestor }
    if commit.parameters != nil { flags |= parameters }
    if commit.keptSets != nil { flags |= keptSets }
    if commit.identity != nil { flags |= identity }
    if commit.partition != nil { flags |= partition }
    return flags
  }

  /// Of a segment's commit.
  static func of(_ summary: CommitSummary) -> UInt64 {
    ofMoment(summary.step, summary.epoch, summary.wallTime)
      | (summary.identity != nil ? identity : 0)
  }
}
