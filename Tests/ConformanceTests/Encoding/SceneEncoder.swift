import TrackerCodec
import TrackerModel

/// Writes a scene's file from the text of Spec/FORMAT.md, each coding as the scene says.
struct SceneEncoder {
  private let scene: Scene
  private var bytes: [UInt8] = []
  private(set) var layout = SceneLayout()
  private var checksums: [UInt64: UInt32] = [:]
  private var sets: [String: (offset: UInt64, indices: [InstanceIndex])] = [:]
  private var states: [CommitState] = []

  /// What a commit leaves to those that go on from it.
  private struct CommitState {
    var depth: UInt64
    /// The places, among the scene's commits, of its line from the first to itself.
    var line: [Int]
    var offset: UInt64
    var parameters: UInt64?
    var keptSets: UInt64?
    var unsealed: [Group]
    var identities: Set<RunIdentity>
    var entries: [Entry]
  }

  private struct Group {
    var channel: Channel
    var epoch: Int64
    var type: ValueType
    var newest: UInt64
    var records: Int
    var points: Int
  }

  private struct Entry {
    var tile: SceneTile
    var identities: [RunIdentity]
    var pieces: EntryPieces
  }

  private struct TypedChannel: Hashable {
    var channel: Channel
    var type: ValueType
  }

  static func encode(_ scene: Scene) -> (bytes: [UInt8], layout: SceneLayout) {
    var encoder = SceneEncoder(scene)
    encoder.writeHeader()
    for place in scene.commits.indices { encoder.write(scene.commits[place], at: place) }
    encoder.bytes += scene.tail
    scene.damage?(&encoder.bytes, encoder.layout)
    return (encoder.bytes, encoder.layout)
  }

  private init(_ scene: Scene) { self.scene = scene }

  private mutating func writeHeader() {
    bytes = [0x89, 0x54, 0x52, 0x4B, 0x0D, 0x0A, 0x1A, 0x0A]
    bytes.appendFixed(UInt16(1))
    bytes.appendFixed(scene.minor)
    bytes.append(scene.indexType == .int64 ? 0 : 1)
    bytes += scene.headerReserved
    bytes.appendFixed(Checksum.crc32(bytes.span))
  }

  private var end: UInt64 { UInt64(bytes.count) }

  @discardableResult
  private mutating func append(_ kind: UInt8, _ payload: [UInt8]) -> UInt64 {
    let offset = end
    let padded = kind == 6 || payload.isEmpty ? payload : payload + scene.padding.payloads
    bytes += Self.record(kind, padded, at: offset, flags: scene.padding.recordFlags)
    layout.records.append(offset)
    layout.kinds.append(kind)
    checksums[offset] = Checksum.crc32(padded.span)
    return offset
  }

  static func record(
    _ kind: UInt8, _ payload: [UInt8], at offset: UInt64, flags: [UInt8] = [0, 0, 0]
  ) -> [UInt8] {
    var header: [UInt8] = [0x8A, 0x54, 0x72, 0x0A, kind] + flags
    header.appendFixed(UInt64(payload.count))
    header.appendFixed(Checksum.crc32(payload.span))
    var place: [UInt8] = []
    place.appendFixed(offset)
    let sealed = place + header
    header.appendFixed(Checksum.crc32(sealed.span))
    return header + payload
  }

  // MARK: Commits

  private mutating func write(_ commit: SceneCommit, at place: Int) {
    let parent = commit.parent ?? (place > 0 ? place - 1 : nil)
    var state: CommitState
    if let parent {
      state = states[parent]
      state.line.append(place)
    } else {
      state = CommitState(
        depth: 0, line: [place], offset: 0, unsealed: [], identities: [], entries: [])
    }
    state.depth += 1
    state.entries = []
    state.identities.formUnion(commit.otherIdentities)
    if let identity = commit.identity { state.identities.insert(identity) }
    let covers = end
    state.unsealed.removeAll { group in
      commit.ended.contains { $0.channel == group.channel && $0.epoch == group.epoch }
    }
    var items: [UInt64] = []
    for item in commit.items { items.append(write(item, of: commit, &state)) }
    layout.items.append(items)
    state.offset = end
    let payload = payload(of: commit, parent: parent, state, covers: covers)
    states.append(state)
    append(6, payload)
    layout.commits.append((state.offset, end))
  }

