import TrackerCodec
import TrackerModel
import TrackerSystem

/// Reads and decodes tiles ahead of their use, on several cores; gives them in the order asked for.
final class TileDecoders {
  private let workers: OrderedWorkers<Job, Result<DecodedTile, TrackerError>>

  private struct Job: Sendable {
    var records: RecordReader
    var entry: TileEntry
    var rows: RowSelection
    var readsSources: Bool
  }

  /// Memory for values. Not in the jobs, which would share it: then it would be copied before it is
  /// overwritten.
  private let spare = Monitor<[ValueBuffer]>([])

  /// - Parameter cores: nil for all that the process may use.
  init(cores: Int?) {
    let spare = spare
    workers = OrderedWorkers(cores: Cores.resolve(cores)) {
      var tiles = TileReader()
      return { job in
        let buffer = spare.change { $0.popLast() } ?? ValueBuffer(job.entry.valueType)
        do throws(TrackerError) {
          return .success(
            try tiles.decode(
              job.entry, rows: job.rows, readsSources: job.readsSources, job.records,
              into: buffer))
        } catch {
          return .failure(error)
        }
      }
    }
  }

  /// Whether the threads are those of this process, not of the one that forked it.
  var isHere: Bool { workers.isHere }
  /// Whether no other core helps: a tile is decoded when it is asked for.
  var areAlone: Bool { workers.capacity == 1 }
  var isFull: Bool { workers.count == workers.capacity }

  func add(
    _ entry: TileEntry, rows: RowSelection, readsSources: Bool, of reader: TrackerReader
  ) {
    workers.submit(
      Job(records: reader.records, entry: entry, rows: rows, readsSources: readsSources))
  }

  /// Takes the memory of a tile that is done with, for one to come.
  func recycle(_ tile: consuming DecodedTile) {
    // In a child of the process that began, another thread may have held the lock for good.
    guard isHere else { return }
    let values = tile.values
    spare.change { [capacity = workers.capacity] in
      if $0.count < capacity { $0.append(values) }
    }
  }

  /// The oldest tile added and not taken; nil where there is none.
  func next() throws(TrackerError) -> DecodedTile? { try workers.next()?.get() }
}
