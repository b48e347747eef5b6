import TrackerModel
import TrackerSystem

/// Values and their rows, step by step in the order of values, sorted outside of memory where there
/// are many.
///
/// They are gathered until memory is full, sorted and written to a temporary file as one run; a step is
/// then read by merging its parts of all runs. What fits memory is never written.
struct RankRuns {
  private let words: RankWords
  private let memory: Int
  private let folder: String
  private var file: TemporaryFile?
  /// By step: what was not written yet, in the order of rows.
  private var gathered: [[UInt64]] = []
  private var gatheredCount = 0
  private var scratch: [UInt64] = []
  /// By step: the words of each run in the file.
  private var parts: [[Range<Int>]] = []

  /// - Parameter memory: bytes to use, but for some kilobytes a run.
  init(_ type: ValueType, memory: Int, folder: String) {
    words = RankWords(type)
    self.memory = memory
    self.folder = folder
  }

  /// Makes room for another step, and returns its number.
  mutating func addStep() -> Int {
    gathered.append([])
    parts.append([])
    return gathered.count - 1
  }

  /// Adds values of one step, in the order of rows, by what `body` appends to the words given.
  mutating func add(
    step: Int, _ body: (RankWords, inout [UInt64]) -> Void
  ) throws(TrackerError) {
    var held = exchange(&gathered[step], with: [])
    let before = held.count
    body(words, &held)
    gatheredCount += held.count - before
    gathered[step] = held
    // Arrays grow to twice what they hold, and sorting needs a copy of one step.
    if gatheredCount * 8 * 4 > memory { try spill() }
  }

  private mutating func spill() throws(TrackerError) {
    let file = try openFile()
    for step in gathered.indices where !gathered[step].isEmpty {
      var held = exchange(&gathered[step], with: [])
      words.sort(&held, &scratch)
      let first = try file.append(held.span)
      parts[step].append(first..<first + held.count)
    }
    gatheredCount = 0
  }

  private mutating func openFile() throws(TrackerError) -> TemporaryFile {
    if let file { return file }
    let new = try TemporaryFile(inFolder: folder)
    file = new
    return new
  }

  /// After the last value: writes what is left if anything was written.
  mutating func finish() throws(TrackerError) {
    if file != nil { try spill() }
    scratch = []
  }

  /// All values of a step, ascending. A step can be read once.
  mutating func merge(step: Int) throws(TrackerError) -> RankMerge {
    if let file {
      return try RankMerge(words, file, exchange(&parts[step], with: []), memory: memory)
    }
    var held = exchange(&gathered[step], with: [])
    words.sort(&held, &scratch)
    return RankMerge(words, held)
  }
}
