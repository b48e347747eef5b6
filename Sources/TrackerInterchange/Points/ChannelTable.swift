import TrackerModel

/// Where the texts that name a channel lie in a record; empty ones are absent.
struct ChannelTexts {
  var metric: Range<Int>
  var mode: Range<Int>
  var dsID: Range<Int>

  /// The three texts, each followed by a byte that UTF-8 does not use.
  func key(_ bytes: Span<UInt8>) -> [UInt8] {
    var key: [UInt8] = []
    for range in [metric, mode, dsID] {
      for position in range { key.append(bytes[position]) }
      key.append(0xFF)
    }
    return key
  }
}

/// The channels of a text, numbered as they appear.
struct ChannelTable {
  private(set) var channels: [Channel] = []
  private var numbers: [[UInt8]: Int32] = [:]
  private var channelNumbers: [Channel: Int32] = [:]
  /// The key of the row before: most rows are of the same channel as that one.
  private var lastKey: [UInt8] = []
  private var lastNumber: Int32 = -1

  /// The channel's number where these are the texts of the row before.
  func last(_ bytes: Span<UInt8>, _ texts: ChannelTexts) -> Int32? {
    let length = texts.metric.count + texts.mode.count + texts.dsID.count + 3
    guard lastNumber >= 0, lastKey.count == length else { return nil }
    var place = 0
    guard matches(bytes, texts.metric, &place), matches(bytes, texts.mode, &place),
      matches(bytes, texts.dsID, &place)
    else { return nil }
    return lastNumber
  }

  private func matches(_ bytes: Span<UInt8>, _ range: Range<Int>, _ place: inout Int) -> Bool {
    for position in range {
      if lastKey[place] != bytes[position] { return false }
      place += 1
    }
    defer { place += 1 }
    return lastKey[place] == 0xFF
  }

  /// The number of a channel that was written as `key` before.
  mutating func number(of key: [UInt8]) -> Int32? {
    guard let number = numbers[key] else { return nil }
    (lastKey, lastNumber) = (key, number)
    return number
  }

  /// Numbers a channel written as `key`; nil where there are too many.
  ///
  /// Two keys may be one channel: a default is as good as its text.
  mutating func add(_ channel: Channel, _ key: [UInt8]) -> Int32? {
    let number = channelNumbers[channel] ?? Int32(channels.count)
    if number == channels.count {
      guard channels.count < InterchangeLimits.maxChannels else { return nil }
      channels.append(channel)
      channelNumbers[channel] = number
    }
    numbers[key] = number
    (lastKey, lastNumber) = (key, number)
    return number
  }
}
