import TrackerModel

@testable import TrackerCodec

/// Payloads of tiles and of unsealed points.
enum TileFuzzing {
  /// Larger tiles are not decoded: a few bytes may stand for millions of cells.
  private static let mostCells = 1 << 14

  static func readTile(_ bytes: [UInt8]) {
    var coder = TileCoder(level: .fast)
    var values = ValueBuffer(.float32)
    var read: TileHeader?
    var sources: [UInt32] = []
    do throws(TrackerError) {
      var reader = ByteReader(bytes.span, subject: "tile")
      let header = try coder.decodeHeader(&reader)
      guard header.cellCount <= mostCells else { return }
      _ = try coder.decodeValues(&reader, of: header, into: &values)
      if header.sources != .none {
        sources = try coder.decodeSources(&reader, of: header, rows: nil, identityCount: 5)
      }
      read = header
    } catch {
      return
    }
    guard var header = read else { return }
    require(values.count == header.presence.pointCount, "a tile has a value for each point")
    require(sources.isEmpty || sources.count == values.count, "a point has a source")
    // What is said of all points says more than of some.
    header.sources = TileSources(sources)
    var written: [UInt8] = []
    _ = coder.encode(header, values: values, sources: sources, into: &written)
    var again = ValueBuffer(.float32)
    do throws(TrackerError) {
      var reader = ByteReader(written.span, subject: "tile")
      let found = try coder.decodeHeader(&reader)
      require(found == header, "tiles say of themselves what was written")
      _ = try coder.decodeValues(&reader, of: found, into: &again)
      if found.sources != .none {
        let foundSources = try coder.decodeSources(
          &reader, of: found, rows: nil, identityCount: 5)
        require(foundSources == sources, "sources read as they were written")
      }
    } catch {
      require(false, "a tile that was written cannot be read: \(error)")
    }
    require(again.bits == values.bits, "tiles read as they were written")
  }

  static func readUnsealed(_ bytes: [UInt8]) {
    var coder = UnsealedCoder()
    func decode(_ bytes: [UInt8], _ coder: inout UnsealedCoder) -> UnsealedPoints? {
      var reader = ByteReader(bytes.span, subject: "unsealed points")
      return try? coder.decode(&reader)
    }
    guard let read = decode(bytes, &coder), read.indices.count <= mostCells else { return }
    require(read.values.count == read.indices.count, "an index has a value")
    var written: [UInt8] = []
    coder.encode(read, into: &written)
    guard let again = decode(written, &coder) else {
      return require(false, "unsealed points that were written can be read")
    }
    require(
      again.channel == read.channel && again.epoch == read.epoch && again.indices == read.indices
        && again.previous == read.previous && again.values == read.values,
      "unsealed points read as they were written")
  }
}
