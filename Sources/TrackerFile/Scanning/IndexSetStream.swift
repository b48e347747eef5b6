import TrackerCodec
import TrackerModel
import TrackerSystem

/// Index sets of one or several trackers, decoded in a given order ahead of their use, on several cores
/// where there are many. One owner.
final class IndexSetStream {
  private let workers: OrderedWorkers<Job, Result<WindowPart.Indices, TrackerError>>
  private let readers: [TrackerReader]
  /// Those not asked for yet, the next one last.
  private var waiting: [(key: WindowPart.Key, entry: TileEntry)]
  /// How many of `waiting`, from its end, the workers have.
  private var aheadCount = 0

  private struct Job: Sendable {
    var records: RecordReader
    var entry: TileEntry
    var type: IndexType
  }

  /// Decoding so many rows takes some ten times as long as starting threads.
  private static let rowsWorthThreads = 1 << 17
  /// Each set under way takes a megabyte or less.
  private static let memoryForThreads = 2 << 20

  /// - Parameters:
  ///   - tiles: one of each set.
  ///   - baseMemory: bytes for sets by which others are written.
  init(
    _ readers: [TrackerReader], _ tiles: [(key: WindowPart.Key, entry: TileEntry)], baseMemory: Int
  ) {
    self.readers = readers
    waiting = tiles.reversed()
    let rowCount = tiles.reduce(0) { $0 + $1.entry.rowCount }
    let isWorthThreads =
      tiles.count > 1 && rowCount >= Self.rowsWorthThreads && baseMemory >= Self.memoryForThreads
    let cores = isWorthThreads ? Cores.resolve(readers.compactMap(\.cores).max()) : 1
    workers = OrderedWorkers(cores: cores) {
      var decoder = IndexSetRecords(baseMemory: baseMemory / cores)
      return { job in
        do throws(TrackerError) {
          let column = try decoder.read(job.entry, type: job.type, job.records)
          return .success(WindowPart.Indices(column))
        } catch {
          return .failure(error)
        }
      }
    }
  }

  /// The rows of a tile; nil where its set is not the next one.
  func next(_ key: WindowPart.Key) throws(TrackerError) -> WindowPart.Indices? {
    guard workers.isHere, waiting.last?.key == key else { return nil }
    while aheadCount < waiting.count, workers.count < workers.capacity {
      let (key, entry) = waiting[waiting.count - 1 - aheadCount]
      let reader = readers[key.source]
      workers.submit(Job(records: reader.records, entry: entry, type: reader.indexType))
      aheadCount += 1
    }
    waiting.removeLast()
    aheadCount -= 1
    return try workers.next()?.get()
  }
}
