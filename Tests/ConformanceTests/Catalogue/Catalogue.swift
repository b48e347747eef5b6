import TrackerCodec
import TrackerModel

/// All vectors, in the order of their list.
enum Catalogue {
  static var scenes: [Scene] {
    [
      values, narrowed, symbols, edges, shapes, columnLists, presences, integerSets, stringSets,
      subsets, commits, rewinds, partitions, sources, winners, unsealed, parameters, keptSets,
      padded,
      tails, written,
    ].flatMap { $0 }
  }

  static let channel = Channel(metric: "ce", mode: .train)

  /// The same numbers wherever it runs.
  struct Random {
    private var state: UInt64

    init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
      return value ^ value >> 31
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
  }

  static func rows(_ indices: some Sequence<Int>) -> [InstanceIndex] {
    indices.map { .integer(Int64($0)) }
  }

  static func strings(_ names: [String]) -> [InstanceIndex] {
    names.map { InstanceIndex.string(Name($0)) }.sorted()
  }

  /// Columns at steps 10, 20, …, each an epoch.
  static func steps(_ count: Int, from first: Int64 = 10) -> [TileColumn] {
    (0..<Int64(count)).map { TileColumn(step: first + 10 * $0, epoch: first / 10 + $0) }
  }

  static func bits(_ value: Double, _ type: ValueType) -> UInt64 {
    type == .float32 ? UInt64(Float(value).bitPattern) : value.bitPattern
  }

  /// A tile of eighths.
  static func tile(
    _ rows: [InstanceIndex], _ columns: [TileColumn], _ type: ValueType = .float32,
    channel: Channel = channel, from first: Double = 0.5
  ) -> SceneTile {
    SceneTile(
      channel, type, rows: rows, columns: columns,
      cells: (0..<rows.count * columns.count).map { bits(first + Double($0) / 8, type) })
  }

  static func worker(_ rank: UInt32, of size: UInt32 = 4, generation: UInt32 = 0, run: Name = "r")
    -> RunIdentity
  {
    do {
      return try RunIdentity(runID: run, generation: generation, rank: rank, worldSize: size)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// A scene of one commit.
  static func scene(
    _ name: String, _ what: String, _ items: [SceneItem], indexType: IndexType = .int64,
    identity: RunIdentity? = nil
  ) -> Scene {
    var scene = Scene(name, what, indexType)
    scene.commits = [SceneCommit(step: 10, epoch: 1, identity: identity, items: items)]
    return scene
  }

  /// Names numbered from 1.
  static func numbered(_ scenes: [Scene], _ prefix: String) -> [Scene] {
    scenes.enumerated().map { place, scene in
      var scene = scene
      let number = "\(place + 1)"
      scene.name =
        prefix + "-" + scene.name + "-" + String(repeating: "0", count: 4 - number.utf8.count)
        + number
      return scene
    }
  }
}
