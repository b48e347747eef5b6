import TrackerFile
import TrackerMerge
import TrackerModel
import TrackerState
import TrackerSystem

/// What a worker holds between commands, and what it can be told.
final class Session {
  private var set: DataSet?
  private var tracker: InstanceTracker?
  private var training: Training?
  private let channel = Channel(metric: "ce", mode: .train, dsID: nil)

  struct Misuse: Error, CustomStringConvertible {
    var description: String
  }

  func answer(_ command: String, _ arguments: Arguments) throws -> Answer {
    switch command {
    case "hello": return Answer([("name", .text("TrackerState"))])
    case "load": return try load(arguments)
    case "write": return try write(to: arguments.text(0))
    case "read": return try read(arguments.text(0), Reading.matrix)
    case "scan": return try read(arguments.text(0), Reading.scan)
    case "verify": return try verify(arguments.text(0))
    case "lookup": return try lookUp(arguments.integer(1), in: arguments.text(0))
    case "begin": return try begin(arguments.text(0))
    case "append": return try append(epoch: arguments.integer(0))
    case "end": return try end()
    case "compact": return try compact(arguments.text(0), to: arguments.text(1))
    case "shards": return try writeShards(arguments)
    case "small": return try writeSmall(arguments)
    case "train": return try train(arguments)
    case "kernel": return try kernel(arguments.text(0), times: arguments.integer(1))
    default: throw Misuse(description: "no such command: \(command)")
    }
  }

  private func loaded() throws -> DataSet {
    guard let set else { throw Misuse(description: "no data set is loaded") }
    return set
  }

  /// `load PREFIX MASKED`
  private func load(_ arguments: Arguments) throws -> Answer {
    set = nil
    let loaded = try DataSet(prefix: arguments.text(0), isMasked: arguments.integer(1) != 0)
    set = loaded
    return Answer([("points", .integer(loaded.pointCount))])
  }

  // MARK: Compacted files

  /// `write PATH`: from the arrays in memory to a compacted file, not synced.
  private func write(to path: String) throws -> Answer {
    let set = try loaded()
    let time = try seconds {
      let storage = try FileStorage(path: path, mode: .createNew)
      let writer = try TrackerWriter(creating: storage, indexType: .int64, identity: nil)
      let source = MatrixScan(
        channel: channel, indices: .integers(set.indices), columns: set.columns,
        values: set.values, presence: set.presence)
      var tiler = CanonicalTiler(writer, channel: channel, valueType: .float32, identities: [])
      try tiler.write(source)
      try writer.finishTiles()
      let last = writer.lastColumn
      try writer.commit(
        step: last?.step, epoch: last?.epoch, wallTime: nil, durability: .wholeFile)
      writer.close()
    }
    return Answer([("seconds", .number(time))])
  }

  private func read(_ path: String, _ way: (TrackerReader) throws -> HistoryMatrix) throws -> Answer
  {
    var points = 0
    let time = try seconds {
      let reader = try TrackerReader(path: path)
      let matrix = try way(reader)
      points = matrix.values.count
      reader.close()
    }
    return Answer([("seconds", .number(time)), ("cells", .integer(points))])
  }

  /// `verify PATH`: both ways of reading give the loaded data set, bit for bit.
  private func verify(_ path: String) throws -> Answer {
    let reader = try TrackerReader(path: path)
    defer { reader.close() }
    for (name, matrix) in [
      ("matrix", try Reading.matrix(of: reader)), ("scan", try Reading.scan(of: reader)),
    ] {
      if let difference = Reading.difference(between: matrix, and: try loaded()) {
        throw Misuse(description: "read by \(name): \(difference)")
      }
    }
    return Answer()
  }

  /// `lookup PATH INDEX`: opens the file and gives one instance's history.
  private func lookUp(_ index: Int, in path: String) throws -> Answer {
    var history: [HistoryPoint] = []
    var bytesRead = 0
    let time = try seconds {
      let storage = CountingStorage(try FileStorage(path: path, mode: .read))
      let reader = try TrackerReader(storage)
      let wanted = [InstanceIndex.integer(Int64(index))]
      for channel in reader.snapshot.channels {
        let scan = ChannelScan(reader, channel, indices: wanted)
        history = try scan.histories(of: wanted)[wanted[0]] ?? []
      }
      bytesRead = storage.bytesRead
      reader.close()
    }
    return Answer([
      ("seconds", .number(time)), ("bytes", .integer(bytesRead)),
      ("values", .integers(history.map { Int(Widening.narrow($0.valueBits) ?? 0) })),
    ])
  }

