import TrackerCodec
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
      .outOfRange, "search for a step",
      "no commit was made at step \(step); the nearest are \(below) before"
        + " and \(above) after it",
      file: locator.records.storage.name, remedy: "'tracker-dump --commits' lists all")
  }

  /// Looks among the last commit's parents first, then at what was rewound past.
  private func commit(sequence: UInt64) throws(TrackerError) -> LocatedCommit {
    let ancestry = try SnapshotLoader(locator: locator).load(last).ancestry
    if let found = ancestry.first(where: { $0.sequence == sequence }) {
      return try locator.commit(at: found.offset)
    }
    var current = last
    while current.commit.sequence > sequence, let before = try predecessor(of: current) {
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
  ///
  /// It ends where `located` begins to cover. What it covers itself is not read: it was durable
  /// before anything was appended.
  private func predecessor(of located: LocatedCommit) throws(TrackerError) -> LocatedCommit? {
    guard located.commit.sequence > 1 else { return nil }
    let end = located.commit.coversFrom
    let storage = locator.records.storage
    func damaged(_ detail: String) -> TrackerError {
      TrackerError(
        .malformed, "commit \(located.commit.sequence - 1)", detail, file: storage.name,
        offset: end, remedy: "'tracker recover' saves what can be read")
    }
    guard end >= UInt64(FileHeader.size + RecordHeader.size + Commit.trailerSize) else {
      throw damaged("there is no room for it before this offset")
    }
    var mark: [UInt8] = []
    try storage.readExactly(
      at: end - UInt64(Commit.trailerSize), count: Commit.trailerSize, within: locator.records.size,
      into: &mark)
    var reader = ByteReader(mark.span, subject: "commit end mark")
    let offset = try reader.readFixed(UInt64.self, "offset")
    guard mark[8...].elementsEqual(Commit.trailerMagic), offset < end else {
      throw damaged("no commit ends at this offset")
    }
    let found = try locator.commit(at: offset)
    guard found.end == end, found.commit.sequence == located.commit.sequence - 1 else {
      throw damaged("the commit that ends at this offset is another")
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
