import TrackerCodec
import TrackerFile
import TrackerModel

/// Writes a scene's file as the library does.
enum LibraryWriting {
  static func encode(_ scene: Scene) throws -> (bytes: [UInt8], layout: SceneLayout) {
    let storage = MemoryStorage()
    var layout = SceneLayout()
    if scene.commits.isEmpty {
      try TrackerWriter(creating: storage, indexType: scene.indexType, identity: nil).close()
    }
    for (place, commit) in scene.commits.enumerated() {
      let writer =
        place == 0
        ? try TrackerWriter(
          creating: storage, indexType: scene.indexType, identity: commit.identity)
        : try TrackerWriter(
          opening: storage, at: commit.parent.map { .sequence(UInt64($0 + 1)) } ?? .last
        ) { _ in commit.identity }
      writer.cores = 1
      writer.addIdentities(commit.otherIdentities)
      if let partition = commit.partition { writer.partition = partition }
      for key in commit.ended { writer.removeUnsealed(channel: key.channel, epoch: key.epoch) }
      for item in commit.items { try write(item, scene, writer) }
      let summary = try writer.commit(
        step: commit.step, epoch: commit.epoch, wallTime: commit.wallTime,
        durability: commit.isPresynced ? .wholeFile : .synced)
      layout.commits.append((summary.offset, storage.size()))
      writer.close()
    }
    var bytes = [UInt8](repeating: 0, count: Int(storage.size()))
    var span = bytes.mutableSpan
    _ = storage.read(at: 0, into: &span)
    return (bytes, layout)
  }

  private static func write(_ item: SceneItem, _ scene: Scene, _ writer: TrackerWriter) throws {
    switch item {
    case .tile(let tile):
      var presence = Presence.none(tile.cells.count)
      for (cell, bits) in tile.cells.enumerated() where bits != nil { presence.insert(cell) }
      let points = tile.points
      try writer.appendTile(
        channel: tile.channel, rows: IndexColumn(tile.rows, type: scene.indexType),
        columns: tile.columns, presence: presence.canonical,
        values: ValueBuffer(points.span, tile.type), identities: tile.identities,
        sources: (tile.sources ?? []).map { UInt32($0.map { $0 + 1 } ?? 0) })
    case .unsealed(let points):
      try writer.appendUnsealed(
        channel: points.channel, epoch: points.epoch, valueType: points.type,
        indices: IndexColumn(points.indices, type: scene.indexType), values: points.values)
    case .keptSets(let sets): try writer.setKeptSets(sets)
    case .parameters, .rawKeptSets, .record, .indexSet:
      preconditionFailure("the library's writer does not make these of a scene")
    }
  }
}
