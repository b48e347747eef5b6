import TrackerCodec
import TrackerModel

/// Values of all instances in some epochs, an epoch after the other.
struct EpochMatrix {
  private(set) var values: ValueBuffer
  private(set) var presence = Presence.none(0)
  let width: Int

  init(width: Int, _ type: ValueType) {
    self.width = width
    values = ValueBuffer(type)
  }

  /// Empties the matrix; keeps its memory.
  mutating func removeAll() {
    values.removeAll(for: values.type)
    presence = .none(0)
  }

  /// Appends an epoch without values.
  mutating func appendEpoch() {
    values.appendZeros(width)
    presence.appendAbsent(width)
  }

  /// Sets a value of the last epoch, widened; false where it holds another one already.
  @inline(__always)
  mutating func set(_ place: Int, _ value: UInt64) -> Bool {
    let cell = values.count - width + place
    if presence[cell] { return values[cell] == value }
    values.set(cell, to: value)
    presence.insert(cell)
    return true
  }
}
