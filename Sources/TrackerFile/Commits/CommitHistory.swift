public import TrackerModel

/// Finds earlier commits of a file.
struct CommitHistory {
  let locator: CommitLocator
  let last: LocatedCommit

  func select(_ selector: CommitSelector) throws(TrackerError) -> LocatedCommit {
    switch selector {
    case .last: return last
    case .step(let step): return try ancestor(at: step)
    case .sequence(let sequence): return try commit(sequence: sequence)
    }
  }

  private func ancestor(at step: Int64) throws(TrackerError) -> LocatedCommit {
    let ancestry = try SnapshotLoader(locator: locator).load(last).ancestry
    if let found = ancestry.last(where: { $0.step == step }) {
      return try locator.commit(at: found.offset)
    }
    let steps = Set(ancestry.compactMap(\.step)).sorted()
    let below = steps.last { $0 < step }.map { "\($0)" } ?? "none"
    let above = steps.first { $0 > step }.map { "\($0)" } ?? "none"
    throw TrackerError(
      .outOfRange, "rewind",
      "no commit was made at step \(step); the nearest are \(below) before"
        + " and \(above) after it",
      file: locator.records.storage.name, remedy: "'tracker-dump --commits' lists all")
  }

  /// Walks back from the end of the file: a commit begins to cover where the one before it ends.
  private func commit(sequence: UInt64) throws(TrackerError) -> LocatedCommit {
    var current = last
    while current.commit.sequence > sequence, current.commit.sequence > 1 {
      guard let before = try predecessor(of: current) else { break }
      current = before
    }
    guard current.commit.sequence == sequence else {
      throw TrackerError(
        .outOfRange, "open",
        "no commit \(sequence); the file holds commits 1 to \(last.commit.sequence)",
        file: locator.records.storage.name)
    }
    return current
  }

  /// The commit written before `located`, which need not be its parent; nil for the first.
  func predecessor(of located: LocatedCommit) throws(TrackerError) -> LocatedCommit? {
    guard located.commit.sequence > 1 else { return nil }
    let records = RecordReader(
      storage: locator.records.storage, size: located.commit.coversFrom)
    guard
      let found = try CommitLocator(records: records, indexType: locator.indexType).last(),
      found.end == located.commit.coversFrom
    else {
      throw TrackerError(
        .malformed, "commit", "the commit before it is damaged",
        file: records.storage.name, offset: located.reference.offset)
    }
    return found
  }

  /// All commits of the file, first one first, those that were rewound past included.
  func all() throws(TrackerError) -> [CommitSummary] {
    var found = [last.summary]
    var current = last
    while let before = try predecessor(of: current) {
      found.append(before.summary)
      current = before
    }
    return found.reversed()
  }
}

extension TrackerReader {
  /// All commits of the file in their order, those that were rewound past included.
  ///
  /// Complexity: O(commits) reads of their directories, and the records that they cover.
  public func commits() throws(TrackerError) -> [CommitSummary] {
    let locator = CommitLocator(records: records, indexType: indexType)
    guard let last = try locator.last() else { return [] }
    return try CommitHistory(locator: locator, last: last).all()
  }
}
