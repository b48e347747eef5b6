import Foundation
import Testing
import TrackerInterchange
import TrackerModel

/// A folder of its own for every test, and the `tracker` executable run in it.
final class Workplace {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "tracker-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: folder.appending(path: name))
  }

  func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  func read(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appending(path: name)))
  }

  func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }

  /// The files there, sorted: shows whether temporary ones were left behind.
  func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  struct Result {
    var status: Int32
    /// Whether the process ended by itself, rather than by a trap.
    var exited: Bool
    var output: String
    var errors: String
  }

  /// Runs `tracker` in the folder.
  func tracker(_ arguments: String..., input: String? = nil) throws -> Result {
    try run(Self.executable, arguments, input: input)
  }

  func tracker(_ arguments: [String]) throws -> Result { try run(Self.executable, arguments) }

  func run(_ executable: String, _ arguments: [String], input: String? = nil) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["SWIFT_BACKTRACE": "enable=no"], uniquingKeysWith: { $1 })
    // Files, because a full pipe would stop the process.
    let name = UUID().uuidString
    let streams = ["in", "out", "err"].map {
      FileManager.default.temporaryDirectory.appending(path: "\(name).\($0)")
    }
    defer { for stream in streams { try? FileManager.default.removeItem(at: stream) } }
    for stream in streams { try Data((input ?? "").utf8).write(to: stream) }
    process.standardInput = try FileHandle(forReadingFrom: streams[0])
    for stream in streams[1...] { try Data().write(to: stream) }
    process.standardOutput = try FileHandle(forWritingTo: streams[1])
    process.standardError = try FileHandle(forWritingTo: streams[2])
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, exited: process.terminationReason == .exit,
      output: String(decoding: try Data(contentsOf: streams[1]), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: streams[2]), as: UTF8.self))
  }

  /// Beside the tests in the folder of built products.
  private static let executable: String = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    var candidates = [root.appending(path: ".build/debug/tracker")]
    if let own = Bundle.main.executableURL {
      candidates.insert(own.deletingLastPathComponent().appending(path: "tracker"), at: 0)
    }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) }?.path
      ?? candidates[0].path
  }()

  /// Python where it has NumPy.
  static let python: String? = {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    for path in folders.map({ "\($0)/python3" })
    where FileManager.default.isExecutableFile(atPath: path) {
      if let place = try? Workplace(), let result = try? place.run(path, ["-c", "import numpy"]),
        result.status == 0
      {
        return path
      }
    }
    return nil
  }()
}

/// A generator whose numbers follow from a seed.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Some seeds that stay, and some of every run's own, printed so that a failure can be repeated.
  static let seeds: [UInt64] = {
    let fresh = (0..<4).map { _ in UInt64.random(in: .min ... .max) }
    print("seeds of this run: \(fresh)")
    return [1, 2, 3] + fresh
  }()
}

/// Points of several channels with everything that makes them hard to keep.
struct RandomHistory {
  struct Point {
    var channel: Channel
    var index: InstanceIndex
    var column: TileColumn
    var bits: UInt64
  }

  let valueType: ValueType
  let indexType: IndexType
  /// In the order of channels, indices and steps, each key once.
  private(set) var points: [Point] = []

  private static let strings = [
    "a", " ", "a,b", "\"", "line\nbreak", "cr\rlf\r\n", "\\", "é", "e\u{301}", "日本語", "😀",
    "\u{1F}", "\u{2028}", "null", "007", "-0", "1.0", " 5", "9223372036854775808", "'", "end\"",
    "\u{FEFF}x",
  ]
  private static let integers: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]

  /// - Parameter hasGaps: whether points are missing and epochs are absent or differ within a step.
  init(seed: UInt64, channels channelCount: Int = 4, hasGaps: Bool = true) {
    var random = SeededRandom(seed: seed)
    valueType = Bool.random(using: &random) ? .float32 : .float64
    indexType = Bool.random(using: &random) ? .int64 : .string
    var channels: Set<Channel> = []
    while channels.count < channelCount {
      channels.insert(
        Channel(
          metric: Name(Self.strings.randomElement(using: &random) ?? "a"),
          mode: [Mode.train, .eval, .test, .infer].randomElement(using: &random) ?? .train,
          dsID: Bool.random(using: &random)
            ? nil : Name(Self.strings.randomElement(using: &random) ?? "a")))
    }
    for channel in channels.sorted() {
      let indices = Self.indices(indexType, &random)
      let steps = Set(
        (0..<Int.random(in: 1...30, using: &random)).map { _ in
          Int64.random(in: -50...50, using: &random)
        }
      ).sorted()
      for index in indices {
        for step in steps where !hasGaps || Int.random(in: 0..<4, using: &random) > 0 {
          let usual = step % 3 == 0 && hasGaps ? nil : step / 2
          let isOdd = hasGaps && Int.random(in: 0..<50, using: &random) == 0
          points.append(
            Point(
              channel: channel, index: index,
              column: TileColumn(step: step, epoch: isOdd ? Int64(random.next() % 9) : usual),
              bits: Self.bits(valueType, &random)))
        }
      }
    }
  }

  private static func indices(_ type: IndexType, _ random: inout SeededRandom) -> [InstanceIndex] {
    let count = Int.random(in: 1...60, using: &random)
    var found: Set<InstanceIndex> = []
    for _ in 0..<count {
      switch type {
      case .int64:
        let isEdge = Int.random(in: 0..<8, using: &random) == 0
        found.insert(
          .integer(
            isEdge
              ? integers.randomElement(using: &random) ?? 0
              : Int64.random(in: -100...100, using: &random)))
      case .string:
        let stem = strings.randomElement(using: &random) ?? "a"
        found.insert(.string(Name(stem + (Bool.random(using: &random) ? stem : ""))))
      }
    }
    // Not all of them are integers, so that they are not taken for such.
    if type == .string { found.insert(.string("not a number")) }
    return found.sorted()
  }

  private static func bits(_ type: ValueType, _ random: inout SeededRandom) -> UInt64 {
    let edges: [Float] = [
      0, -0.0, 1, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, 1e-7, 1e16,
    ]
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return Widening.widen((edges.randomElement(using: &random) ?? 0).bitPattern)
    case 1: return Widening.widen(Float.random(in: -2...2, using: &random).bitPattern)
    case 2 where type == .float64: return random.next()
    default: return Widening.widen(UInt32(truncatingIfNeeded: random.next()))
    }
  }

  /// The points as text.
  func text(_ format: TextFormat, _ points: [Point]? = nil) throws -> String {
    let sink = MemorySink()
    var writer = PointWriter(sink, format: format)
    for point in points ?? self.points {
      try writer.write(
        channel: point.channel, index: point.index, epoch: point.column.epoch,
        step: point.column.step, bits: point.bits, as: valueType)
    }
    try writer.finish()
    return String(decoding: sink.bytes, as: UTF8.self)
  }
}
