import TrackerCodec
import TrackerModel

/// A tile's payload in its parts, each of which may be exchanged for another.
struct TilePieces {
  var channel: [UInt8] = []
  var valueType: [UInt8] = []
  var rowCount: [UInt8] = []
  var columns: [UInt8] = []
  var flags: [UInt8] = []
  var index: [UInt8] = []
  var presence: [UInt8] = []
  var pointCount: [UInt8] = []
  var values: [UInt8] = []
  var sources: [UInt8] = []

  var payload: [UInt8] {
    channel + valueType + rowCount + columns + flags + index + presence + pointCount + values
      + sources
  }
}

/// A directory's entry in its parts.
struct EntryPieces {
  var channel: [UInt8] = []
  var identitySet: [UInt8] = []
  var offset: [UInt8] = []
  var payloadLength: [UInt8] = []
  var columns: [UInt8] = []
  var rowCount: [UInt8] = []
  var flags: [UInt8] = []
  var index: [UInt8] = []
  var pointCount: [UInt8] = []
  var nanCount: [UInt8] = []
  var statistics: [UInt8] = []

  var bytes: [UInt8] {
    channel + identitySet + offset + payloadLength + columns + rowCount + flags + index + pointCount
      + nanCount + statistics
  }
}

/// A record of unsealed points in its parts.
struct UnsealedPieces {
  var channel: [UInt8] = []
  var epoch: [UInt8] = []
  var valueType: [UInt8] = []
  var previous: [UInt8] = []
  var indices: [UInt8] = []
  var values: [UInt8] = []

  var payload: [UInt8] { channel + epoch + valueType + previous + indices + values }
}

extension [UInt8] {
  static func varint(_ value: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendVarint(value)
    return bytes
  }

  static func signed(_ value: Int64) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendSigned(value)
    return bytes
  }

  static func channel(_ channel: Channel) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendName(channel.metric)
    bytes.append(channel.mode.rawValue)
    bytes.append(channel.dsID == nil ? 0 : 1)
    if let dsID = channel.dsID { bytes.appendName(dsID) }
    return bytes
  }

  static func columnList(_ columns: [TileColumn], _ plan: ColumnListPlan = ColumnListPlan())
    -> [UInt8]
  {
    var bytes = varint(columns.count)
    bytes.appendSigned(columns[0].step)
    let distances = zip(columns.dropFirst(), columns).map {
      UInt64(bitPattern: $0.step &- $1.step)
    }
    if let distance = distances.first {
      let isEven =
        !plan.listsSteps && columns.count <= 256 && distances.allSatisfy { $0 == distance }
      bytes.append(isEven ? 1 : 0)
      for distance in isEven ? [distance] : distances { bytes.appendVarint(distance) }
    }
    let epochs = columns.map(\.epoch)
    let counts =
      columns.count > 1 && !plan.listsEpochs
      && zip(epochs.dropFirst(), epochs).allSatisfy { next, before in
        next != nil && before.map { $0 &+ 1 } == next
      }
    let known = epochs.count { $0 != nil }
    if counts {
      bytes.append(3)
      bytes.appendSigned(epochs[0] ?? 0)
      return bytes
    }
    let kind: UInt8 = known == 0 ? 0 : known == columns.count ? 1 : 2
    bytes.append(kind)
    var last: Int64 = 0
    for epoch in epochs where kind > 0 {
      if kind == 2 { bytes.append(epoch == nil ? 0 : 1) }
      guard let epoch else { continue }
      bytes.appendSigned(epoch &- last)
      last = epoch
    }
    return bytes
  }

  static func presence(_ cells: [UInt64?], rowCount: Int, _ plan: PresencePlan) -> [UInt8] {
    let isPresent = cells.map { $0 != nil }
    guard isPresent.contains(false) else { return [0] }
    let columns = stride(from: 0, to: cells.count, by: rowCount).map {
      Array<Bool>(isPresent[$0..<$0 + rowCount])
    }
    var kinds: [UInt64]
    var (ownPlan, changePlan, bytePlan) = (BitPlan.bitmap, BitPlan.bitmap, BytePlan.stored)
    switch plan {
    case .bitmap(let bits):
      ownPlan = bits
      kinds = columns.map { $0.allSatisfy { $0 } ? 0 : $0.contains(true) ? 2 : 1 }
    case .everyColumn(let bits):
      ownPlan = bits
      kinds = columns.map { _ in 2 }
    case .kinds(let given, let own, let changes, let bytes):
      (kinds, ownPlan, changePlan, bytePlan) = (given, own, changes, bytes)
    }
    var bytes: [UInt8] = [1]
    bytes.appendSymbolColumn(kinds, .magnitude, bytePlan)
    let own = columns.indices.filter { kinds[$0] == 2 }.flatMap { columns[$0] }
    let changes = columns.indices.filter { kinds[$0] == 3 }.flatMap { place in
      zip(columns[place], columns[place - 1]).map { $0 != $1 }
    }
    if !own.isEmpty { bytes.appendBitSequence(own, ownPlan) }
    if !changes.isEmpty { bytes.appendBitSequence(changes, changePlan) }
    return bytes
  }
}
