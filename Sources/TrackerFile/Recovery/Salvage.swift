import TrackerCodec
public import TrackerModel

/// Everything of a damaged file that can still be read, as a snapshot of its own.
///
/// Tiles come from the directories of all commits that verify, and, where a commit is damaged, from
/// the records themselves: a tile says which channel, steps and rows it holds. Tiles behind the last
/// commit are taken too: their values were recorded, only their checkpoint was not finished.
public struct Salvage: Sendable {
  /// What can be read.
  public internal(set) var snapshot = Snapshot()
  public internal(set) var recoveredPoints: [Channel: Int] = [:]
  /// Points that directories name but that cannot be read.
  public internal(set) var lostPoints: [Channel: Int] = [:]
  /// Bytes in which nothing could be read, beyond tiles counted as lost.
  public internal(set) var damagedBytes: UInt64 = 0
  /// Commits that were damaged themselves.
  public internal(set) var damagedCommits = 0
  /// Points of tiles that no readable commit lists.
  public internal(set) var uncommittedPoints = 0

  public var isComplete: Bool {
    lostPoints.isEmpty && damagedBytes == 0 && damagedCommits == 0 && uncommittedPoints == 0
  }
}

extension TrackerReader {
  /// Opens what can still be read of a file, however damaged behind its header.
  ///
  /// - Throws: where the header is damaged, or the file cannot be read.
  public static func salvaging(_ storage: any Storage) throws(TrackerError)
    -> (reader: TrackerReader, salvage: Salvage)
  {
    let size = try storage.size()
    let header = try readHeader(storage, size: size)
    var salvager = Salvager(RecordReader(storage: storage, size: size), header.indexType)
    try salvager.run()
    let reader = TrackerReader(storage, header: header, size: size, salvager.salvage.snapshot)
    return (reader, salvager.salvage)
  }
}

private struct Salvager {
  let records: RecordReader
  let indexType: IndexType
  let locator: CommitLocator
  var salvage = Salvage()
  private var tiles: [UInt64] = []
  private var commits: [LocatedCommit] = []
  private var unreadableCommits: [UInt64] = []
  private var damagedTiles: [(offset: UInt64, length: UInt64)] = []
  /// Whether there are bytes of which it is not known what they were.
  private var mayHideCommits = false

  init(_ records: RecordReader, _ indexType: IndexType) {
    self.records = records
    self.indexType = indexType
    locator = CommitLocator(records: records, indexType: indexType)
  }

  mutating func run() throws(TrackerError) {
    try walk()
    let line = newestLine()
    let head = line.last
    var entries: [UInt64: TileEntry] = [:]
    var abandoned: Set<UInt64> = []
    let onLine = Set(line.map(\.offset))
    // Several commits list a segment again. The newest of them counts, as for a reader: that of an older
    // one may tell otherwise, and what only it tells is not lost.
    var listed: Set<UInt64> = []
    for commit in commits.reversed() {
      for segment in commit.commit.segments {
        guard onLine.contains(segment.commit.offset) else {
          for entry in segment.entries { abandoned.insert(entry.offset) }
          continue
        }
        guard listed.insert(segment.commit.offset).inserted else { continue }
        for entry in segment.entries { entries[entry.offset] = entry }
      }
    }
    let reader = TrackerReader(
      records.storage, header: FileHeader(indexType: indexType), size: records.size, Snapshot())
    // Tiles that no directory lists count only where a commit is damaged or missing.
    let listsEverything = unreadableCommits.isEmpty && !mayHideCommits
    let end = head.flatMap { head in commits.last { $0.reference.offset == head.offset }?.end } ?? 0
    for offset in tiles where entries[offset] == nil && !abandoned.contains(offset) {
      guard !listsEverything || offset >= end else { continue }
      guard let entry = try reader.describeTile(at: offset) else { continue }
      entries[offset] = entry
      salvage.uncommittedPoints += entry.statistics.pointCount
    }
    for (offset, length) in damagedTiles where entries[offset] == nil {
      salvage.damagedBytes += length
    }
    for entry in entries.values.sorted(by: { $0.offset < $1.offset }) {
      do throws(TrackerError) {
        _ = try reader.readTile(entry)
        _ = try reader.indices(of: entry)
        salvage.snapshot.tiles.append(entry)
        salvage.recoveredPoints[entry.channel, default: 0] += entry.statistics.pointCount
      } catch {
        guard error.isAboutBytes else { throw error }
        salvage.lostPoints[entry.channel, default: 0] += entry.statistics.pointCount
      }
    }
    try takeOver(head, reader)
  }

  private mutating func walk() throws(TrackerError) {
    var walk = RecordWalk(records)
    while let region = try walk.next() {
      switch region {
      case .record(RecordKind.tile.rawValue, let offset, _): tiles.append(offset)
      case .record(RecordKind.commit.rawValue, let offset, _):
        do throws(TrackerError) {
          commits.append(try locator.commit(at: offset))
        } catch {
          guard error.isAboutBytes else { throw error }
          unreadableCommits.append(offset)
        }
      case .damagedRecord(RecordKind.commit.rawValue, let offset, _):
        unreadableCommits.append(offset)
      case .damagedRecord(RecordKind.tile.rawValue, let offset, let length):
        damagedTiles.append((offset, length))
      case .damagedRecord(_, _, let length): salvage.damagedBytes += length
      case .damagedBytes(_, let length):
        salvage.damagedBytes += length
        mayHideCommits = true
      case .record: break
      }
    }
    salvage.damagedCommits = unreadableCommits.count
  }

  /// The commits from the newest readable one along its parents, as far as directories name them.
  private func newestLine() -> [CommitSummary] {
    guard let newest = commits.last else { return [] }
    var byDepth: [UInt64: CommitSummary] = [:]
    var current: LocatedCommit? = newest
    while let commit = current {
      for segment in commit.commit.segments { byDepth[segment.commit.depth] = segment.commit }
      // The ancestor may be damaged: the parent leads further, and so does any commit before it.
      let first = commit.commit.segments.first?.commit.depth ?? 1
      let before = commit.commit.ancestor?.offset ?? 0
      current =
        first <= 1
        ? nil
        : commits.last { $0.reference.offset <= before && $0.commit.depth < first }
    }
    return byDepth.values.sorted { $0.depth < $1.depth }
  }

  /// Parameters, kept sets and unsealed points of the newest commit, where they can be read.
  private mutating func takeOver(_ head: CommitSummary?, _ reader: TrackerReader)
    throws(TrackerError)
  {
    guard let head, let located = commits.last(where: { $0.reference.offset == head.offset })
    else { return }
    salvage.snapshot.commit = head
    salvage.snapshot.identities = located.commit.identities
    let loader = SnapshotLoader(locator: locator)
    do throws(TrackerError) {
      salvage.snapshot.parameters = try loader.parameters(of: located.commit)
    } catch { guard error.isAboutBytes else { throw error } }
    do throws(TrackerError) {
      _ = try loader.keptSets(
        located.commit.keptSets,
        pointCount: salvage.snapshot.tiles.reduce(0) { $0 &+ $1.statistics.pointCount })
      salvage.snapshot.keptSetsRecord = located.commit.keptSets
    } catch { guard error.isAboutBytes else { throw error } }
    for group in located.commit.unsealed {
      do throws(TrackerError) {
        _ = try reader.unsealedPoints(of: group)
        salvage.snapshot.unsealed.append(group)
      } catch {
        guard error.isAboutBytes else { throw error }
        salvage.lostPoints[group.channel, default: 0] += group.pointCount
      }
    }
  }
}
