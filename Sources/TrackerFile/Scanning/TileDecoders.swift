import TrackerCodec
import TrackerModel
import TrackerSystem

/// A tile's values, in their own width: many tiles are held at a time.
struct DecodedTile: Sendable {
  /// The rows that were decoded: all of the tile, or those wanted.
  let rowCount: Int
  let presence: Presence
  /// One of them is empty.
  let narrow: [UInt32]
  let wide: [UInt64]
  /// The place of each column's first value.
  let starts: [Int]

  /// - Parameter values: bits in the header's value type.
  init(_ header: TileHeader, _ values: Span<UInt64>) {
    rowCount = header.rowCount
    presence = header.presence
    switch header.valueType {
    case .float32:
      narrow = Array(capacity: values.count) { target in
        for place in values.indices { target.append(UInt32(truncatingIfNeeded: values[place])) }
      }
      wide = []
    case .float64:
      narrow = []
      wide = Array(capacity: values.count) { target in
        for place in values.indices { target.append(values[place]) }
      }
    }
    var starts: [Int] = []
    var start = 0
    for column in header.columns.indices {
      starts.append(start)
      start += header.presence.pointCount(
        in: column * header.rowCount..<(column + 1) * header.rowCount)
    }
    self.starts = starts
  }
}

/// Reads and decodes tiles ahead of a scan, on several cores; gives them in the order asked for.
final class TileDecoders {
  private let workers: OrderedWorkers<Job, Result<DecodedTile, TrackerError>>

  private struct Job: Sendable {
    var records: RecordReader
    var entry: TileEntry
    var rows: [Int]?
  }

  /// - Parameter cores: nil for all that the process may use.
  init(cores: Int?) {
    workers = OrderedWorkers(cores: Cores.resolve(cores)) {
      var tiles = TileReader()
      var values: [UInt64] = []
      return { job in
        do throws(TrackerError) {
          let header = try tiles.read(job.entry, rows: job.rows, job.records, into: &values)
          return .success(DecodedTile(header, values.span))
        } catch {
          return .failure(error)
        }
      }
    }
  }

  /// Whether the threads are those of this process, not of the one that forked it.
  var isHere: Bool { workers.isHere }
  var isFull: Bool { workers.count == workers.capacity }

  /// - Parameter rows: nil for all.
  func add(_ entry: TileEntry, rows: [Int]?, of reader: TrackerReader) {
    workers.submit(Job(records: reader.records, entry: entry, rows: rows))
  }

  /// The oldest tile added and not taken; nil where there is none.
  func next() throws(TrackerError) -> DecodedTile? { try workers.next()?.get() }
}
