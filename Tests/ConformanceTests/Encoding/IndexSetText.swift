import TrackerCodec
import TrackerModel

/// Writes index sets by a plan, from the text of Spec/FORMAT.md.
enum IndexSetText {
  /// An inline index set.
  static func encode(_ indices: [InstanceIndex], _ plan: IntegerSetPlan, into bytes: inout [UInt8])
  {
    var integers: [Int64] = []
    var strings: [[UInt8]] = []
    for index in indices {
      switch index {
      case .integer(let value): integers.append(value)
      case .string(let name): strings.append(Array(name.utf8))
      }
    }
    bytes.append(strings.isEmpty ? 0 : 1)
    bytes.appendVarint(indices.count)
    if strings.isEmpty {
      encode(integers, plan, into: &bytes)
    } else {
      encode(strings, plan.strings, into: &bytes)
    }
  }

  private static func encode(
    _ integers: [Int64], _ plan: IntegerSetPlan, into bytes: inout [UInt8]
  ) {
    guard let first = integers.first else { return }
    bytes.appendSigned(first)
    guard integers.count > 1 else { return }
    let distances = integers.map { UInt64(bitPattern: $0 &- first) }
    let unit = plan.unit ?? distances.reduce(0, divisor)
    bytes.appendVarint(unit)
    let places = distances.map { $0 / unit }
    let isConsecutive = places.indices.allSatisfy { places[$0] == UInt64($0) }
    switch plan.coding {
    case .automatic where isConsecutive: bytes.append(0)
    case .automatic, .gaps:
      bytes.append(1)
      bytes.appendSymbolColumn(
        zip(places.dropFirst(), places).map { $0 - $1 - 1 }, .magnitude, plan.bytes)
    case .runs:
      bytes.append(2)
      var runs: [(first: UInt64, count: UInt64)] = []
      for place in places {
        if let last = runs.last, last.first + last.count == place {
          runs[runs.count - 1].count += 1
        } else {
          runs.append((place, 1))
        }
      }
      bytes.appendVarint(runs.count)
      bytes.appendSymbolColumn(runs.map { $0.count - 1 }, .magnitude, plan.bytes)
      bytes.appendSymbolColumn(
        zip(runs.dropFirst(), runs).map { $0.first - $1.first - $1.count - 1 }, .magnitude,
        plan.bytes)
    case .bits(let bits):
      bytes.append(3)
      let count = places[places.count - 1] + 1
      bytes.appendVarint(count)
      var flags = [Bool](repeating: false, count: Int(count))
      for place in places { flags[Int(place)] = true }
      bytes.appendBitSequence(flags, bits)
    }
  }

  private static func divisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    b == 0 ? a : divisor(b, a % b)
  }

  private static func encode(
    _ strings: [[UInt8]], _ plan: StringSetPlan, into bytes: inout [UInt8]
  ) {
    var (shared, ending, middle): ([UInt64], [UInt64], [UInt64]) = ([], [], [])
    var between: [UInt8] = []
    var before: [UInt8] = []
    for string in strings {
      var (front, back) = (0, 0)
      let shortest = min(before.count, string.count)
      while plan.sharesFront, front < shortest, before[front] == string[front] { front += 1 }
      while plan.sharesBack, front + back < shortest,
        before[before.count - 1 - back] == string[string.count - 1 - back]
      {
        back += 1
      }
      shared.append(UInt64(front))
      ending.append(UInt64(back))
      middle.append(UInt64(string.count - front - back))
      between += string[front..<string.count - back]
      before = string
    }
    bytes.appendSymbolColumn(shared, .magnitude, plan.columns)
    bytes.appendSymbolColumn(ending, .magnitude, plan.columns)
    bytes.appendSymbolColumn(middle, .magnitude, plan.columns)
    bytes.appendByteBlock(between, plan.bytes)
  }

  /// A subset of the set at an offset.
  static func encodeSubset(
    _ indices: [InstanceIndex], of base: [InstanceIndex], at offset: UInt64, _ bits: BitPlan,
    _ plan: IntegerSetPlan, into bytes: inout [UInt8]
  ) {
    let rows = base.indices.filter { indices.contains(base[$0]) }
    let others = indices.filter { !base.contains($0) }
    bytes.append(2)
    bytes.appendVarint(offset)
    let (first, last) = (rows[0], rows[rows.count - 1])
    bytes.appendVarint(first)
    bytes.appendVarint(last - first + 1)
    bytes.appendBitSequence((first...last).map { rows.contains($0) }, bits)
    bytes.appendVarint(others.count)
    if !others.isEmpty { encode(others, plan, into: &bytes) }
  }

  /// An index list, in parts of these lengths.
  static func encodeList(
    _ indices: [InstanceIndex], parts: [Int] = [], into bytes: inout [UInt8]
  ) {
    bytes.appendVarint(indices.count)
    var start = 0
    for length in indices.isEmpty ? [] : parts.isEmpty ? [indices.count] : parts {
      encode(Array(indices[start..<start + length]), IntegerSetPlan(), into: &bytes)
      start += length
    }
  }

  static func encode(_ index: InstanceIndex, into bytes: inout [UInt8]) {
    switch index {
    case .integer(let value): bytes.appendSigned(value)
    case .string(let name):
      bytes.appendVarint(name.utf8.count)
      bytes += name.utf8
    }
  }
}
