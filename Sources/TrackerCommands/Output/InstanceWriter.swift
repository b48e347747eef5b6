import TrackerInterchange
import TrackerModel
import TrackerSystem

/// Where a command writes numbers about instances: channel by channel, a block at a time.
protocol InstanceWriter: AnyObject {
  func begin(_ channel: Channel, _ fields: [InstanceField]) throws(TrackerError)
  func write(_ block: InstanceBlock) throws(TrackerError)
  /// Ends a channel.
  func end() throws(TrackerError)
  /// After the last channel.
  func finish() throws(TrackerError)
}

/// Makes text of several blocks at once, on all cores.
final class InstanceTextWriter: InstanceWriter {
  private let sink: any ByteSink
  private let format: TextFormat
  private var workers: OrderedWorkers<InstanceBlock, [UInt8]>?
  /// Each may hold a few blocks of some megabytes.
  private static let maxCores = 8

  /// - Parameter fields: their names.
  init(_ sink: any ByteSink, _ format: TextFormat, _ fields: [String]) throws(TrackerError) {
    self.sink = sink
    self.format = format
    let header = InstanceText.header(format, fields)
    try sink.write(header.span)
  }

  func begin(_ channel: Channel, _ fields: [InstanceField]) {
    let text = InstanceText(format, channel, fields)
    workers = OrderedWorkers(cores: min(Cores.resolve(nil), Self.maxCores)) {
      { block in text.text(of: block) }
    }
  }

  func write(_ block: InstanceBlock) throws(TrackerError) {
    guard let workers else { return }
    if workers.count == workers.capacity { try writeNext() }
    workers.submit(block)
  }

  func end() throws(TrackerError) {
    while let workers, workers.count > 0 { try writeNext() }
    workers = nil
  }

  func finish() throws(TrackerError) { try sink.flush() }

  private func writeNext() throws(TrackerError) {
    guard let text = workers?.next() else { return }
    try sink.write(text.span)
  }
}

/// Writes one channel as a NumPy archive.
final class InstanceArchiveWriter: InstanceWriter {
  private let output: OutputFile
  private let indexType: IndexType
  private var archive: InstanceArchive?

  init(_ output: OutputFile, _ indexType: IndexType) {
    self.output = output
    self.indexType = indexType
  }

  func begin(_ channel: Channel, _ fields: [InstanceField]) throws(TrackerError) {
    archive = try InstanceArchive(output, indexType, fields)
  }

  func write(_ block: InstanceBlock) throws(TrackerError) { try archive?.append(block) }
  func end() throws(TrackerError) { try archive?.finish() }
  func finish() {}
}
