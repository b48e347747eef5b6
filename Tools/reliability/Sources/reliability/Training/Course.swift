import Glibc
import TrackerCodec
import TrackerFile
import TrackerModel
import TrackerState

/// A small training run that is the same wherever it runs: logistic regression by gradient descent, whose
/// losses a tracker records. What a file must hold is computed again, without the file.
struct Course {
  static let rows = 48
  static let half = 24
  private static let features = 4

  let seed: UInt64
  private let inputs: [[Float]]
  private let labels: [Float]
  private var weights = [Float](repeating: 0, count: features)
  /// By epoch from 1: the loss of each row, and whether it was right.
  private var epochs: [(losses: [Float], right: [Float])] = []

  init(seed: UInt64) {
    self.seed = seed
    var random = SeededGenerator(seed)
    inputs = (0..<Self.rows).map { _ in
      (0..<Self.features).map { _ in Float(random.below(2001) - 1000) / 500 }
    }
    labels = inputs.map { row in
      let side = row[0] - row[1] / 2 + Float(random.below(100) - 50) / 40
      return side > 0 ? 1 : 0
    }
  }

  /// Where a run is: the epochs that have ended, and whether half of the next one is recorded.
  struct Place: Comparable, CustomStringConvertible {
    var epochs: Int
    var isWithin: Bool

    var number: Int { epochs * 2 + (isWithin ? 1 : 0) }
    var next: Place { Place(number: number + 1) }
    var description: String { "\(epochs)\(isWithin ? ".5" : "")" }

    init(epochs: Int, isWithin: Bool) { (self.epochs, self.isWithin) = (epochs, isWithin) }
    init(number: Int) { self.init(epochs: number / 2, isWithin: number % 2 == 1) }

    static func < (left: Place, right: Place) -> Bool { left.number < right.number }
  }

  static func parameters() throws -> Parameters {
    try Parameters(metricKeys: ["ce", "ok"], maxToKeep: 3, minToKeep: 2, modes: .only([.train]))
  }

  static func step(_ epoch: Int) -> Int64 { Int64(epoch) * 10 }

  /// Which rows an epoch sees: every third one only some.
  private func sees(_ row: Int, epoch: Int) -> Bool {
    epoch % 3 != 0 || SeededMask.isSet(seed, epoch, row)
  }

  private enum SeededMask {
    static func isSet(_ seed: UInt64, _ epoch: Int, _ row: Int) -> Bool {
      var random = SeededGenerator(seed &+ UInt64(epoch << 16 + row))
      return random.isOne(in: 2)
    }
  }

  private mutating func train(upTo epoch: Int) {
    while epochs.count < epoch {
      var losses: [Float] = []
      var right: [Float] = []
      for row in 0..<Self.rows {
        var score: Float = 0
        for place in 0..<Self.features { score += inputs[row][place] * weights[place] }
        let probability = 1 / (1 + exp(-score))
        let toward = labels[row] == 1 ? probability : 1 - probability
        losses.append(-log(max(toward, 1e-30)))
        right.append(toward > 0.5 ? 1 : 0)
        for place in 0..<Self.features {
          weights[place] -= 0.05 * (probability - labels[row]) * inputs[row][place]
        }
      }
      epochs.append((losses, right))
    }
  }

  /// The rows of one half of an epoch, and their values.
  mutating func batch(epoch: Int, half: Int) -> (indices: [Int64], values: [Name: MetricValues]) {
    train(upTo: epoch)
    let range = half == 0 ? 0..<Self.half : Self.half..<Self.rows
    let rows = range.filter { sees($0, epoch: epoch) }
    return (
      rows.map { Int64($0) },
      [
        "ce": .float(rows.map { epochs[epoch - 1].losses[$0] }),
        "ok": .float(rows.map { epochs[epoch - 1].right[$0] }),
      ]
    )
  }

  /// All that a tracker holds at a place.
  mutating func content(at place: Place) -> Content {
    train(upTo: place.epochs + 1)
    var content = Content()
    for epoch in 1...place.epochs + 1 {
      let isOpen = epoch > place.epochs
      if isOpen, !place.isWithin { continue }
      for row in 0..<(isOpen ? Self.half : Self.rows) where sees(row, epoch: epoch) {
        for (metric, value) in [
          ("ce", epochs[epoch - 1].losses[row]), ("ok", epochs[epoch - 1].right[row]),
        ] {
          let key = Content.Key(
            channel: Channel(metric: Name(metric), mode: .train), index: .integer(Int64(row)),
            place: isOpen ? Int64(epoch) : Self.step(epoch))
          if isOpen {
            content.unsealed[key] = value.bitPattern
          } else {
            content.sealed[key] = value.bitPattern
          }
        }
      }
    }
    return content
  }

  /// Where the run is that a file holds; the points in it are the right ones.
  mutating func place(in reader: TrackerReader) throws -> Place {
    let found = try Content(reading: reader)
    let last = found.sealed.keys.map(\.place).max() ?? 0
    let place = Place(epochs: Int(last / 10), isWithin: !found.unsealed.isEmpty)
    let expected = content(at: place)
    guard found == expected else {
      throw Violation("at \(place) \(found.difference(from: expected))")
    }
    return place
  }

  /// Records until the next checkpoint is due.
  mutating func record(_ tracker: InstanceTracker, at place: Place) throws {
    let epoch = place.epochs + 1
    let (indices, values) = batch(epoch: epoch, half: place.isWithin ? 1 : 0)
    if !indices.isEmpty {
      try tracker.record(mode: .train, epoch: Int64(epoch), indices: indices, values: values)
    }
  }
}