  private mutating func write(
    _ item: SceneItem, of commit: SceneCommit, _ state: inout CommitState
  ) -> UInt64 {
    switch item {
    case .tile(let tile): return write(tile, of: commit, &state)
    case .unsealed(let points): return write(points, &state)
    case .parameters(let parameters):
      var payload = Self.payload(of: parameters)
      parameters.surgery?(&payload)
      let offset = append(4, payload)
      state.parameters = offset
      return offset
    case .keptSets(let sets):
      var payload = [UInt8].varint(sets.count)
      for set in sets {
        payload += .channel(set.channel)
        for list in [set.max, set.min, set.list, set.missing] {
          IndexSetText.encodeList(list, into: &payload)
        }
      }
      let offset = append(5, payload)
      state.keptSets = offset
      return offset
    case .rawKeptSets(let payload):
      let offset = append(5, payload)
      state.keptSets = offset
      return offset
    case .record(let kind, let payload): return append(kind, payload)
    case .indexSet(let set): return write(set)
    }
  }

  private mutating func write(_ set: SceneIndexSet) -> UInt64 {
    var payload: [UInt8] = []
    var plan = IntegerSetPlan()
    if case .list(let given) = set.coding { plan = given }
    if let base = set.base, let known = sets[base] {
      IndexSetText.encodeSubset(
        set.indices, of: known.indices, at: known.offset, set.bits, plan, into: &payload)
    } else {
      IndexSetText.encode(set.indices, plan, into: &payload)
    }
    set.surgery?(&payload, end)
    let offset = append(1, payload)
    sets[set.name] = (offset, set.indices)
    return offset
  }

  private mutating func write(_ tile: SceneTile, of commit: SceneCommit, _ state: inout CommitState)
    -> UInt64
  {
    let names = tile.identities ?? commit.identity.map { [$0] } ?? []
    state.identities.formUnion(names)
    var entry = EntryPieces()
    var pieces = TilePieces()
    entry.rowCount = .varint(tile.rows.count)
    var flags: UInt8 = 0
    if let sources = tile.sources {
      let isOfAll = tile.saysAllHaveSources ?? !sources.contains(nil)
      flags |= isOfAll ? 2 : 4
      pieces.sources = ValueColumnText.encode(
        cells: spread(sources.map { UInt64(Float(($0 ?? -1) + 1).bitPattern) }, over: tile.cells),
        .float32, rowCount: tile.rows.count, tile.sourceValues)
    }
    if let first = denseFirst(tile) {
      pieces.index = .signed(first)
      entry.index = .signed(first)
    } else {
      flags |= 1
      let offset: UInt64
      switch tile.index {
      case .automatic:
        offset = write(SceneIndexSet(name: "row set \(end)", indices: tile.rows))
      case .list(let plan):
        offset = write(
          SceneIndexSet(name: "row set \(end)", indices: tile.rows, coding: .list(plan)))
      case .named(let name): offset = sets[name]?.offset ?? 0
      }
      pieces.index.appendVarint(offset)
      entry.index.appendVarint(offset)
      IndexSetText.encode(tile.rows[0], into: &entry.index)
      IndexSetText.encode(tile.rows[tile.rows.count - 1], into: &entry.index)
    }
    pieces.flags = [flags]
    entry.flags = [flags]
    pieces.channel = .channel(tile.channel)
    pieces.valueType = [tile.type.rawValue]
    pieces.rowCount = .varint(tile.rows.count)
    pieces.columns = .columnList(tile.columns, tile.columnList)
    entry.columns = .columnList(tile.columns)
    pieces.presence = .presence(tile.cells, rowCount: tile.rows.count, tile.presence)
    pieces.pointCount = .varint(tile.points.count)
    pieces.values = ValueColumnText.encode(
      cells: tile.cells, tile.type, rowCount: tile.rows.count, tile.values)
    tile.pieces?(&pieces)
    entry.pointCount = .varint(tile.points.count)
    (entry.nanCount, entry.statistics) = Self.statistics(tile.points, tile.type)
    let offset = append(2, pieces.payload)
    entry.offset.appendVarint(offset)
    entry.payloadLength = .varint(pieces.payload.count + scene.padding.payloads.count)
    tile.entry?(&entry)
    state.entries.append(Entry(tile: tile, identities: names, pieces: entry))
    return offset
  }

  private func spread(_ values: [UInt64], over cells: [UInt64?]) -> [UInt64?] {
    var next = 0
    return cells.map { cell in
      guard cell != nil else { return nil }
      defer { next += 1 }
      return values[next]
    }
  }

  /// The first row of a tile of consecutive integers.
  private func denseFirst(_ tile: SceneTile) -> Int64? {
    guard case .automatic = tile.index, case .integer(let first) = tile.rows[0] else { return nil }
    for (place, row) in tile.rows.enumerated() where row != .integer(first &+ Int64(place)) {
      return nil
    }
    return first
  }