  // MARK: Appended files

  private func parameters() throws -> Parameters {
    try Parameters(metricKeys: ["ce"], modes: .only([.train]))
  }

  private func begin(_ path: String) throws -> Answer {
    try tracker?.close()
    tracker = try InstanceTracker.create(path: path, parameters: parameters())
    return Answer()
  }

  /// `append EPOCH`: one epoch from its arrays to durable bytes.
  private func append(epoch: Int) throws -> Answer {
    guard let tracker else { throw Misuse(description: "nothing was begun") }
    let set = try loaded()
    let (indices, values) = set.points(ofEpoch: epoch)
    let number = Int64(epoch + 1)
    let last = set.steps[set.epochCount - 1]
    let step = set.steps[epoch % set.epochCount] + Int64(epoch / set.epochCount) * last
    let record = try seconds {
      try tracker.record(mode: .train, epoch: number, indices: indices, values)
    }
    let seal = try seconds { try tracker.endEpoch(mode: .train, epoch: number, step: step) }
    let checkpoint = try seconds { try tracker.checkpoint() }
    return Answer([
      ("seconds", .number(record + seal + checkpoint)), ("record", .number(record)),
      ("seal", .number(seal)), ("checkpoint", .number(checkpoint)),
    ])
  }

  private func end() throws -> Answer {
    let time = try seconds { try tracker?.close() }
    tracker = nil
    training = nil
    return Answer([("seconds", .number(time))])
  }

  private func compact(_ path: String, to target: String) throws -> Answer {
    let time = try seconds {
      let reader = try TrackerReader(path: path)
      var report = MergeReport()
      try Compaction.write(reader, to: target, overwriting: true, report: &report)
      reader.close()
    }
    return Answer([("seconds", .number(time))])
  }

  // MARK: Workers' files

  /// `shards FOLDER WORKERS EPOCHS`
  private func writeShards(_ arguments: Arguments) throws -> Answer {
    try Shards.write(
      loaded(), epochs: arguments.integer(2), workers: arguments.integer(1), to: arguments.text(0))
    return Answer()
  }

  /// `small FOLDER FILES POINTS PER-EPOCH`
  private func writeSmall(_ arguments: Arguments) throws -> Answer {
    try Shards.writeSmall(
      loaded(), count: arguments.integer(1), points: arguments.integer(2),
      perEpoch: arguments.integer(3), to: arguments.text(0))
    return Answer()
  }

  // MARK: Training and kernels

  /// `train PATH EPOCHS BATCH`: goes on recording; an empty path keeps the tracker in memory.
  private func train(_ arguments: Arguments) throws -> Answer {
    if training == nil {
      let path = try arguments.text(0)
      let tracker = try InstanceTracker.create(
        path: path.isEmpty ? nil : path, parameters: parameters())
      self.tracker = tracker
      training = Training(try loaded(), tracker, batchSize: try arguments.integer(2))
    }
    guard var training else { throw Misuse(description: "no training") }
    let (record, seal, points) = try training.run(epochs: arguments.integer(1))
    self.training = training
    return Answer([
      ("record", .number(record)), ("seal", .number(seal)), ("points", .integer(points)),
    ])
  }

  /// `kernel encode|decode TIMES`
  private func kernel(_ name: String, times: Int) throws -> Answer {
    let kernels = Kernels(try loaded())
    let time = try seconds {
      switch name {
      case "encode": kernels.encode(times: times)
      case "decode": try kernels.decode(times: times)
      default: throw Misuse(description: "no such kernel: \(name)")
      }
    }
    return Answer([
      ("seconds", .number(time)), ("points", .integer(kernels.pointCount)),
      ("bytes", .integer(kernels.byteCount)),
    ])
  }
}
