/// The shortest decimal that reads back as a binary floating-point number, and of several the nearest.
///
/// By R. Giulietti's method ("The Schubfach way to render doubles", 2020): the number's neighbours are
/// scaled by a power of ten, so that their integers tell where to cut. Without a `String`, of which each
/// number would allocate one.
struct ShortestDecimal {
  /// Without zeros at the end.
  private(set) var digits: UInt64
  /// What power of ten they are multiples of.
  private(set) var exponent: Int

  /// - Parameter bits: of a finite number other than zero; its sign does not matter.
  @inline(__always)
  init(float64 bits: UInt64) {
    let (mantissa, field) = (bits & ((1 << 52) - 1), Int(bits >> 52) & 0x7FF)
    self.init(
      field == 0 ? mantissa : mantissa | 1 << 52, max(1, field) - 1075,
      isPowerOfTwo: mantissa == 0 && field > 1)
  }

  @inline(__always)
  init(float32 bits: UInt32) {
    let (mantissa, field) = (bits & ((1 << 23) - 1), Int(bits >> 23) & 0xFF)
    self.init(
      UInt64(field == 0 ? mantissa : mantissa | 1 << 23), max(1, field) - 150,
      isPowerOfTwo: mantissa == 0 && field > 1)
  }

  /// Of `significand` · 2^`power`, whose neighbour below is half as far where it is a power of two.
  private init(_ significand: UInt64, _ power: Int, isPowerOfTwo: Bool) {
    // ⌊log10(2^power)⌋, of three quarters of it for powers of two.
    let scale = (power * 1_262_611 - (isPowerOfTwo ? 524_031 : 0)) >> 22
    // With ⌊log2(10^-scale)⌋ in it.
    let shift = UInt64(power + ((-scale * 1_741_647) >> 19) + 1)
    let factor = PowersOfTen.shared[-scale]
    let isOdd = significand & 1
    let value = Self.product(factor, (4 * significand) &<< shift)
    let lower =
      Self.product(factor, (4 * significand - (isPowerOfTwo ? 1 : 2)) &<< shift) + isOdd
    let upper = Self.product(factor, (4 * significand + 2) &<< shift) - isOdd
    let whole = value / 4
    exponent = scale
    if whole >= 10 {
      let tens = whole / 10
      let (isDownIn, isUpIn) = (lower <= 40 * tens, 40 * tens + 40 <= upper)
      if isDownIn != isUpIn {
        digits = tens + (isUpIn ? 1 : 0)
        exponent += 1
        dropZeros()
        return
      }
    }
    let (isDownIn, isUpIn) = (lower <= 4 * whole, 4 * whole + 4 <= upper)
    if isDownIn != isUpIn {
      digits = whole + (isUpIn ? 1 : 0)
    } else {
      let middle = 4 * whole + 2
      digits = whole + (value > middle || value == middle && whole & 1 == 1 ? 1 : 0)
    }
    dropZeros()
  }

  private mutating func dropZeros() {
    while true {
      let (rest, digit) = digits.quotientAndRemainder(dividingBy: 10)
      guard digit == 0 else { return }
      digits = rest
      exponent += 1
    }
  }

  /// The product without its last 128 bits, of which the lowest bit says whether there was something.
  @inline(__always)
  private static func product(_ factor: (high: UInt64, low: UInt64), _ number: UInt64) -> UInt64 {
    let least = factor.low.multipliedFullWidth(by: number)
    let most = factor.high.multipliedFullWidth(by: number)
    let (middle, carry) = most.low.addingReportingOverflow(least.high)
    return (most.high &+ (carry ? 1 : 0)) | (middle > 1 ? 1 : 0)
  }
}

// MARK: Text

extension ShortestDecimal {
  /// The longest text: `-2.2250738585072014e-308`.
  static let maxLength = 24

