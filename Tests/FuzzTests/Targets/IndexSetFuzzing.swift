import TrackerModel

@testable import TrackerCodec

/// Index sets, and subsets of a base that is known.
enum IndexSetFuzzing {
  /// Sets of more rows are read, not written again: a few bytes may stand for a million.
  private static let mostRows = 4096

  private static func decode(_ bytes: [UInt8]) -> IndexColumn? {
    var coder = IndexSetCoder()
    var reader = ByteReader(bytes.span, subject: "index set")
    return try? coder.decode(&reader)
  }

  static func readSet(_ bytes: [UInt8]) {
    guard let read = decode(bytes), read.count <= mostRows else { return }
    require(read.count > 0 && read.isStrictlyAscending, "indices of a set ascend")
    var coder = IndexSetCoder()
    var written: [UInt8] = []
    coder.encode(read, into: &written)
    require(decode(written) == read, "index sets read as they were written")
  }

  /// Every third integer, and strings that begin alike.
  private static let bases: [IndexColumn] = [
    .integers((0..<200).map { Int64($0) * 3 - 50 }),
    IndexColumn(
      (100..<300).map { InstanceIndex.string(Name("train/image-\($0).png")) }, type: .string),
  ]

  /// A byte whose lowest bit chooses the base, then a subset.
  static func readSubset(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let base = bases[Int(first & 1)]
    let payload = Array(bytes.dropFirst())
    func decode(_ payload: [UInt8]) -> IndexColumn? {
      var coder = SubsetCoder()
      var reader = ByteReader(payload.span, subject: "subset")
      return try? coder.decode(&reader, base: base)
    }
    guard let read = decode(payload), read.count <= mostRows else { return }
    require(read.isStrictlyAscending && read.type == base.type, "indices of a subset ascend")
    var rows: [Int] = []
    var others = IndexColumn(type: base.type)
    for row in 0..<read.count {
      if let place = base.row(of: read[row]) {
        rows.append(place)
      } else {
        others.append(read[row])
      }
    }
    require(!rows.isEmpty, "a subset has rows of its base")
    var coder = SubsetCoder()
    var written: [UInt8] = []
    _ = coder.encode(base: 24, rows: rows, others: others, into: &written)
    require(decode(written) == read, "subsets read as they were written")
  }
}
