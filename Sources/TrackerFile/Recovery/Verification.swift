import TrackerCodec
public import TrackerModel

/// What is wrong with one tracker, found by reading all of it.
public struct Verification: Sendable {
  /// One thing that is damaged.
  public struct Finding: Sendable, CustomStringConvertible {
    public var offset: UInt64
    public var length: UInt64
    public var what: String
    /// The points that cannot be read because of it.
    public var lostPoints: Int
    public var channel: Channel?
    public var steps: ClosedRange<Int64>?
    public var rows: ClosedRange<InstanceIndex>?

    public var description: String {
      var text = "offset \(offset), \(length) bytes: \(what)"
      if let channel { text += "; channel \(channel)" }
      if let steps { text += ", steps \(steps.lowerBound) to \(steps.upperBound)" }
      if let rows { text += ", indices \(rows.lowerBound) to \(rows.upperBound)" }
      if lostPoints > 0 { text += "; \(lostPoints) points lost" }
      return text
    }
  }

  public internal(set) var findings: [Finding] = []
  public internal(set) var recordCount = 0
  public internal(set) var tileCount = 0
  public internal(set) var pointCount = 0
  public internal(set) var commitCount = 0

  /// Damaged tile records: those of the last commit are reported with what they held.
  private var damagedTiles: [UInt64: UInt64] = [:]

  public var isSound: Bool { findings.isEmpty }

  /// Reads every byte of a file: all records, and every tile of the last commit with its values.
  ///
  /// - Throws: only where the file cannot be read at all; damage is reported.
  public static func verify(_ storage: any Storage) throws(TrackerError) -> Verification {
    var result = Verification()
    var size = try storage.size()
    let header = try TrackerReader.readHeader(storage, size: size)
    var reader: TrackerReader?
    do throws(TrackerError) {
      let opened = try TrackerReader(storage)
      // Bytes that a writer is adding just now are not looked at.
      size = opened.tail == nil ? opened.endOfCommits : opened.size
      reader = opened
    } catch {
      guard error.isAboutBytes else { throw error }
      result.findings.append(
        Finding(
          offset: error.offset ?? 0, length: 0, what: "no commit can be opened: \(error.detail)",
          lostPoints: 0))
    }
    let records = RecordReader(storage: storage, size: size)
    var walk = RecordWalk(records)
    while let region = try walk.next() {
      result.note(region)
      if case .record(RecordKind.commit.rawValue, let offset, let length) = region {
        try result.verifyCommit(
          at: offset, length: length,
          CommitLocator(records: records, indexType: header.indexType))
      }
    }
    if let reader { try result.verifyContent(of: reader) }
    for (offset, length) in result.damagedTiles {
      result.findings.append(
        Finding(
          offset: offset, length: length, what: "damaged tile that the last commit does not hold",
          lostPoints: 0))
    }
    result.findings.sort { $0.offset < $1.offset }
    return result
  }

  private mutating func note(_ region: FileRegion) {
    switch region {
    case .record(let kind, _, _):
      recordCount += 1
      if kind == RecordKind.commit.rawValue { commitCount += 1 }
    case .damagedRecord(let kind, let offset, let length):
      guard kind != RecordKind.tile.rawValue else {
        damagedTiles[offset] = length
        return
      }
      findings.append(
        Finding(
          offset: offset, length: length, what: "damaged \(RecordReader.name(kind))",
          lostPoints: 0))
    case .damagedBytes(let offset, let length):
      findings.append(
        Finding(offset: offset, length: length, what: "no record begins here", lostPoints: 0))
    }
  }

  /// A commit that none of the last one's ancestry is can break rules though its checksum is right.
  private mutating func verifyCommit(at offset: UInt64, length: UInt64, _ locator: CommitLocator)
    throws(TrackerError)
  {
    do throws(TrackerError) {
      _ = try locator.commit(at: offset)
    } catch {
      guard error.isAboutBytes else { throw error }
      findings.append(
        Finding(
          offset: offset, length: length, what: "damaged commit (\(error.detail))", lostPoints: 0))
    }
  }

  private mutating func verifyContent(of reader: TrackerReader) throws(TrackerError) {
    if let tail = reader.tail {
      findings.append(
        Finding(
          offset: tail.offset, length: tail.length,
          what: "bytes behind the last commit, a checkpoint that never became whole or damage",
          lostPoints: 0))
    }
    verifyTiles(reader)
    for group in reader.snapshot.unsealed { verify(group, reader) }
    do throws(TrackerError) {
      _ = try reader.keptSets()
    } catch {
      guard error.isAboutBytes else { throw error }
      findings.append(
        Finding(
          offset: error.offset ?? 0, length: 0, what: "damaged kept sets (\(error.detail))",
          lostPoints: 0))
    }
  }

  private mutating func verifyTiles(_ reader: TrackerReader) {
    for entry in reader.snapshot.tiles {
      tileCount += 1
      damagedTiles[entry.offset] = nil
      do throws(TrackerError) {
        let values = try reader.readTile(entry).values
        guard TileStatistics(values).isSame(as: entry.statistics)
        else {
          throw TrackerError(
            .malformed, "tile", "its values do not have the directory's statistics")
        }
        let rows = try reader.indices(of: entry)
        guard rows[0] == entry.firstIndex, rows[rows.count - 1] == entry.lastIndex else {
          throw TrackerError(.malformed, "tile", "its rows are not those of the directory")
        }
        pointCount += values.count
      } catch {
        findings.append(
          Finding(
            offset: entry.offset, length: entry.recordLength,
            what: "damaged tile (\(error.subject): \(error.detail))",
            lostPoints: entry.statistics.pointCount, channel: entry.channel,
            steps: entry.steps, rows: entry.firstIndex...entry.lastIndex))
      }
    }
  }

  private mutating func verify(_ group: UnsealedGroup, _ reader: TrackerReader) {
    do throws(TrackerError) {
      _ = try reader.unsealedPoints(of: group)
    } catch {
      findings.append(
        Finding(
          offset: error.offset ?? group.newestRecord, length: 0,
          what: "damaged unsealed points of epoch \(group.epoch) (\(error.detail))",
          lostPoints: group.pointCount, channel: group.channel))
    }
  }
}

extension TileEntry {
  /// The steps of its columns, first to last.
  public var steps: ClosedRange<Int64> { columns[0].step...columns[columns.count - 1].step }
}

extension TileStatistics {
  func isSame(as other: TileStatistics) -> Bool {
    pointCount == other.pointCount && nanCount == other.nanCount && min == other.min
      && max == other.max && sum.bitPattern == other.sum.bitPattern
  }
}
