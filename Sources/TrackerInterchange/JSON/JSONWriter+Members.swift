public import TrackerModel

/// A member's name and value in one call.
extension JSONWriter {
  /// A text, or null.
  public mutating func member(_ name: String, _ text: String?) throws(TrackerError) {
    self.name(name)
    if let text { try string(text) } else { try null() }
  }

  /// An integer, or null.
  public mutating func member(_ name: String, _ value: Int64?) throws(TrackerError) {
    self.name(name)
    if let value { try integer(value) } else { try null() }
  }

  public mutating func member(_ name: String, _ value: UInt64?) throws(TrackerError) {
    self.name(name)
    if let value { try integer(value) } else { try null() }
  }

  public mutating func member(_ name: String, _ value: Int) throws(TrackerError) {
    self.name(name)
    try integer(value)
  }

  public mutating func member(_ name: String, _ value: Bool) throws(TrackerError) {
    self.name(name)
    try bool(value)
  }

  public mutating func member(_ name: String, _ value: Double) throws(TrackerError) {
    self.name(name)
    try double(value)
  }

  /// A value whose bits are widened to float64.
  public mutating func member(_ name: String, _ bits: UInt64, as type: ValueType)
    throws(TrackerError)
  {
    self.name(name)
    try value(bits, as: type)
  }

  /// An instance index: an integer or a text.
  public mutating func member(_ name: String, _ index: InstanceIndex) throws(TrackerError) {
    self.name(name)
    try value(index)
  }

  public mutating func value(_ index: InstanceIndex) throws(TrackerError) {
    switch index {
    case .integer(let value): try integer(value)
    case .string(let name): try string(name.string)
    }
  }
}