  /// Writes it as text, of a number that is no integer: `0.1`, `12.5`, `1e-07`.
  ///
  /// - Precondition: the exponent is negative, and there is room for `IntegerText.slack` bytes more.
  /// - Returns: the place behind it.
  func write(to text: inout MutableSpan<UInt8>, at start: Int) -> Int {
    let count = IntegerText.digitCount(digits)
    // Digits before the point; where it is negative, zeros that follow it.
    let point = count + exponent
    if point > 0 {
      IntegerText.writeFirstDigits(digits, count: count, to: &text, at: start + 1)
      for place in start..<start + point { text[place] = text[place + 1] }
      text[start + point] = UInt8(ascii: ".")
      return start + count + 1
    }
    if point >= -3 {
      // "0.000000"
      IntegerText.store(0x3030_3030_3030_2E30, to: &text, at: start)
      IntegerText.writeFirstDigits(digits, count: count, to: &text, at: start + 2 - point)
      return start + 2 - point + count
    }
    IntegerText.writeFirstDigits(digits, count: count, to: &text, at: start + 1)
    text[start] = text[start + 1]
    text[start + 1] = UInt8(ascii: ".")
    // A digit alone has no point.
    var place = start + (count > 1 ? count + 1 : 1)
    text[place] = UInt8(ascii: "e")
    text[place + 1] = UInt8(ascii: "-")
    place += 2
    let power = UInt64(1 - point)
    let length = power < 100 ? 2 : 3
    IntegerText.writeDigits(power, count: length, to: &text, at: place)
    return place + length
  }
}

/// Powers of ten, each as the 128 highest bits of its binary digits, rounded up.
private struct PowersOfTen {
  static let shared = PowersOfTen()

  private static let lowest = -292
  private static let highest = 324
  private var words: [(high: UInt64, low: UInt64)]

  @inline(__always)
  subscript(exponent: Int) -> (high: UInt64, low: UInt64) { words[exponent - Self.lowest] }

  private init() {
    words = Array(repeating: (0, 0), count: Self.highest - Self.lowest + 1)
    // 10^highest takes 1,077 bits; lowest word first.
    var number = [UInt64](repeating: 0, count: 20)
    number[0] = 1
    for exponent in 0...Self.highest {
      words[exponent - Self.lowest] = Self.top(of: number)
      var carry: UInt64 = 0
      for place in number.indices {
        let (high, low) = number[place].multipliedFullWidth(by: 10)
        let (sum, overflow) = low.addingReportingOverflow(carry)
        number[place] = sum
        carry = high + (overflow ? 1 : 0)
      }
    }
    // 2^1279, of which 970 bits are divided away: what is left is exact but for its last bit.
    number = [UInt64](repeating: 0, count: 20)
    number[19] = 1 << 63
    for exponent in stride(from: -1, through: Self.lowest, by: -1) {
      var rest: UInt64 = 0
      for place in number.indices.reversed() {
        (number[place], rest) = UInt64(10).dividingFullWidth((rest, number[place]))
      }
      words[exponent - Self.lowest] = Self.top(of: number, isCut: true)
    }
  }

  /// - Parameter isCut: whether something follows the last bit.
  private static func top(of number: [UInt64], isCut: Bool = false) -> (high: UInt64, low: UInt64) {
    // Two words below the lowest are zeros.
    func word(_ place: Int) -> UInt64 { place < 0 ? 0 : number[place] }
    guard let last = number.lastIndex(where: { $0 != 0 }) else { return (0, 0) }
    let shift = UInt64(number[last].leadingZeroBitCount)
    func shifted(_ place: Int) -> UInt64 {
      shift == 0 ? word(place) : word(place) << shift | word(place - 1) >> (64 - shift)
    }
    var (high, low) = (shifted(last), shifted(last - 1))
    let isMore = shifted(last - 2) != 0 || number.prefix(max(0, last - 2)).contains { $0 != 0 }
    if isCut || isMore {
      low &+= 1
      if low == 0 { high += 1 }
    }
    return (high, low)
  }
}
