import TrackerModel
import TrackerSystem

/// Values and their rows, step by step, outside of memory where there are many.
///
/// They are gathered until memory is full, and written to a temporary file as they are. What fits memory
/// is never written. A step is then taken whole where that fits, to be sorted there; else its parts are
/// sorted one by one, and merged.
struct RankRuns {
  let words: RankWords
  private let memory: Int
  private let folder: String
  private var file: TemporaryFile?
  /// By step: what was not written yet, in the order of rows.
  private var gathered: [[UInt64]] = []
  private var gatheredCount = 0
  private var scratch: [UInt64] = []
  /// By step: the words of each part in the file.
  private var parts: [[Range<Int>]] = []

  /// - Parameter memory: bytes to use, but for some kilobytes a part.
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
      let held = exchange(&gathered[step], with: [])
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
  }

  /// Words of the step that has most.
  var longest: Int {
    gathered.indices.map { step in parts[step].reduce(gathered[step].count) { $0 + $1.count } }
      .max() ?? 0
  }

  /// All values of a step, in the order of rows. A step can be taken once.
  mutating func take(step: Int) throws(TrackerError) -> [UInt64] {
    var held = exchange(&gathered[step], with: [])
    let parts = exchange(&self.parts[step], with: [])
    guard let file, !parts.isEmpty else { return held }
    held = [UInt64](repeating: 0, count: parts.reduce(0) { $0 + $1.count })
    var room = held.mutableSpan
    var place = 0
    for part in parts {
      var target = room._mutatingExtracting(place..<place + part.count)
      try file.read(at: part.lowerBound, into: &target)
      place += part.count
    }
    return held
  }

  /// All values of a step, ascending. A step can be read once.
  mutating func merge(step: Int) throws(TrackerError) -> RankMerge {
    guard let file else {
      var held = exchange(&gathered[step], with: [])
      words.sort(&held, &scratch)
      return RankMerge(words, held)
    }
    let parts = exchange(&self.parts[step], with: [])
    for part in parts {
      var held = [UInt64](repeating: 0, count: part.count)
      var target = held.mutableSpan
      try file.read(at: part.lowerBound, into: &target)
      words.sort(&held, &scratch)
      try file.write(held.span, at: part.lowerBound)
    }
    scratch = []
    return try RankMerge(words, file, parts, memory: memory)
  }
}
