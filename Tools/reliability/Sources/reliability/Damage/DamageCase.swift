import TrackerFile
import TrackerModel

/// One file and everything that is done to it.
struct DamageCase {
  struct Figures {
    var (truncations, bits, bytes) = (0, 0, 0)
    var (refused, read, noticed, named, salvaged, lost) = (0, 0, 0, 0, 0, 0)

    mutating func add(_ other: Figures) {
      truncations += other.truncations
      bits += other.bits
      bytes += other.bytes
      refused += other.refused
      read += other.read
      noticed += other.noticed
      named += other.named
      salvaged += other.salvaged
      lost += other.lost
    }
  }

  private(set) var figures = Figures()
  private(set) var violations: [String] = []
  private let bytes: [UInt8]
  private let name: String
  private var random: SeededGenerator
  private let share: Int
  /// What the file said at its commits, and what it says.
  private var meanings: Set<Meaning> = []
  /// The points of all tiles that can be read in the whole file.
  private var tiles: Set<Int> = []
  private var points = 0
  private var isSound = false

  init(_ bytes: [UInt8], name: String, random: SeededGenerator, share: Int) {
    (self.bytes, self.name, self.random, self.share) = (bytes, name, random, share)
  }

  mutating func run() {
    learn()
    let first = share == 1 ? 0 : random.below(share)
    for length in stride(from: first, to: bytes.count, by: share) {
      figures.truncations += 1
      check(Array(bytes[..<length]), at: nil, "cut to \(length)")
    }
    for bit in stride(from: first, to: bytes.count * 8, by: share) {
      figures.bits += 1
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      check(damaged, at: bit / 8, "bit \(bit)")
    }
    let places = places()
    for number in stride(from: first, to: places.count, by: share) {
      let place = places[number]
      for value in [0, 255, UInt8(random.below(256))] where value != bytes[place] {
        figures.bytes += 1
        var damaged = bytes
        damaged[place] = value
        check(damaged, at: place, "byte \(place) = \(value)")
      }
    }
  }

  private mutating func learn() {
    let whole = MemoryStorage(bytes)
    isSound = (try? Verification.verify(whole).isSound) ?? false
    for length in ends() {
      if let meaning = try? Meaning(MemoryStorage(Array(bytes[..<length]))) {
        meanings.insert(meaning)
      }
    }
    guard let (reader, salvage) = try? TrackerReader.salvaging(whole) else { return }
    points =
      salvage.recoveredPoints.values.reduce(0, +) + salvage.lostPoints.values.reduce(0, +)
    for entry in reader.snapshot.tiles {
      if let tile = try? Meaning.tile(entry, reader) { tiles.insert(tile) }
    }
    // Tiles that a rewind left behind are there, too: a damaged commit brings them back.
    for length in ends() {
      guard let (reader, _) = try? TrackerReader.salvaging(MemoryStorage(Array(bytes[..<length])))
      else { continue }
      for entry in reader.snapshot.tiles {
        if let tile = try? Meaning.tile(entry, reader) { tiles.insert(tile) }
      }
    }
  }

  /// Where the file could have ended: behind its header, behind each end mark of a commit, and where it does.
  private func ends() -> [Int] {
    let mark: [UInt8] = [0x8B, 0x54, 0x72, 0x45, 0x6E, 0x64, 0x0D, 0x0A]
    return (24...max(24, bytes.count)).filter {
      $0 == 24 || $0 == bytes.count
        || $0 <= bytes.count && bytes[$0 - 8..<$0].elementsEqual(mark)
    }
  }

  /// Bytes of the header and of commits.
  private func places() -> [Int] {
    var places = Array(0..<min(24, bytes.count))
    guard let reader = try? TrackerReader(MemoryStorage(bytes)) else { return places }
    for commit in (try? reader.commits()) ?? [] {
      let start = Int(commit.offset)
      let length = (0..<4).reduce(0) { $0 | Int(bytes[start + 8 + $1]) << (8 * $1) }
      places += start..<min(bytes.count, start + 24 + length)
    }
    return places
  }

  /// - Parameter place: where the damage is; nil where the end is missing.
  private mutating func check(_ damaged: [UInt8], at place: Int?, _ what: String) {
    let storage = MemoryStorage(damaged)
    do throws(TrackerError) {
      let meaning = try Meaning(storage)
      figures.read += 1
      // A file that is damaged already may be mended by chance.
      if isSound, !meanings.contains(meaning) {
        violations.append("\(name), \(what): read as something new")
      }
    } catch {
      figures.refused += 1
    }
    if let result = try? Verification.verify(storage) {
      if !result.isSound { figures.noticed += 1 }
      if let place {
        if isSound, result.isSound { violations.append("\(name), \(what): verified as sound") }
        let isNamed = result.findings.contains {
          $0.offset <= UInt64(place) && UInt64(place) < $0.offset + max($0.length, 1)
        }
        if isNamed { figures.named += 1 }
        if isSound, !isNamed {
          violations.append("\(name), \(what): not named: \(result.findings)")
        }
      }
    } else if place ?? 24 >= 24, damaged.count >= 24 {
      violations.append("\(name), \(what): cannot be verified")
    }
    salvage(storage, what)
  }

  private mutating func salvage(_ storage: MemoryStorage, _ what: String) {
    guard let (reader, salvage) = try? TrackerReader.salvaging(storage) else { return }
    figures.salvaged += 1
    figures.lost += salvage.lostPoints.values.reduce(0, +)
    guard isSound else { return }
    for entry in reader.snapshot.tiles {
      guard let tile = try? Meaning.tile(entry, reader) else {
        violations.append("\(name), \(what): a salvaged tile cannot be read")
        continue
      }
      // What no directory lists comes back where a commit is damaged, and is told of.
      let isTold = name.hasPrefix("padding-unlisted") && salvage.uncommittedPoints > 0
      if !tiles.contains(tile), !isTold {
        violations.append("\(name), \(what): salvaged points are new")
      }
    }
    let recovered = salvage.recoveredPoints.values.reduce(0, +)
    if recovered < points, salvage.isComplete, storage.size() == UInt64(bytes.count) {
      violations.append("\(name), \(what): points are missing and not told of")
    }
  }
}
