import TrackerCodec
import TrackerModel

extension Scene {
  /// What the scene's file means; `layout` and `size` are the file's.
  func meaning(_ layout: SceneLayout, size: UInt64) -> Meaning {
    let count = countedCommits ?? commits.count
    let end = count > 0 ? layout.commits[count - 1].end : 24
    var meaning = Meaning(indexType: indexType, bytesBehindLastCommit: size - end)
    guard count > 0 else { return meaning }
    var line = [count - 1]
    while let parent = commits[line[0]].parent ?? (line[0] > 0 ? line[0] - 1 : nil) {
      line.insert(parent, at: 0)
    }
    var named: Set<RunIdentity> = []
    var tiles: [(tile: SceneTile, identities: [RunIdentity])] = []
    var unsealed:
      [(key: SceneCommit.UnsealedKey, type: ValueType, points: [InstanceIndex: UInt64])] =
        []
    for (depth, place) in line.enumerated() {
      let commit = commits[place]
      meaning.commits.append(
        Meaning.Commit(
          sequence: UInt64(place + 1), depth: UInt64(depth + 1), step: commit.step,
          epoch: commit.epoch, wallTime: commit.wallTime, identity: commit.identity))
      named.formUnion(commit.otherIdentities)
      if let identity = commit.identity { named.insert(identity) }
      unsealed.removeAll { commit.ended.contains($0.key) }
      for item in commit.items {
        switch item {
        case .tile(let tile):
          let identities = tile.identities ?? commit.identity.map { [$0] } ?? []
          named.formUnion(identities)
          tiles.append((tile, identities))
        case .unsealed(let points):
          let key = SceneCommit.UnsealedKey(channel: points.channel, epoch: points.epoch)
          var values: [InstanceIndex: UInt64] = [:]
          for (index, value) in zip(points.indices, points.values) { values[index] = value }
          if let known = unsealed.firstIndex(where: { $0.key == key }) {
            unsealed[known].points.merge(values) { $1 }
          } else {
            unsealed.append((key, points.type, values))
          }
        case .parameters(let parameters): meaning.parameters = parameters.settings
        case .keptSets(let sets): meaning.keptSets = sets
        case .record, .indexSet, .rawKeptSets: break
        }
      }
      if depth == line.count - 1 { meaning.partition = commit.partition }
    }
    meaning.identities = named.sorted()
    unsealed.sort { ($0.key.channel, $0.key.epoch) < ($1.key.channel, $1.key.epoch) }
    meaning.unsealed = unsealed.map { group in
      Meaning.Unsealed(
        channel: group.key.channel, type: group.type, epoch: group.key.epoch,
        points: group.points.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }
    meaning.channels = Self.channels(tiles)
    return meaning
  }

  private struct Key: Hashable {
    var index: InstanceIndex
    var step: Int64
  }

  private static func channels(_ tiles: [(tile: SceneTile, identities: [RunIdentity])])
    -> [Meaning.Series]
  {
    Set(tiles.map(\.tile.channel)).sorted().map { channel in
      let own = tiles.filter { $0.tile.channel == channel }
      let type: ValueType = own.contains { $0.tile.type == .float64 } ? .float64 : .float32
      var points: [Key: Meaning.Point] = [:]
      // In the order of offsets: later ones replace earlier ones.
      for (tile, identities) in own {
        var number = 0
        for (place, cell) in tile.cells.enumerated() {
          guard let cell else { continue }
          let (column, row) = place.quotientAndRemainder(dividingBy: tile.rows.count)
          var source = identities.count == 1 ? identities[0] : nil
          if let sources = tile.sources { source = sources[number].map { identities[$0] } }
          number += 1
          let bits =
            type == .float64 && tile.type == .float32 ? Widening.widen(UInt32(cell)) : cell
          let key = Key(index: tile.rows[row], step: tile.columns[column].step)
          points[key] = Meaning.Point(
            index: key.index, step: key.step, epoch: tile.columns[column].epoch, bits: bits,
            source: source)
        }
      }
      let sorted = points.values.sorted { ($0.index, $0.step) < ($1.index, $1.step) }
      return Meaning.Series(channel: channel, type: type, points: sorted)
    }
  }
}

extension SceneParameters {
  var settings: Meaning.Settings {
    func texts<Element>(
      _ filter: Filter<Element>, _ order: (Element, Element) -> Bool, _ text: (Element) -> String
    ) -> (String, [String])? {
      switch filter {
      case .all: nil
      case .only(let elements): ("only", elements.sorted(by: order).map(text))
      case .except(let elements): ("except", elements.sorted(by: order).map(text))
      }
    }
    var list = listToKeep
    if let listFlag { list = listFlag == 0 ? nil : listToKeep ?? [] }
    return Meaning.Settings(
      indexKey: indexKey.string, metricKeys: metricKeys.map(\.string), maxToKeep: maxToKeep,
      minToKeep: minToKeep, epochFrequency: epochFrequency, modes: texts(modes, <, \.name),
      dsIDs: texts(dsIDs, <, \.string), keepMantissaBits: keepMantissaBits,
      outputName: outputName?.string,
      listToKeep: list)
  }
}