  private static func statistics(_ values: [UInt64], _ type: ValueType) -> ([UInt8], [UInt8]) {
    let wide = values.map { type == .float32 ? Widening.widen(UInt32($0)) : $0 }
    let order: (UInt64) -> UInt64 = { $0 >> 63 == 1 ? ~$0 : $0 | 1 << 63 }
    var sums = [0.0, 0.0, 0.0, 0.0]
    var numbers: [UInt64] = []
    for (place, bits) in wide.enumerated() where !Double(bitPattern: bits).isNaN {
      numbers.append(bits)
      sums[place % 4] += Double(bitPattern: bits)
    }
    let nanCount = [UInt8].varint(wide.count - numbers.count)
    let sorted = numbers.sorted { order($0) < order($1) }
    guard let first = sorted.first, let last = sorted.last else { return (nanCount, []) }
    let sum = (sums[0] + sums[1]) + (sums[2] + sums[3])
    var bytes: [UInt8] = []
    for bits in [first, last, sum.isNaN ? 0x7FF8_0000_0000_0000 : sum.bitPattern] {
      bytes.appendFixed(bits)
    }
    return (nanCount, bytes)
  }

  private mutating func write(_ points: SceneUnsealed, _ state: inout CommitState) -> UInt64 {
    let place = state.unsealed.firstIndex {
      $0.channel == points.channel && $0.epoch == points.epoch
    }
    var pieces = UnsealedPieces()
    pieces.channel = .channel(points.channel)
    pieces.epoch = .signed(points.epoch)
    pieces.valueType = [points.type.rawValue]
    pieces.previous.appendVarint(place.map { state.unsealed[$0].newest } ?? 0)
    var set = points.index
    set.strings = points.strings
    IndexSetText.encode(points.indices, set, into: &pieces.indices)
    pieces.values = ValueColumnText.encode(
      cells: points.values, points.type, rowCount: points.values.count, points.plan)
    points.pieces?(&pieces)
    let offset = append(3, pieces.payload)
    var group = Group(
      channel: points.channel, epoch: points.epoch, type: points.type, newest: offset, records: 1,
      points: points.indices.count)
    if let place {
      group.records += state.unsealed[place].records
      group.points += state.unsealed[place].points
      state.unsealed[place] = group
    } else {
      state.unsealed.append(group)
      state.unsealed.sort { ($0.channel, $0.epoch) < ($1.channel, $1.epoch) }
    }
    return offset
  }

