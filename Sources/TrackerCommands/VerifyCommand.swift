import ArgumentParser
import TrackerFile
import TrackerModel
import TrackerSystem

/// `tracker verify`: is every byte sound?
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read every byte of files and report all damage.",
    discussion: """
      Temporary files that killed writers left beside a file are named; they are no damage.

      EXAMPLES
        tracker verify run.tracker
        tracker verify worker-*.tracker
        tracker verify workers/

      Exit status: 0 sound, 4 damage found, 1 a file could not be read.
      """)

  @OptionGroup var input: TrackerInputs

  func run() throws {
    let console = Console.shared
    var unreadable = 0
    defer { if unreadable > 0 { console.status = .failure } }
    for file in try input.paths() {
      // Temporary files of writers that were killed are no damage, but take room.
      for leftover in Leftovers.besides(file) {
        try console.print(
          "\(file): left over by a writer that was killed: \(leftover.name), "
            + "\(Numbers.bytes(leftover.size)); the next one removes it")
      }
      do throws(TrackerError) {
        try report(try Verification.verify(FileStorage(path: file, mode: .read)), of: file, console)
      } catch {
        guard error.isAboutDamage else {
          if error.code == .closedPipe { throw error }
          unreadable += 1
          console.say("error: \(error)")
          continue
        }
        console.status = .damageFound
        try console.print("\(file): damaged: \(error)")
      }
    }
  }

  private func report(_ result: Verification, of file: String, _ console: Console)
    throws(TrackerError)
  {
    if !result.isSound { console.status = .damageFound }
    for finding in result.findings { try console.print("\(file): \(finding)") }
    let counts = [
      Numbers.count(result.recordCount, "record"), Numbers.count(result.commitCount, "commit"),
      Numbers.count(result.tileCount, "tile"), Numbers.count(result.pointCount, "point"),
    ].joined(separator: ", ")
    guard !result.isSound else {
      try console.print("\(file): sound: \(counts)")
      return
    }
    let places = Numbers.count(result.findings.count, "place")
    try console.print("\(file): damaged in \(places); readable: \(counts)")
  }
}

extension TrackerError {
  /// Whether the bytes of a file are at fault.
  var isAboutDamage: Bool {
    switch code {
    case .notATrackerFile, .unsupportedVersion, .truncated, .checksumMismatch, .limitExceeded,
      .malformed, .unsupportedEncoding, .noCommit, .tooMuchDamage:
      true
    default: false
    }
  }
}
