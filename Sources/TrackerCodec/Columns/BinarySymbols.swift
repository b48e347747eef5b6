import TrackerModel

/// Writes and reads streams of two symbols, which deflate cannot bring below a bit each.
struct BinarySymbolCoder {
  private var gapCoder: SymbolColumnCoder
  private var gaps: [UInt64] = []

  init(level: EncodingLevel) { gapCoder = SymbolColumnCoder(level: level) }

  /// Appends symbols 0 and 1, grouped in buckets, by where the rarer one of each bucket stands or, where
  /// that does not pay, as bits.
  ///
  /// Layout, sparse: coding u8, the more frequent symbol of each bucket as a bit, count of rarer ones
  /// varint, their gaps (symbol column, magnitudes). Packed: coding u8, bits.
  /// - Parameter sizes: of the buckets; they add up to the symbols.
  mutating func encode(
    _ symbols: Span<UInt8>, buckets sizes: Span<UInt32>, into output: inout [UInt8]
  ) -> Int {
    let start = output.count
    var frequent = [UInt8](repeating: 0, count: (sizes.count + 7) / 8)
    var held: [UInt64] = []
    swap(&held, &gaps)
    defer { swap(&held, &gaps) }
    held.removeAll(keepingCapacity: true)
    var place = 0
    var next = 0
    for bucket in sizes.indices {
      let end = place + Int(sizes[bucket])
      var ones = 0
      for position in place..<end { ones += Int(symbols[position]) }
      let common: UInt8 = ones * 2 > end - place ? 1 : 0
      frequent[bucket >> 3] |= common << UInt8(bucket & 7)
      for position in place..<end where symbols[position] != common {
        held.append(UInt64(position - next))
        next = position + 1
      }
      place = end
    }
    // A gap costs its entropy, about log2 of the mean gap and 1.5 bits.
    if held.count * 5 < symbols.count {
      output.append(SymbolCoding.sparse.rawValue)
      output.append(contentsOf: frequent)
      output.appendVarint(held.count)
      _ = gapCoder.encodeMagnitudes(held.span, .grouped, into: &output)
    } else {
      output.append(SymbolCoding.packed.rawValue)
      var packer = BitPacker()
      for position in symbols.indices { packer.append(UInt64(symbols[position]), width: 1) }
      packer.finish(into: &output)
    }
    return output.count - start
  }

  /// Replaces `symbols` by those that the reader stands before, behind their coding.
  ///
  /// - Parameters:
  ///   - coding: sparse or packed.
  ///   - sizes: of the buckets; they add up to `count`.
  @_lifetime(reader: copy reader)
  mutating func decode(
    _ reader: inout ByteReader, _ coding: SymbolCoding, count: Int, buckets sizes: Span<UInt32>,
    into symbols: inout [UInt8]
  ) throws(TrackerError) -> Int {
    let start = reader.position
    symbols.removeAll(keepingCapacity: true)
    symbols.reserveCapacity(count)
    if coding == .packed {
      var unpacker = BitUnpacker(try reader.readBytes((count + 7) / 8, "packed symbols"))
      for _ in 0..<count { symbols.append(UInt8(truncatingIfNeeded: unpacker.read(1))) }
      guard unpacker.restIsZero else { throw reader.malformed("bits behind the symbols are set") }
      return reader.position - start + 1
    }
    let frequent = try reader.readBytes((sizes.count + 7) / 8, "frequent symbols")
    let rare = try reader.readCount("rare symbols", limit: count)
    gaps.removeAll(keepingCapacity: true)
    _ = try gapCoder.decode(&reader, count: rare, table: .magnitude, into: &gaps)
    for bucket in sizes.indices {
      let symbol = frequent[bucket >> 3] >> UInt8(bucket & 7) & 1
      symbols.append(contentsOf: repeatElement(symbol, count: Int(sizes[bucket])))
    }
    var position = 0
    for gap in gaps {
      guard gap < UInt64(count - position) else {
        throw reader.malformed("a rarer symbol behind the last")
      }
      position += Int(gap)
      symbols[position] ^= 1
      position += 1
    }
    return reader.position - start + 1
  }
}
