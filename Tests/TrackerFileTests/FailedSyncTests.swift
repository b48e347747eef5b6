import Synchronization
import Testing
import TrackerCodec
import TrackerFile
import TrackerModel

/// What a commit leaves behind when its last calls fail.
@Suite struct FailedSyncTests {
  /// In memory; a call of one kind fails once.
  private final class Storage: TrackerFile.Storage {
    enum Call { case size, truncate, synchronize }

    let name = "failing"
    let memory = MemoryStorage()
    private let failing = Mutex<Call?>(nil)

    func fail(_ call: Call) { failing.withLock { $0 = call } }

    private func check(_ call: Call) throws(TrackerError) {
      let fails = failing.withLock { failing in
        defer { if failing == call { failing = nil } }
        return failing == call
      }
      if fails { throw TrackerError(.system, "\(call)", "injected", file: name) }
    }

    func size() throws(TrackerError) -> UInt64 {
      try check(.size)
      return memory.size()
    }

    func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) -> Int {
      memory.read(at: offset, into: &buffer)
    }

    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(TrackerError) {
      try memory.write(bytes, at: offset)
    }

    func truncate(to size: UInt64) throws(TrackerError) {
      try check(.truncate)
      memory.truncate(to: size)
    }

    func synchronize() throws(TrackerError) { try check(.synchronize) }
    func lockForWriting(waitingUpTo seconds: Double) {}
    func isLockedByWriter() -> Bool { false }
    func close() {}
  }

  private let storage = Storage()
  private let channel = Channel(metric: "ce", mode: .train)

  private func writer() throws -> TrackerWriter {
    let writer = try TrackerWriter(
      creating: storage, indexType: .int64, identity: RunIdentity(runID: "run"))
    try add(step: 1, to: writer)
    try writer.commit(step: 1, epoch: 1, wallTime: nil)
    return writer
  }

  private func add(step: Int64, to writer: TrackerWriter) throws {
    let bits: [UInt64] = [1, 2, 3]
    try writer.appendTile(
      channel: channel, valueType: .float32, rows: .integers([1, 2, 3]),
      columns: [TileColumn(step: step, epoch: step)], presence: .all(3), values: bits.span)
  }

  /// A system may count as written what a failed sync did not write. Whoever opens the file next must not
  /// build on the commit, which would then be lost with all that follows it.
  @Test func aCommitWhoseSyncFailedIsTakenBack() throws {
    let writer = try writer()
    let end = storage.memory.size()
    try add(step: 2, to: writer)
    try writer.finishTiles()
    let offset = storage.memory.size()
    storage.fail(.synchronize)
    let error = #expect(throws: TrackerError.self) {
      try writer.commit(step: 2, epoch: 2, wallTime: nil)
    }
    #expect(error?.offset == offset)
    #expect(storage.memory.size() == end)
    let reader = try TrackerReader(storage)
    #expect(reader.snapshot.commit?.sequence == 1)
    #expect(reader.tail == nil)
    #expect(throws: TrackerError.self) { try writer.commit(step: 2, epoch: 2, wallTime: nil) }
  }

  /// Other records than the commit names could be written below it otherwise.
  @Test(arguments: [false, true])
  func aCommitThatFailsBeforeItsSyncIsNotThere(withLeftovers: Bool) throws {
    let writer = try writer()
    let mark = writer.mark
    if withLeftovers {
      for step in 2...4 { try add(step: Int64(step), to: writer) }
      try writer.finishTiles()
      writer.rollBack(to: mark)
    }
    try add(step: 2, to: writer)
    try writer.finishTiles()
    storage.fail(withLeftovers ? .truncate : .size)
    #expect(throws: TrackerError.self) { try writer.commit(step: 2, epoch: 2, wallTime: nil) }
    #expect(try TrackerReader(storage).snapshot.commit?.sequence == 1)
    writer.rollBack(to: mark)
    try add(step: 3, to: writer)
    try writer.commit(step: 3, epoch: 3, wallTime: nil)
    let reader = try TrackerReader(storage)
    #expect(reader.snapshot.ancestry.map(\.step) == [1, 3])
    #expect(reader.tail == nil)
  }
}
