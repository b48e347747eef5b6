public import TrackerFile
public import TrackerModel

/// Checks that the partitions among some trackers are whole sets: opened together they are the history
/// that an unpartitioned merge would have written, and `UnionScan` reads them as one.
public enum PartitionSet {
  private static let shown = 10

  /// Passes trackers that are no partitions, and partitions that come several times.
  ///
  /// - Throws: `missingWorker`, naming those of a set that are missing; `mixedRuns` where two of one
  ///   number have different ranges, or neighbours do not meet.
  public static func check(_ trackers: [(name: String, partition: Partition?)])
    throws(TrackerError)
  {
    struct Key: Hashable, Comparable {
      var setID: UInt64
      var count: UInt64

      static func < (left: Key, right: Key) -> Bool {
        (left.setID, left.count) < (right.setID, right.count)
      }
    }
    var sets: [Key: [UInt64: (name: String, range: IndexRange)]] = [:]
    for (name, partition) in trackers {
      guard let partition else { continue }
      let key = Key(setID: partition.setID, count: partition.count)
      if let other = sets[key]?[partition.number], other.range != partition.range {
        throw TrackerError(
          .mixedRuns, "partitions",
          "\(partition) has another range of indices than in \(other.name)", file: name,
          remedy: "make all partitions from the same inputs")
      }
      sets[key, default: [:]][partition.number] = (name, partition.range)
    }
    for (key, found) in sets.sorted(by: { $0.key < $1.key }) {
      guard UInt64(found.count) == key.count else { throw missing(key.count, found) }
      for number in 1..<key.count {
        guard let one = found[number], let next = found[number + 1],
          one.range.upper != next.range.lower
        else { continue }
        throw TrackerError(
          .mixedRuns, "partitions",
          "partition \(number + 1) does not begin where partition \(number) in \(one.name) ends",
          file: next.name, remedy: "make all partitions from the same inputs")
      }
    }
  }

  public static func check(_ readers: [TrackerReader]) throws(TrackerError) {
    try check(readers.map { ($0.name, $0.snapshot.partition) })
  }

  private static func missing(
    _ count: UInt64, _ found: [UInt64: (name: String, range: IndexRange)]
  ) -> TrackerError {
    var missing: [String] = []
    var number: UInt64 = 1
    let total = count - UInt64(found.count)
    while missing.count < min(Int(clamping: total), shown) {
      if found[number] == nil { missing.append(String(number)) }
      number += 1
    }
    let first = found.min { $0.key < $1.key }
    let more = total > UInt64(missing.count) ? " and \(total - UInt64(missing.count)) more" : ""
    return TrackerError(
      .missingWorker, "partitions",
      "no input holds partition\(total == 1 ? "" : "s") \(missing.joined(separator: ", "))\(more) of"
        + " \(count), of the set that \(first?.value.name ?? "") belongs to",
      remedy: "add \(total == 1 ? "its file" : "their files")")
  }
}
