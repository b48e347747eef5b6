/// A folder as a disk has it when the power may fail: files, and names that are durable only once the folder is
/// synced.
struct DiskFolder {
  private enum NameChange {
    case add(String, file: Int)
    case rename(String, to: String)
    case remove(String)
  }

  private var files: [DiskFile] = []
  private var names: [String: Int] = [:]
  private var durableNames: [String: Int] = [:]
  private var pending: [NameChange] = []
  /// Numbers that the system gives files, while they exist.
  private var numbers: [UInt64: Int] = [:]

  /// Files that are durable from the start.
  init(_ contents: [String: [UInt8]]) {
    for (name, bytes) in contents.sorted(by: { $0.key < $1.key }) {
      names[name] = files.count
      files.append(DiskFile(bytes))
    }
    durableNames = names
  }

  // MARK: What processes do

  /// A change that the shim wrote down.
  struct Change {
    var operation: Character
    var number: UInt64
    var offset: Int
    var bytes: [UInt8]

    /// All changes of a trace.
    static func all(_ trace: [UInt8]) -> [Change] {
      var changes: [Change] = []
      var place = 0
      func word(_ at: Int) -> UInt64 {
        trace[at..<at + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      }
      while place + 32 <= trace.count {
        let count = Int(word(place + 24))
        changes.append(
          Change(
            operation: Character(Unicode.Scalar(UInt8(word(place)))), number: word(place + 8),
            offset: Int(word(place + 16)), bytes: Array(trace[place + 32..<place + 32 + count])))
        place += 32 + count
      }
      return changes
    }

    /// The names that a change is about, without their folder.
    var names: [String] {
      bytes.split(separator: 0, omittingEmptySubsequences: false).map {
        String(
          decoding: $0[($0.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? $0.startIndex)...],
          as: UTF8.self)
      }
    }
  }

  /// Whether it was one that the disk knows of.
  mutating func apply(_ change: Change) -> Bool {
    switch change.operation {
    case "c":
      numbers[change.number] = files.count
      apply(.add(change.names[0], file: files.count))
      files.append(DiskFile())
    case "o":
      guard let file = names[change.names[0]] else { return false }
      numbers[change.number] = file
      return false
    case "w":
      guard let file = numbers[change.number] else { return false }
      files[file].write(change.bytes, at: change.offset)
    case "t":
      guard let file = numbers[change.number] else { return false }
      files[file].truncate(to: change.offset)
    case "s":
      guard let file = numbers[change.number] else { return false }
      files[file].synchronize()
    case "f":
      durableNames = names
      pending.removeAll()
    case "l":
      guard let file = names[change.names[0]] else { return false }
      apply(.add(change.names[1], file: file))
    case "m": apply(.rename(change.names[0], to: change.names[1]))
    case "u": apply(.remove(change.names[0]))
    default: return false
    }
    return true
  }

  private mutating func apply(_ change: NameChange) {
    Self.apply(change, to: &names)
    pending.append(change)
  }

  private static func apply(_ change: NameChange, to names: inout [String: Int]) {
    switch change {
    case .add(let name, let file): names[name] = file
    case .rename(let from, let to):
      guard let file = names.removeValue(forKey: from) else { return }
      names[to] = file
    case .remove(let name): names[name] = nil
    }
  }

  // MARK: When the power fails

  /// The files that are found after the power failed now.
  func crash(_ random: inout SeededGenerator) -> [String: [UInt8]] {
    var found = durableNames
    let kept = random.below(pending.count + 1)
    let isOrdered = random.isOne(in: 2)
    for (place, change) in pending.enumerated()
    where isOrdered ? place < kept : random.isOne(in: 2) {
      Self.apply(change, to: &found)
    }
    var images: [String: [UInt8]] = [:]
    for (name, file) in found.sorted(by: { $0.key < $1.key }) {
      images[name] = files[file].crash(&random)
    }
    return images
  }
}
