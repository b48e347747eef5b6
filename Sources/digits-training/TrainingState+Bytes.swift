import TrackerModel

/// A state as a file: this program's own format, in which every number has a fixed width and the
/// last eight bytes check the others. The same bytes are a worker's model file and what it
/// publishes to the others.
extension TrainingState {
  private static let magic: [UInt8] = Array("digits\u{1}\n".utf8)

  func encoded() -> [UInt8] {
    var bytes = Self.magic
    func append(_ number: some FixedWidthInteger) {
      var rest = number
      for _ in 0..<type(of: number).bitWidth / 8 {
        bytes.append(UInt8(truncatingIfNeeded: rest))
        rest >>= 8
      }
    }
    append(settings.seed)
    for number in [settings.rank, settings.worldSize, epoch, batch, step, correctCount] {
      append(Int64(number))
    }
    append(lossSum.bitPattern)
    for weight in learner.network.weights { append(weight.bitPattern) }
    for velocity in learner.velocity { append(velocity.bitPattern) }
    bytes += settings.runID.utf8
    append(Self.checksum(bytes[...]))
    return bytes
  }

  /// - Parameter file: named in errors.
  init(encoded bytes: [UInt8], file: String) throws(TrackerError) {
    let fixedSize = Self.magic.count + 8 * 8 + Network.weightCount * 8
    guard bytes.starts(with: Self.magic), bytes.count >= fixedSize + 8 else {
      throw TrackerError(
        .malformed, "model", "this is not a model file of this program", file: file)
    }
    var rest = bytes[Self.magic.count...]
    func next<Number: FixedWidthInteger>(_: Number.Type) -> Number {
      var number: Number = 0
      for byte in rest.prefix(Number.bitWidth / 8).reversed() {
        number = number << 8 | Number(truncatingIfNeeded: byte)
      }
      rest = rest.dropFirst(Number.bitWidth / 8)
      return number
    }
    // Checked first, so that whatever follows was written by `encoded`.
    let body = bytes.dropLast(8)
    rest = bytes.suffix(8)
    guard next(UInt64.self) == Self.checksum(body) else {
      throw TrackerError(.checksumMismatch, "model", "the file is damaged", file: file)
    }
    rest = body.dropFirst(Self.magic.count)
    let seed = next(UInt64.self)
    let numbers = (0..<6).map { _ in Int(next(Int64.self)) }
    let lossSum = Double(bitPattern: next(UInt64.self))
    let weights = (0..<Network.weightCount).map { _ in Float(bitPattern: next(UInt32.self)) }
    let velocity = (0..<Network.weightCount).map { _ in Float(bitPattern: next(UInt32.self)) }
    self.init(
      RunSettings(
        runID: String(decoding: rest, as: UTF8.self), seed: seed, rank: numbers[0],
        worldSize: numbers[1]))
    (epoch, batch, step, correctCount) = (numbers[2], numbers[3], numbers[4], numbers[5])
    self.lossSum = lossSum
    learner = Learner(network: Network(weights: weights), velocity: velocity)
  }

  /// FNV-1a with 64 bits: it is there to notice a mistake, not an attack.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    // Multiplication modulo 2⁶⁴ is what the hash is defined by.
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }
}
