/// A file as a disk has it when the power may fail: what is surely there, and for every sector that was
/// written since the last sync all that it may hold.
///
/// Bytes next to those written keep their values when a sector is torn: what SQLite calls powersafe
/// overwrite.
struct DiskFile {
  static let sectorSize = 512

  /// What processes see.
  private(set) var cache: [UInt8]
  /// What is on the disk for sure.
  private var durable: [UInt8]
  /// All that the file's size may be on the disk, oldest first.
  private var sizes: [Int]
  /// Sectors written since the last sync, in the order of their first write.
  private var dirty: [Sector] = []
  /// What stood at a place before it was cut off: may come back where blocks are used again.
  private var formerly: [UInt8]

  private struct Sector {
    var number: Int
    /// Its contents after each write, the durable one first.
    var versions: [[UInt8]]
    /// The bytes that were written.
    var written: Range<Int>
    var lastChange: Int
  }

  /// Counts writes and truncations since the last sync.
  private var changes = 0

  init(_ bytes: [UInt8] = []) {
    (cache, durable, formerly) = (bytes, bytes, bytes)
    sizes = [bytes.count]
  }

  // MARK: What the process does

  mutating func write(_ bytes: [UInt8], at offset: Int) {
    guard !bytes.isEmpty else { return }
    changes += 1
    let end = offset + bytes.count
    touch(offset..<end)
    if cache.count < end { cache.append(contentsOf: repeatElement(0, count: end - cache.count)) }
    cache.replaceSubrange(offset..<end, with: bytes)
    addVersions(offset..<end)
    if sizes.last != cache.count { sizes.append(cache.count) }
  }

  mutating func truncate(to size: Int) {
    changes += 1
    let end = max(cache.count, durable.count, size)
    touch(size..<end)
    if size < cache.count {
      cache.removeLast(cache.count - size)
    } else {
      cache.append(contentsOf: repeatElement(0, count: size - cache.count))
    }
    addVersions(size..<end)
    if sizes.last != size { sizes.append(size) }
  }

  mutating func synchronize() {
    settle { $0.versions.count - 1 }
    resizeDurable(to: cache.count)
  }

  /// The disk refuses some of the sectors, and the system takes them for written all the same: they are
  /// not tried again.
  ///
  /// - Parameter isForgotten: whether processes see from now on what is on the disk.
  mutating func failToSynchronize(isForgotten: Bool, _ random: inout SeededGenerator) {
    let size = sizes[random.below(sizes.count)]
    settle { random.below($0.versions.count) }
    let visible = cache.count
    resizeDurable(to: max(size, 0))
    if isForgotten {
      cache = durable
    } else {
      sizes = [durable.count, visible]
    }
  }

  private mutating func settle(_ choose: (Sector) -> Int) {
    for sector in dirty { Self.put(sector.versions[choose(sector)], sector.number, into: &durable) }
    dirty.removeAll(keepingCapacity: true)
    changes = 0
  }

  private mutating func resizeDurable(to size: Int) {
    Self.resize(&durable, to: size)
    sizes = [size]
    if formerly.count < size { Self.resize(&formerly, to: size) }
    for place in 0..<size { formerly[place] = durable[place] }
  }

  private func sectors(_ range: Range<Int>) -> Range<Int> {
    range.isEmpty
      ? 0..<0 : range.lowerBound / Self.sectorSize..<(range.upperBound - 1) / Self.sectorSize + 1
  }

  /// Keeps what sectors hold on the disk before they are written for the first time.
  private mutating func touch(_ range: Range<Int>) {
    for number in sectors(range) {
      let start = number * Self.sectorSize
      let within =
        max(range.lowerBound - start, 0)..<min(range.upperBound - start, Self.sectorSize)
      if let place = dirty.firstIndex(where: { $0.number == number }) {
        let written = dirty[place].written
        dirty[place].written =
          min(written.lowerBound, within.lowerBound)..<max(written.upperBound, within.upperBound)
      } else {
        dirty.append(
          Sector(
            number: number, versions: [Self.sector(number, of: durable)], written: within,
            lastChange: 0))
      }
    }
  }

  private mutating func addVersions(_ range: Range<Int>) {
    for number in sectors(range) {
      guard let place = dirty.firstIndex(where: { $0.number == number }) else { continue }
      dirty[place].versions.append(Self.sector(number, of: cache))
      dirty[place].lastChange = changes
    }
  }

  private static func sector(_ number: Int, of bytes: [UInt8]) -> [UInt8] {
    let start = number * sectorSize
    guard start < bytes.count else { return [UInt8](repeating: 0, count: sectorSize) }
    var sector = Array(bytes[start..<min(bytes.count, start + sectorSize)])
    if sector.count < sectorSize {
      sector.append(contentsOf: repeatElement(0, count: sectorSize - sector.count))
    }
    return sector
  }

  private static func put(_ sector: [UInt8], _ number: Int, into bytes: inout [UInt8]) {
    let start = number * sectorSize
    if bytes.count < start + sectorSize { resize(&bytes, to: start + sectorSize) }
    bytes.replaceSubrange(start..<start + sectorSize, with: sector)
  }

  private static func resize(_ bytes: inout [UInt8], to size: Int) {
    if bytes.count > size {
      bytes.removeLast(bytes.count - size)
    } else if bytes.count < size {
      bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
    }
  }

  // MARK: When the power fails

  var isClean: Bool { dirty.isEmpty && sizes.count == 1 }

  /// What is found after the power failed now.
  func crash(_ random: inout SeededGenerator) -> [UInt8] {
    if isClean { return durable }
    var image = durable
    // How much of what was pending arrives: nothing, everything, all but the last write's sectors, each
    // sector by itself, or nearly all and nearly nothing.
    let plan = random.below(8)
    let tearing = random.below(3)
    for sector in dirty {
      let newest = sector.versions.count - 1
      var version: Int
      switch plan {
      case 0: version = 0
      case 1: version = newest
      case 2, 3:
        version = sector.lastChange == changes && random.isOne(in: 2) ? newest - 1 : newest
      case 4, 5: version = random.below(newest + 1)
      case 6: version = random.isOne(in: 8) ? random.below(newest + 1) : newest
      default: version = random.isOne(in: 8) ? random.below(newest + 1) : 0
      }
      var bytes = sector.versions[version]
      let isTorn = tearing == 0 ? false : random.isOne(in: tearing == 1 ? 8 : 2)
      if isTorn { tear(&bytes, sector, &random) }
      Self.put(bytes, sector.number, into: &image)
    }
    let size = random.isOne(in: 3) ? sizes[random.below(sizes.count)] : cache.count
    Self.resize(&image, to: size)
    return image
  }

  /// Fills what was written of a sector: with what stood there before, with zeros, at random, or up to some
  /// byte only.
  private func tear(_ bytes: inout [UInt8], _ sector: Sector, _ random: inout SeededGenerator) {
    let range = sector.written
    switch random.below(4) {
    case 0:
      let old = Self.sector(sector.number, of: formerly)
      for place in range { bytes[place] = old[place] }
    case 1: for place in range { bytes[place] = 0 }
    case 2:
      var word: UInt64 = 0
      for (number, place) in range.enumerated() {
        if number % 8 == 0 { word = random.next() }
        bytes[place] = UInt8(truncatingIfNeeded: word >> UInt64(number % 8 * 8))
      }
    default:
      let cut = range.lowerBound + random.below(range.count)
      let old = sector.versions[random.below(sector.versions.count)]
      for place in cut..<range.upperBound { bytes[place] = old[place] }
    }
  }
}
