public import TrackerCodec
public import TrackerModel

/// A hash of a history's content: equal where two histories hold the same points, however they were
/// written, tiled, merged, compressed or typed. `Spec/DIGEST.md` defines it.
///
/// Content is channels, indices and their type, steps, epochs and values, float32 ones widened. Who
/// recorded them and when, commits, unsealed points, kept sets and parameters are not.
public struct ContentDigest: Sendable, Hashable {
  /// The digest of one channel's points.
  public struct Part: Sendable, Hashable {
    public var channel: Channel
    public var pointCount: Int
    public var digest: BLAKE2b.Digest
  }

  public let indexType: IndexType
  /// In the order of channels; those without points are left out.
  public private(set) var parts: [Part] = []

  public init(indexType: IndexType) { self.indexType = indexType }

  public var pointCount: Int { parts.reduce(0) { $0 + $1.pointCount } }

  /// The digest of all points.
  public var points: BLAKE2b.Digest {
    var message = DigestMessage()
    message.append("trk1")
    message.append(UInt64(indexType.rawValue))
    for part in parts {
      message.append(part.channel.metric.utf8)
      message.append(UInt64(part.channel.mode.rawValue))
      message.append(part.channel.dsID == nil ? 0 : 1)
      if let dsID = part.channel.dsID { message.append(dsID.utf8) }
      message.append(part.digest)
    }
    return message.finish()
  }

  /// The digest of all points and of what a tracker was told to record and to keep.
  public func points(with parameters: Parameters) -> BLAKE2b.Digest {
    var message = DigestMessage()
    message.append("trk1-parameters")
    message.append(points)
    message.append(parameters)
    return message.finish()
  }

  /// Reads a channel to its end.
  ///
  /// Complexity: O(points); memory holds a block of rows, and 250 bytes for each column.
  /// - Precondition: channels come in their order.
  public mutating func add(_ source: any HistorySource, progress: (Int) -> Void = { _ in })
    throws(TrackerError)
  {
    precondition(
      parts.last.map { $0.channel < source.channel } ?? true, "channels come in their order")
    let before = pointCount
    var columns = ColumnDigests()
    while try source.advance() {
      columns.add(source.block, source.rows, source.columns)
      progress(before + columns.pointCount)
    }
    guard columns.pointCount > 0 else { return }
    parts.append(
      Part(
        channel: source.channel, pointCount: columns.pointCount, digest: columns.finish()))
  }
}
