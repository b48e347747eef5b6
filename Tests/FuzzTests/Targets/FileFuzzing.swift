import TrackerCodec
import TrackerFile
import TrackerModel

/// Whole files.
enum FileFuzzing {
  /// Directories that claim more are opened and not read: a few bytes may stand for millions of cells.
  private static let mostCells = 1 << 16

  static func readFile(_ bytes: [UInt8]) {
    let storage = MemoryStorage(bytes)
    // Tiles that no directory lists are found by walking, whatever they claim.
    guard cellsClaimed(bytes) <= mostCells else {
      _ = try? TrackerReader(storage)
      return
    }
    let points = read(storage)
    let verification = try? Verification.verify(storage)
    if let verification, verification.isSound {
      require(points != nil, "a file that verifies can be read")
    }
    salvage(storage, isSound: verification?.isSound ?? false)
  }

  /// What tiles anywhere in the bytes may decode to.
  private static func cellsClaimed(_ bytes: [UInt8]) -> Int {
    var cells = 0
    var coder = TileCoder()
    var place = 24
    let marker: [UInt8] = [0x8A, 0x54, 0x72, 0x0A]
    while place + 24 < bytes.count {
      if bytes[place] == marker[0], bytes[place..<place + 4].elementsEqual(marker),
        bytes[place + 4] == 2
      {
        var reader = ByteReader(bytes.span.extracting((place + 24)...), subject: "tile")
        if let header = try? coder.decodeHeader(&reader) { cells += header.cellCount }
      }
      place += 1
    }
    return cells
  }

  /// The points that are there by channel and index; nil where anything cannot be read.
  private static func read(_ storage: MemoryStorage) -> Int? {
    do throws(TrackerError) {
      let reader = try TrackerReader(storage)
      reader.cores = 1
      let snapshot = reader.snapshot
      var count = 0
      for tile in snapshot.tiles {
        count += try reader.readTile(tile).values.count
        _ = try reader.indices(of: tile)
      }
      for channel in snapshot.channels {
        let scan = ChannelScan(reader, channel, tracksOrigins: true)
        while try scan.advance() {
          require(scan.rows.isStrictlyAscending, "rows of a scan ascend")
          for row in 0..<scan.rows.count { _ = scan.history(ofRow: row) }
        }
      }
      for group in snapshot.unsealed { _ = try reader.unsealedPoints(of: group) }
      _ = try reader.keptSets()
      for commit in snapshot.ancestry {
        _ = try? TrackerReader(storage, at: .sequence(commit.sequence))
      }
      return count
    } catch {
      return nil
    }
  }

  private static func salvage(_ storage: MemoryStorage, isSound: Bool) {
    guard let (reader, salvage) = try? TrackerReader.salvaging(storage) else { return }
    reader.cores = 1
    var found = 0
    for tile in reader.snapshot.tiles {
      do throws(TrackerError) {
        found += try reader.readTile(tile).values.count
      } catch {
        require(false, "a tile that was salvaged can be read: \(error)")
      }
    }
    require(
      found == salvage.recoveredPoints.values.reduce(0, +), "salvaged points are counted")
    if isSound { require(salvage.lostPoints.isEmpty, "nothing of a sound file is lost") }
  }
}
