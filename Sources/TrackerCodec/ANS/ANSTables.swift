/// Which of its tables a stream's buckets use: each table serves a run of them, and how often symbols occur
/// there.
struct ANSTables {
  /// Of all tables.
  let tableBits: Int
  /// Behind the last bucket of each table; the last is the number of buckets.
  private(set) var ends: [Int]
  private(set) var frequencies: [SymbolFrequencies]

  /// What all tables together have at most, in states: readers' tables stay in the first cache.
  static let maxStates = 1 << 13

  /// The length of a buffer that so many places of tables fit in: one of three that loops are compiled for, so
  /// that masked places need no bounds checks, and small streams no large buffers.
  static func room(for places: Int) -> Int {
    places <= tinyRoom ? tinyRoom : places <= smallRoom ? smallRoom : maxStates
  }
  static let tinyRoom = 1 << 9
  static let smallRoom = 1 << 11

  /// How many tables there are at most; writers have 256 entries for each, whatever its states.
  static func maxCount(tableBits: Int) -> Int { maxStates >> max(8, tableBits) }

  /// Tables that make a stream as short as they can.
  ///
  /// - Parameters:
  ///   - counts: of each bucket's symbols: 256 for each bucket.
  ///   - total: what they add up to, not 0.
  /// - Complexity: O(buckets × symbols).
  init(fitting counts: Span<UInt32>, bucketCount: Int, total: Int) {
    var runs = BucketRuns(counts, bucketCount: bucketCount)
    runs.join()
    let kinds = runs.kinds
    let tableBits = SymbolFrequencies.tableBits(
      count: total, kinds: kinds, atMost: runs.count > 1 ? 9 : 11)
    runs.join(toAtMost: Self.maxCount(tableBits: tableBits))
    self.tableBits = tableBits
    ends = runs.ends
    frequencies = runs.makeFrequencies(tableBits: tableBits)
  }

  /// How many bits a stream takes with the tables that suit it, about, and their own cost.
  static func cost(of counts: Span<UInt32>, bucketCount: Int) -> Double {
    var runs = BucketRuns(counts, bucketCount: bucketCount)
    runs.join()
    return runs.cost
  }

  /// The number of each bucket's table, of 256 buckets.
  var numbers: [UInt8] {
    var numbers = [UInt8](repeating: 0, count: 256)
    var start = 0
    for (table, end) in ends.enumerated() {
      for bucket in start..<end { numbers[bucket] = UInt8(truncatingIfNeeded: table) }
      start = end
    }
    return numbers
  }

  /// For each high byte of a row's state, where the table of its bucket begins among the states of all tables.
  func offsets(by context: RowContext) -> [UInt16] {
    let numbers = numbers
    return (0..<256).map {
      UInt16(truncatingIfNeeded: Int(numbers[$0 >> (8 - context.bucketBits)]) << tableBits)
    }
  }

  // MARK: Stored

  /// Appends the tables: their size, how many, which buckets each serves, then all their shares.
  ///
  /// - Parameter highest: no symbol is above it.
  func write(highest: Int, into packer: inout BitPacker) {
    packer.append(UInt64(tableBits), width: 4)
    packer.appendGolomb(UInt32(ends.count - 1), order: 0)
    var start = 0
    for end in ends.dropLast() {
      packer.appendGolomb(UInt32(end - start - 1), order: 1)
      start = end
    }
    var previous: SymbolFrequencies?
    for table in frequencies {
      table.write(highest: highest, after: previous, into: &packer)
      previous = table
    }
  }

  /// Reads what `write` wrote.
  ///
  /// - Returns: nil where it is damaged, or of more states than there may be.
  init?(_ unpacker: inout BitUnpacker, bucketCount: Int, highest: Int) {
    tableBits = Int(unpacker.read(4))
    guard SymbolFrequencies.allTableBits.contains(tableBits),
      let more = unpacker.readGolomb(order: 0), more < UInt32(Self.maxCount(tableBits: tableBits)),
      more < UInt32(bucketCount)
    else { return nil }
    ends = []
    frequencies = []
    var start = 0
    for _ in 0..<more {
      guard let run = unpacker.readGolomb(order: 1), Int(run) + 1 < bucketCount - start else {
        return nil
      }
      start += Int(run) + 1
      ends.append(start)
    }
    ends.append(bucketCount)
    for _ in 0...more {
      guard
        let table = SymbolFrequencies.read(
          &unpacker, tableBits: tableBits, highest: highest, after: frequencies.last)
      else { return nil }
      frequencies.append(table)
    }
  }
}