  private static func payload(of parameters: SceneParameters) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendName(parameters.indexKey)
    bytes.appendVarint(parameters.metricKeys.count)
    for key in parameters.metricKeys { bytes.appendName(key) }
    bytes.appendVarint(parameters.maxToKeep)
    bytes.appendVarint(parameters.minToKeep)
    bytes.appendVarint(parameters.epochFrequency)
    func bits(_ modes: [Mode]) -> UInt8 { modes.reduce(0) { $0 | 1 << $1.rawValue } }
    switch parameters.modes {
    case .all: bytes += [0, 0]
    case .only(let modes): bytes += [1, bits(modes)]
    case .except(let modes): bytes += [2, bits(modes)]
    }
    switch parameters.dsIDs {
    case .all: bytes += [0, 0]
    case .only(let names), .except(let names):
      if case .only = parameters.dsIDs { bytes.append(1) } else { bytes.append(2) }
      bytes.appendVarint(names.count)
      for name in names.sorted() { bytes.appendName(name) }
    }
    bytes.append(parameters.keepMantissaBits)
    bytes.append(parameters.outputName == nil ? 0 : parameters.outputFlag)
    if let name = parameters.outputName { bytes.appendName(name) }
    bytes.append(parameters.listFlag ?? (parameters.listToKeep == nil ? 0 : 1))
    IndexSetText.encodeList(
      parameters.listToKeep ?? parameters.ignoredList, parts: parameters.parts, into: &bytes)
    return bytes
  }

  // MARK: Payloads of commits

  private func payload(
    of commit: SceneCommit, parent: Int?, _ state: CommitState, covers: UInt64
  ) -> [UInt8] {
    let span = state.depth & (~state.depth &+ 1)
    let ancestor: Int? =
      state.depth > span ? commit.ancestor ?? state.line[Int(state.depth - span) - 1] : nil
    let places = state.line.suffix(Int(span))
    var flags = scene.padding.commitFlags
    if commit.isPresynced { flags |= 1 }
    if commit.wallTime != nil { flags |= 2 }
    if commit.step != nil { flags |= 4 }
    if commit.epoch != nil { flags |= 8 }
    if parent != nil { flags |= 16 }
    if ancestor != nil { flags |= 32 }
    if state.parameters != nil { flags |= 64 }
    if state.keptSets != nil { flags |= 128 }
    if commit.identity != nil { flags |= 256 }
    if commit.partition != nil { flags |= 512 }
    var bytes: [UInt8] = []
    bytes.appendVarint(flags)
    bytes.appendVarint(states.count + 1)
    bytes.appendVarint(state.depth)
    bytes.appendVarint(covers)
    let commits = [parent, ancestor].compactMap { $0 }.map { states[$0].offset }
    for offset in commits + [state.parameters, state.keptSets].compactMap({ $0 }) {
      bytes.appendVarint(offset)
      bytes.appendFixed(checksums[offset] ?? 0)
    }
    Self.append(commit, &bytes)

    var named = state.identities
    if commit.listsOwnIdentitiesOnly {
      // Whoever this commit itself has to name.
      named = Set(
        places.flatMap { place -> [RunIdentity] in
          let entries = place == state.line.last ? state.entries : states[place].entries
          return entries.flatMap(\.identities) + [scene.commits[place].identity].compactMap { $0 }
        })
    }
    let identities = named.sorted()
    func number(_ identity: RunIdentity) -> Int { identities.firstIndex(of: identity) ?? 0 }
    bytes.appendVarint(identities.count)
    for identity in identities {
      bytes.appendName(identity.runID)
      for value in [identity.generation, identity.rank, identity.worldSize] {
        bytes.appendVarint(UInt64(value))
      }
    }
    if let identity = commit.identity { bytes.appendVarint(number(identity)) }

    let segments = places.map { place in
      (
        commit: scene.commits[place],
        entries: place == state.line.last ? state.entries : states[place].entries, place: place
      )
    }
    var channels: [TypedChannel] = []
    var sets: [[RunIdentity]] = []
    func add(_ channel: TypedChannel) {
      if !channels.contains(channel) { channels.append(channel) }
    }
    for group in state.unsealed { add(TypedChannel(channel: group.channel, type: group.type)) }
    for segment in segments {
      for entry in segment.entries {
        add(TypedChannel(channel: entry.tile.channel, type: entry.tile.type))
        if entry.identities != [segment.commit.identity].compactMap({ $0 }),
          !sets.contains(entry.identities)
        {
          sets.append(entry.identities)
        }
      }
    }
    bytes.appendVarint(channels.count)
    for typed in channels { bytes += .channel(typed.channel) + [typed.type.rawValue] }
    bytes.appendVarint(sets.count)
    for set in sets {
      bytes.appendVarint(set.count)
      for identity in set { bytes.appendVarint(number(identity)) }
    }
    func place(_ channel: Channel, _ type: ValueType) -> Int {
      channels.firstIndex(of: TypedChannel(channel: channel, type: type)) ?? 0
    }
    bytes.appendVarint(state.unsealed.count)
    for group in state.unsealed {
      bytes.appendVarint(place(group.channel, group.type))
      bytes.appendSigned(group.epoch)
      bytes.appendVarint(group.newest)
      bytes.appendVarint(group.records)
      bytes.appendVarint(group.points)
    }
    for segment in segments {
      if segment.place != state.line.last {
        var segmentFlags = scene.padding.segmentFlags
        if segment.commit.wallTime != nil { segmentFlags |= 2 }
        if segment.commit.step != nil { segmentFlags |= 4 }
        if segment.commit.epoch != nil { segmentFlags |= 8 }
        if segment.commit.identity != nil { segmentFlags |= 256 }
        bytes.appendVarint(segmentFlags)
        bytes.appendVarint(states[segment.place].offset)
        bytes.appendVarint(segment.place + 1)
        Self.append(segment.commit, &bytes)
        if let identity = segment.commit.identity { bytes.appendVarint(number(identity)) }
      }
      bytes.appendVarint(segment.entries.count)
      for entry in segment.entries {
        var pieces = entry.pieces
        let own = [segment.commit.identity].compactMap { $0 }
        pieces.channel = .varint(place(entry.tile.channel, entry.tile.type))
        pieces.identitySet = .varint(
          entry.identities == own ? 0 : 1 + (sets.firstIndex(of: entry.identities) ?? 0))
        bytes += pieces.bytes
      }
    }
    if let partition = commit.partition {
      bytes.appendVarint(partition.count)
      bytes.appendVarint(partition.number)
      bytes.appendFixed(partition.setID)
      for index in [partition.range.lower, partition.range.upper].compactMap({ $0 }) {
        IndexSetText.encode(index, into: &bytes)
      }
    }
    bytes += scene.padding.commits
    commit.surgery?(&bytes)
    bytes.appendFixed(state.offset)
    return bytes + [0x8B, 0x54, 0x72, 0x45, 0x6E, 0x64, 0x0D, 0x0A]
  }

  private static func append(_ commit: SceneCommit, _ bytes: inout [UInt8]) {
    if let step = commit.step { bytes.appendSigned(step) }
    if let epoch = commit.epoch { bytes.appendSigned(epoch) }
    if let wallTime = commit.wallTime { bytes.appendVarint(wallTime) }
  }
}
