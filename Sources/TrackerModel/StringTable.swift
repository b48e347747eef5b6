/// Numbers for string indices: each distinct string's bytes are held once.
public struct StringTable: Sendable {
  public private(set) var strings = StringColumn()
  /// Open addressing; -1 marks a free slot. Twice as many slots as strings at least.
  private var slots: [Int32] = Array(repeating: -1, count: 64)
  private var ranks: [UInt32] = []

  public init() {}

  /// The number of a string, new or known.
  ///
  /// - Throws: `limitExceeded` for a string beyond the format's limit, or too many of them.
  public mutating func number(of name: Name) throws(TrackerError) -> UInt32 {
    try number(ofBytes: name.utf8)
  }

  /// The number of the string with these bytes, which are valid UTF-8.
  public mutating func number(ofUTF8 bytes: ArraySlice<UInt8>) throws(TrackerError) -> UInt32 {
    try number(ofBytes: bytes)
  }

  private mutating func number(ofBytes bytes: some Collection<UInt8>) throws(TrackerError)
    -> UInt32
  {
    var slot = Self.hash(bytes) & (slots.count - 1)
    while slots[slot] >= 0 {
      let known = Int(slots[slot])
      if strings.bytes[strings.range(of: known)].elementsEqual(bytes) { return UInt32(known) }
      slot = (slot + 1) & (slots.count - 1)
    }
    guard bytes.count <= Limits.maxIndexBytes, strings.count < Int(Int32.max) else {
      throw TrackerError(
        .limitExceeded, "record",
        "an index of \(bytes.count) bytes, the limit is \(Limits.maxIndexBytes)")
    }
    slots[slot] = Int32(strings.count)
    strings.append(utf8: bytes)
    if strings.count * 2 > slots.count { grow() }
    return UInt32(strings.count - 1)
  }

  private mutating func grow() {
    slots = Array(repeating: -1, count: slots.count * 2)
    for number in 0..<strings.count {
      var slot = Self.hash(strings.bytes[strings.range(of: number)]) & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(number)
    }
  }

  private static func hash(_ bytes: some Sequence<UInt8>) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return Int(truncatingIfNeeded: hash ^ hash >> 32)
  }

  /// For each number, its place when all strings are sorted by their bytes.
  ///
  /// Complexity: O(strings × log strings) after new ones came, else O(1).
  public mutating func sortedRanks() -> [UInt32] {
    if ranks.count == strings.count { return ranks }
    ranks = strings.sortedRanks()
    return ranks
  }
}

extension StringColumn {
  /// For each row, its place when all are sorted by their bytes; equal strings in the order of rows.
  ///
  /// Complexity: O(count × log count).
  public func sortedRanks() -> [UInt32] {
    let order = (0..<UInt32(count)).sorted { compare(Int($0), with: self, Int($1)) < 0 }
    var ranks = [UInt32](repeating: 0, count: order.count)
    for (rank, row) in order.enumerated() { ranks[Int(row)] = UInt32(rank) }
    return ranks
  }
}
