import TrackerModel

@testable import TrackerCodec

/// Streams of numerals.
enum NumeralsFuzzing {
  /// Two bytes that say how many symbols there are and whether they are by context, then a stream.
  static func check(_ bytes: [UInt8]) {
    guard bytes.count >= 2 else { return }
    let count = Int(bytes[0]) | Int(bytes[1] & 15) << 8
    let stream = Array(bytes[2...])
    var sized: [UInt8] = []
    sized.appendVarint(stream.count)
    sized += stream
    let rowCount = max(1, min(count, 96))
    let cells =
      bytes[1] & 16 == 0
      ? CellRows(column: count)
      : CellRows(
        rowCount: rowCount, columnCount: count / rowCount,
        presence: .all(count / rowCount * rowCount))
    let head = [bytes[1] >> 5, UInt8(1 + count % 8), bytes[0], 255]
    var reader = ByteReader(head.span, subject: "context")
    let context = bytes[1] & 16 == 0 ? nil : try? RowContext(&reader)
    guard let symbols = read(sized, context, cells) else { return }
    require(symbols.count == cells.count, "as many symbols as were asked for")
    var again: [UInt8] = []
    var coder = ANSSymbolCoder()
    if let context {
      coder.encode(symbols.span, context, cells, into: &again)
    } else {
      coder.encode(symbols.span, into: &again)
    }
    require(
      read(again, context, cells) == symbols, "symbols that were read are written and read again")
  }

  private static func read(_ bytes: [UInt8], _ context: RowContext?, _ cells: CellRows) -> [UInt8]?
  {
    var coder = ANSSymbolCoder()
    var symbols: [UInt8] = []
    var reader = ByteReader(bytes.span, subject: "stream")
    do throws(TrackerError) {
      _ = try coder.decode(&reader, count: cells.count, context, cells, into: &symbols)
    } catch {
      return nil
    }
    return symbols
  }
}
