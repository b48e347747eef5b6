/// One value of one instance's history.
public struct HistoryPoint: Sendable, Hashable {
  public var step: Int64
  /// The epoch that the step ended; nil where it was not recorded (imports without epochs).
  public var epoch: Int64?
  /// The IEEE bits of the value, widened to float64.
  public var valueBits: UInt64

  public init(step: Int64, epoch: Int64?, valueBits: UInt64) {
    self.step = step
    self.epoch = epoch
    self.valueBits = valueBits
  }

  public var value: Double { Double(bitPattern: valueBits) }
}
