import TrackerCodec
import TrackerFile
import TrackerModel

/// What the library reads in a file.
enum ReaderMeaning {
  /// - Throws: for any part of the file that its meaning needs and that is malformed.
  static func read(_ bytes: [UInt8]) throws(TrackerError) -> (
    meaning: Meaning, codings: [ValueCoding], isSound: Bool
  ) {
    let storage = MemoryStorage(bytes)
    let reader = try TrackerReader(storage)
    reader.cores = 1
    let snapshot = reader.snapshot
    var meaning = Meaning(
      indexType: reader.indexType, bytesBehindLastCommit: reader.tail?.length ?? 0)
    meaning.commits = snapshot.ancestry.map {
      Meaning.Commit(
        sequence: $0.sequence, depth: $0.depth, step: $0.step, epoch: $0.epoch,
        wallTime: $0.wallTime, identity: $0.identity)
    }
    meaning.identities = snapshot.identities
    meaning.partition = snapshot.partition
    meaning.parameters = snapshot.parameters.map(settings)
    meaning.keptSets = try reader.keptSets()
    var codings: [ValueCoding] = []
    for tile in snapshot.tiles { codings.append(try reader.readTile(tile).coding) }
    for channel in snapshot.channels { meaning.channels.append(try series(reader, channel)) }
    for group in snapshot.unsealed { meaning.unsealed.append(try unsealed(reader, group)) }
    return (meaning, codings, try Verification.verify(storage).isSound)
  }

  /// The same file with only every third index of each channel read, which decodes parts of tiles.
  static func readSomeRows(_ bytes: [UInt8], _ whole: Meaning) throws(TrackerError)
    -> (found: Meaning, expected: Meaning)
  {
    let reader = try TrackerReader(MemoryStorage(bytes))
    reader.cores = 1
    var (found, expected) = (whole, whole)
    for place in whole.channels.indices {
      let series = whole.channels[place]
      let indices = Set(series.points.map(\.index)).sorted()
      let chosen = indices.indices.filter { $0 % 3 == 1 }.map { indices[$0] }
      found.channels[place] = try Self.series(reader, series.channel, indices: chosen)
      expected.channels[place].points.removeAll { !chosen.contains($0.index) }
    }
    return (found, expected)
  }

  private static func series(
    _ reader: TrackerReader, _ channel: Channel, indices: [InstanceIndex]? = nil
  ) throws(TrackerError) -> Meaning.Series {
    let type = reader.snapshot.valueType(of: channel)
    var series = Meaning.Series(channel: channel, type: type, points: [])
    let scan = ChannelScan(
      reader, channel, indices: indices, rowsPerBlock: 16, tracksOrigins: true)
    while try scan.advance() {
      for row in 0..<scan.rows.count {
        for (position, column) in scan.columns.enumerated() {
          let cell = scan.block.cell(row: row, column: position)
          guard scan.block.hasPoint(cell) else { continue }
          let sources = scan.identities(ofOrigin: scan.block.origins[cell])
          series.points.append(
            Meaning.Point(
              index: scan.rows[row], step: column.step, epoch: column.epoch,
              bits: narrow(scan.block.bits(cell), type),
              source: sources.count == 1 ? sources[0] : nil))
        }
      }
    }
    return series
  }

  private static func narrow(_ bits: UInt64, _ type: ValueType) -> UInt64 {
    type == .float64 ? bits : Widening.narrow(bits).map { UInt64($0) } ?? 0
  }

  private static func unsealed(_ reader: TrackerReader, _ group: UnsealedGroup)
    throws(TrackerError) -> Meaning.Unsealed
  {
    var values: [InstanceIndex: UInt64] = [:]
    for record in try reader.unsealedPoints(of: group) {
      for row in 0..<record.indices.count { values[record.indices[row]] = record.values[row] }
    }
    return Meaning.Unsealed(
      channel: group.channel, type: group.valueType, epoch: group.epoch,
      points: values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  }

  private static func settings(_ parameters: Parameters) -> Meaning.Settings {
    var modes: (String, [String])?
    switch parameters.modes {
    case .all: break
    case .only(let set): modes = ("only", set.sorted().map(\.name))
    case .except(let set): modes = ("except", set.sorted().map(\.name))
    }
    var dsIDs: (String, [String])?
    switch parameters.dsIDs {
    case .all: break
    case .only(let set): dsIDs = ("only", set.sorted().map(\.string))
    case .except(let set): dsIDs = ("except", set.sorted().map(\.string))
    }
    return Meaning.Settings(
      indexKey: parameters.indexKey.string, metricKeys: parameters.metricKeys.map(\.string),
      maxToKeep: UInt64(parameters.maxToKeep), minToKeep: UInt64(parameters.minToKeep),
      epochFrequency: UInt64(parameters.epochFrequency), modes: modes, dsIDs: dsIDs,
      keepMantissaBits: UInt8(parameters.keepMantissaBits ?? 0),
      outputName: parameters.customOutputName?.string, listToKeep: parameters.listToKeep)
  }
}
