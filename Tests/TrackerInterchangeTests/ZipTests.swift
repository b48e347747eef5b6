import Testing
import TrackerCodec
import TrackerModel
import TrackerSystem

@testable import TrackerInterchange

private struct Content: Equatable {
  var name: String
  var method: ZipMethod
  var bytes: [UInt8]
}

private func write(_ contents: [Content], largeFrom: UInt64? = nil) throws -> [UInt8] {
  let place = TemporaryPath(".zip")
  let output = try OutputFile(path: place.path, overwriting: true)
  var writer = ZipWriter(output)
  if let largeFrom { writer.largeFrom = largeFrom }
  for content in contents {
    try writer.beginMember(
      named: content.name, method: content.method, expectedSize: UInt64(content.bytes.count))
    for start in stride(from: 0, to: content.bytes.count, by: 100_000) {
      let end = min(start + 100_000, content.bytes.count)
      try writer.write(content.bytes.span.extracting(start..<end))
    }
    try writer.endMember()
  }
  try writer.finish()
  try output.commit()
  return try place.read()
}

private func read(_ archive: [UInt8], blockSize: Int = 1 << 16) throws -> [Content] {
  let reader = try ZipReader(MemoryBytes(archive), name: "archive")
  var contents: [Content] = []
  for member in reader.members {
    let source = reader.source(of: member)
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: blockSize)
    while true {
      var room = block.mutableSpan
      let count = try source.read(into: &room)
      if count == 0 { break }
      bytes.append(contentsOf: block[..<count])
    }
    contents.append(Content(name: member.name, method: member.method, bytes: bytes))
  }
  return contents
}

@Suite struct ZipTests {
  private func contents(_ seed: UInt64) -> [Content] {
    var random = SeededRandom(seed: seed)
    let noise = (0..<150_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    let plain = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 / 100) }
    return [ZipMethod.stored, .deflated].flatMap { method in
      [
        Content(name: "\(method)-empty", method: method, bytes: []),
        Content(name: "\(method)-short", method: method, bytes: [7]),
        Content(name: "\(method)-noise", method: method, bytes: noise),
        Content(name: "\(method)-plain", method: method, bytes: plain),
      ]
    }
  }

  @Test(arguments: SeededRandom.seeds) func whatIsWrittenReadsBack(seed: UInt64) throws {
    let contents = contents(seed)
    let archive = try write(contents)
    #expect(try read(archive) == contents)
    #expect(try write(contents) == archive)
    let (large, largest) = (try write(contents, largeFrom: 1000), try write(contents, largeFrom: 0))
    #expect(try read(large) == contents)
    #expect(try read(largest) == contents)
    #expect(large != archive && largest != large)
    #expect(try read(write([])) == [])
  }

  /// zlib then often has output left when it has taken all of its input.
  @Test(arguments: [1, 3, 258, 4099]) func smallRoomsLoseNothing(blockSize: Int) throws {
    let text = [UInt8](repeating: 5, count: 20_000)
    let contents = [Content(name: "a", method: .deflated, bytes: text)]
    #expect(try read(try write(contents), blockSize: blockSize) == contents)
  }

  @Test(arguments: [ZipMethod.stored, .deflated]) func damagedBytesAreNoticed(method: ZipMethod)
    throws
  {
    let data = (0..<200).map { UInt8($0) }
    let archive = try write([
      Content(name: "a.npy", method: method, bytes: data),
      Content(name: "b.npy", method: method, bytes: data + data),
    ])
    let expected = try read(archive)
    for length in archive.indices {
      let error = #expect(throws: TrackerError.self) { try read(Array(archive[..<length])) }
      #expect(error?.code == .badInput)
    }
    for position in archive.indices {
      for flip: UInt8 in [1, 0xFF] {
        var damaged = archive
        damaged[position] ^= flip
        // Dates and attributes mean nothing here; all that does must be noticed.
        do {
          let found = try read(damaged)
          #expect(found.map(\.bytes) == expected.map(\.bytes), "byte \(position)")
        } catch {
          #expect((error as? TrackerError)?.code == .badInput)
        }
      }
    }
  }

  /// Puts a little-endian number into the archive's directory entry of a member.
  private func patched(
    _ archive: [UInt8], entry: Int, at offset: Int, _ width: Int, _ value: UInt64
  )
    -> [UInt8]
  {
    var archive = archive
    var found = -1
    for position in 0..<archive.count - 4
    where Array(archive[position..<position + 4]) == [0x50, 0x4B, 1, 2] {
      found += 1
      guard found == entry else { continue }
      for byte in 0..<width {
        archive[position + offset + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
      }
    }
    return archive
  }

  @Test func liesInTheDirectoryAreNamed() throws {
    let data = [UInt8](repeating: 1, count: 300)
    let stored = try write([
      Content(name: "a", method: .stored, bytes: data),
      Content(name: "b", method: .stored, bytes: data),
    ])
    let deflated = try write([Content(name: "a", method: .deflated, bytes: data)])
    let compressedSize = try #require(
      ZipReader(MemoryBytes(deflated), name: "x").member(named: "a")
    ).compressedSize
    let lies: [(archive: [UInt8], detail: String)] = [
      (patched(stored, entry: 1, at: 42, 4, 0), "overlaps another"),
      (patched(stored, entry: 1, at: 46, 1, 0x61), "stands twice"),
      (patched(stored, entry: 1, at: 46, 1, 0x63), "the member's own header 'b'"),
      (
        patched(patched(stored, entry: 1, at: 20, 4, 400), entry: 1, at: 24, 4, 400), "reaches into"
      ),
      (patched(patched(stored, entry: 0, at: 20, 4, 400), entry: 0, at: 24, 4, 400), "overlaps"),
      (patched(stored, entry: 0, at: 24, 4, 400), "has the sizes 400 and 300"),
      (patched(stored, entry: 0, at: 8, 2, 1), "is encrypted"),
      (patched(stored, entry: 0, at: 10, 2, 12), "compression method 12"),
      (patched(stored, entry: 0, at: 16, 4, 5), "checksum"),
      (patched(stored, entry: 0, at: 42, 4, 0xFFFF_FFFE), "within or after the directory"),
      (patched(stored, entry: 0, at: 42, 4, 0xFFFF_FFFF), "numbers of 64 bits"),
      (patched(deflated, entry: 0, at: 24, 4, 299), "holds more"),
      (patched(deflated, entry: 0, at: 24, 4, 301), "holds 300"),
      (patched(deflated, entry: 0, at: 24, 4, 0xFFFF_FFF0), "holds 300"),
      (patched(deflated, entry: 0, at: 20, 4, compressedSize - 1), "compressed stream"),
      ([1, 2, 3] + stored, "does not reach to its end"),
      (stored + [0], "expected the record that ends an archive"),
      ([], "expected the record that ends an archive"),
    ]
    for (archive, detail) in lies {
      let error = #expect(throws: TrackerError.self, "\(detail)") { try read(archive) }
      #expect(error?.code == .badInput)
      #expect(error?.detail.contains(detail) == true, "\(String(describing: error)), not \(detail)")
      #expect(error?.file == "archive")
    }
  }
}
