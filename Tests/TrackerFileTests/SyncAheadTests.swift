import Foundation
import Testing
import TrackerModel
@testable import TrackerSystem

/// Files that become durable while they are written.
@Suite struct SyncAheadTests {
  static func path() -> String {
    FileManager.default.temporaryDirectory.appending(path: "\(UUID()).bin").path
  }

  @Test func whatIsSyncedAheadIsWhole() throws {
    let path = Self.path()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let output = try OutputFile(path: path, overwriting: false)
    // Enough for two syncs beside the writing, in blocks that are held back and others that are not.
    var (written, number) = (0, UInt8(0))
    while written < 2 * Int(SyncAhead.usualBytesAtOnce) + 12_345 {
      let block = [UInt8](repeating: number, count: number % 3 == 0 ? 300_000 : 77_777)
      try output.write(block.span)
      written += block.count
      number &+= 1
    }
    try output.commit()
    let bytes = try Data(contentsOf: URL(filePath: path))
    #expect(bytes.count == written)
    var (place, block) = (0, UInt8(0))
    while place < bytes.count {
      let count = block % 3 == 0 ? 300_000 : 77_777
      #expect(bytes[place..<place + count].allSatisfy { $0 == block })
      place += count
      block &+= 1
    }
  }

  @Test func aFileThatIsGivenUpLeavesNothing() throws {
    let path = Self.path()
    let output = try OutputFile(path: path, overwriting: false)
    let block = [UInt8](repeating: 7, count: 1 << 20)
    for _ in 0..<40 { try output.write(block.span) }
    output.discard()
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(!FileManager.default.fileExists(atPath: output.temporaryPath))
  }

  /// The system tells of a failed sync once: it must not be forgotten until the end.
  @Test func aSyncThatFailedIsToldOf() throws {
    let path = Self.path()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let handle = try FileHandle(path: path, mode: .createNew)
    let syncs = SyncAhead(handle, bytesAtOnce: 10)
    try syncs.wrote(to: 9)
    try syncs.finish()
    handle.close()
    try syncs.wrote(to: 10)
    #expect(throws: TrackerError.self) { try syncs.finish() }
    #expect(throws: TrackerError.self) { try syncs.wrote(to: 20) }
    #expect(throws: TrackerError.self) { try syncs.finish() }
  }
}
