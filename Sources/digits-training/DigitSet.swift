import TrackerModel

/// The images and their labels, and who trains on which.
///
/// An image's id is its line in the file, counted from 0: the same on every machine and in every
/// run, which is what makes it fit to be an instance index.
struct DigitSet {
  static let side = 8
  static let pixelCount = 64
  static let classCount = 10
  /// The darkest ink in the file.
  static let fullInk = 16

  /// Ink from 0 to 1, row by row, image after image.
  private(set) var pixels: [Float] = []
  private(set) var labels: [Int] = []

  var count: Int { labels.count }

  func pixels(of id: Int) -> ArraySlice<Float> {
    pixels[id * Self.pixelCount..<(id + 1) * Self.pixelCount]
  }

  /// - Parameter file: named in errors.
  init(csv: [UInt8], file: String) throws(TrackerError) {
    for (number, line) in csv.split(separator: UInt8(ascii: "\n")).enumerated() {
      func bad(_ detail: String) -> TrackerError {
        TrackerError(.badInput, "line \(number + 1)", detail, file: file)
      }
      var values: [Int] = []
      for field in line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
        guard let value = Int(String(decoding: field, as: UTF8.self)), 0...Self.fullInk ~= value
        else { throw bad("a number from 0 to \(Self.fullInk) was expected") }
        values.append(value)
      }
      guard values.count == Self.pixelCount + 1 else {
        throw bad(
          "\(Self.pixelCount) pixels and a label were expected, found \(values.count) values")
      }
      guard values[Self.pixelCount] < Self.classCount else {
        throw bad("the label \(values[Self.pixelCount]) is not a digit")
      }
      pixels += values[..<Self.pixelCount].map { Float($0) / Float(Self.fullInk) }
      labels.append(values[Self.pixelCount])
    }
    guard count > 5 else {
      throw TrackerError(
        .badInput, "digits", "more than 5 lines are needed, found \(count)", file: file)
    }
  }

  static func isEval(_ id: Int) -> Bool { id % 5 == 0 }

  var evalIDs: [Int] { (0..<count).filter(Self.isEval) }
  var trainIDs: [Int] { (0..<count).filter { !Self.isEval($0) } }

  /// Every `worldSize`-th of `ids`, beginning with the `rank`-th: shards that differ by one at
  /// most.
  static func shard(of ids: [Int], rank: Int, worldSize: Int) -> [Int] {
    stride(from: rank, to: ids.count, by: worldSize).map { ids[$0] }
  }
}
