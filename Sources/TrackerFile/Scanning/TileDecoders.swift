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
    /// Memory for the values.
    var buffer: ValueBuffer
  }

  private var spare: [ValueBuffer] = []

  /// - Parameter cores: nil for all that the process may use.
  init(cores: Int?) {
    workers = OrderedWorkers(cores: Cores.resolve(cores)) {
      var tiles = TileReader()
      return { job in
        do throws(TrackerError) {
          return .success(
            try tiles.decode(
              job.entry, rows: job.rows, readsSources: job.readsSources, job.records,
              into: job.buffer))
        } catch {
          return .failure(error)
        }
      }
    }
  }

  /// Whether the threads are those of this process, not of the one that forked it.
  var isHere: Bool { workers.isHere }
  var isFull: Bool { workers.count == workers.capacity }

  func add(
    _ entry: TileEntry, rows: RowSelection, readsSources: Bool, of reader: TrackerReader
  ) {
    let buffer = spare.popLast() ?? ValueBuffer(entry.valueType)
    workers.submit(
      Job(
        records: reader.records, entry: entry, rows: rows, readsSources: readsSources,
        buffer: buffer))
  }

  /// Takes the memory of a tile that is done with, for one to come.
  func recycle(_ tile: consuming DecodedTile) {
    if spare.count < workers.capacity { spare.append(tile.values) }
  }

  /// The oldest tile added and not taken; nil where there is none.
  func next() throws(TrackerError) -> DecodedTile? { try workers.next()?.get() }
}
