import Synchronization
public import TrackerModel

/// A tracker in memory: the same bytes as in a file, in blocks, so that growing never copies them
/// and never takes twice their size.
public final class MemoryStorage: Storage {
  private let content = Mutex(Blocks())
  public let name: String

  public init(name: String = "memory") { self.name = name }

  public convenience init(_ bytes: [UInt8], name: String = "memory") {
    self.init(name: name)
    try? write(bytes.span, at: 0)
  }

  public func size() -> UInt64 { content.withLock { UInt64($0.length) } }

  public func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) -> Int {
    content.withLock { $0.read(at: offset, into: &buffer) }
  }

  public func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(TrackerError) {
    let end = content.withLock { blocks -> Int? in
      guard offset <= UInt64(blocks.length) else { return blocks.length }
      blocks.write(bytes, at: Int(offset))
      return nil
    }
    if let end {
      throw TrackerError(
        .outOfRange, "write", "beyond the end at \(end)", file: name, offset: offset)
    }
  }

  public func truncate(to size: UInt64) { content.withLock { $0.truncate(to: size) } }

  public func synchronize() {}
  public func lockForWriting(waitingUpTo seconds: Double) {}
  public func isLockedByWriter() -> Bool { false }
  public func close() {}
}

/// Bytes in blocks of equal size.
private struct Blocks: Sendable {
  private static let blockSize = 1 << 20
  private var blocks: [[UInt8]] = []
  private(set) var length = 0

  func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) -> Int {
    guard offset < UInt64(length) else { return 0 }
    let start = Int(offset)
    let count = min(buffer.count, length - start)
    var done = 0
    while done < count {
      let (number, within) = (start + done).quotientAndRemainder(dividingBy: Self.blockSize)
      let part = min(count - done, Self.blockSize - within)
      // Held once, not looked up for every byte.
      let block = blocks[number]
      for position in 0..<part { buffer[done + position] = block[within + position] }
      done += part
    }
    return count
  }

  /// - Precondition: the offset is not beyond the end.
  mutating func write(_ bytes: Span<UInt8>, at start: Int) {
    var done = 0
    while done < bytes.count {
      let (number, within) = (start + done).quotientAndRemainder(dividingBy: Self.blockSize)
      let end = min(bytes.count, done + Self.blockSize - within)
      if number == blocks.count { blocks.append([]) }
      // Taken out meanwhile: checked once, not for every byte.
      var block: [UInt8] = []
      swap(&block, &blocks[number])
      let replaced = min(end, done + block.count - within)
      for position in done..<replaced { block[within + position - done] = bytes[position] }
      block.append(addingCapacity: end - replaced) { output in
        for position in replaced..<end { output.append(bytes[position]) }
      }
      swap(&block, &blocks[number])
      done = end
    }
    length = max(length, start + bytes.count)
  }

  mutating func truncate(to size: UInt64) {
    guard size < UInt64(length) else { return }
    length = Int(size)
    let (whole, rest) = length.quotientAndRemainder(dividingBy: Self.blockSize)
    blocks.removeLast(blocks.count - min(blocks.count, whole + (rest > 0 ? 1 : 0)))
    if rest > 0 { blocks[whole].removeLast(blocks[whole].count - rest) }
  }
}
