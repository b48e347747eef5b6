import TrackerFile
import TrackerModel
import TrackerSystem

/// Where a command writes: data to standard output, everything else to standard error.
///
/// A process runs one command on its main thread, which is all that uses this.
final class Console: @unchecked Sendable {
  static let shared = Console()

  let output = StandardOutput(.output)
  private let errors = StandardOutput(.error)
  /// How the process will end if nothing else fails.
  var status = ExitStatus.done

  /// A line for the user. Whatever a file's names hold, it stays one line and sends the terminal nothing
  /// but text (see `PrintableText`).
  func say(_ text: String) {
    try? errors.write(PrintableText.escape(text) + "\n")
    try? errors.flush()
  }

  func warn(_ text: String) { say("warning: \(text)") }

  /// Text that a later `say` may follow on the same line; for progress.
  func sayRaw(_ text: String) {
    try? errors.write(text)
    try? errors.flush()
  }

  /// A line for eyes, likewise.
  func print(_ text: String) throws(TrackerError) {
    try output.write(PrintableText.escape(text) + "\n")
  }

  /// Reports bytes behind a tracker's last commit; the process will end with `dataLost`.
  func reportTail(of reader: TrackerReader) {
    guard let tail = reader.tail else { return }
    warn(
      "\(reader.name): \(Numbers.grouped(tail.length)) bytes at offset \(tail.offset) follow the last"
        + " commit: a checkpoint that never became whole, or damage; they are ignored"
        + " ('tracker verify' tells more, 'tracker recover' saves what can be read)")
    status = .dataLost
  }

  func reportUnsealed(_ count: Int, verb: String) {
    guard count > 0 else { return }
    warn(
      "\(Numbers.grouped(count)) points of epochs that were never ended have no step yet: \(verb)")
  }
}
