/// A network with one hidden layer: 64 pixels, 32 rectified units, 10 classes.
///
/// All weights stand in one array, which is all that an optimizer, a file or an average over
/// workers needs to know of them.
struct Network: Equatable {
  static let inputs = DigitSet.pixelCount
  static let hidden = 32
  static let outputs = DigitSet.classCount

  // Where each part begins in `weights`: a row of weights for each unit, then the units' biases.
  private static let hiddenBias = hidden * inputs
  private static let output = hiddenBias + hidden
  private static let outputBias = output + outputs * hidden
  static let weightCount = outputBias + outputs

  var weights: [Float]

  init(weights: [Float]) {
    precondition(weights.count == Self.weightCount, "a network has \(Self.weightCount) weights")
    self.weights = weights
  }

  /// Uniform in ±√(6 / inputs of the unit), for rectified units (He and others, 2015); biases are
  /// zero.
  init(seed: UInt64) {
    var generator = SeededGenerator(seed, 0x6469_6769_7473)
    weights = Array(repeating: 0, count: Self.weightCount)
    let first = (6 / Float(Self.inputs)).squareRoot()
    for i in 0..<Self.hiddenBias { weights[i] = first * generator.nextSymmetric() }
    let second = (6 / Float(Self.hidden)).squareRoot()
    for i in Self.output..<Self.outputBias { weights[i] = second * generator.nextSymmetric() }
  }

  /// How the network judges one image.
  struct Judgement {
    /// Cross-entropy of the true class.
    var loss: Float
    /// Whether the true class has the highest score, alone or as the first of several.
    var isCorrect: Bool
    /// The hidden units' outputs; those at zero pass no gradient on.
    fileprivate(set) var activations: [Float]
    fileprivate var probabilities: [Float]
  }

  /// The loss is computed from the scores: the logarithm of a sum, of which one term is exactly 1.
  func judge(_ pixels: ArraySlice<Float>, label: Int) -> Judgement {
    var activations: [Float] = []
    activations.reserveCapacity(Self.hidden)
    for unit in 0..<Self.hidden {
      var sum = weights[Self.hiddenBias + unit]
      var weight = unit * Self.inputs
      for pixel in pixels {
        sum += weights[weight] * pixel
        weight += 1
      }
      activations.append(max(sum, 0))
    }
    var scores: [Float] = []
    scores.reserveCapacity(Self.outputs)
    for unit in 0..<Self.outputs {
      var sum = weights[Self.outputBias + unit]
      for i in 0..<Self.hidden {
        sum += weights[Self.output + unit * Self.hidden + i] * activations[i]
      }
      scores.append(sum)
    }
    var best = 0
    for unit in 1..<Self.outputs where scores[unit] > scores[best] { best = unit }
    var sum: Float = 0
    var probabilities: [Float] = []
    probabilities.reserveCapacity(Self.outputs)
    for score in scores {
      let power = Float(ElementaryFunctions.exponential(Double(score - scores[best])))
      probabilities.append(power)
      sum += power
    }
    for unit in 0..<Self.outputs { probabilities[unit] /= sum }
    let loss =
      Float(ElementaryFunctions.logarithm(Double(sum))) - (scores[label] - scores[best])
    return Judgement(
      loss: loss, isCorrect: best == label, activations: activations, probabilities: probabilities)
  }

  /// Adds the gradient of one image's loss to `gradient`, which is laid out like `weights`.
  func addGradient(
    of judgement: Judgement, pixels: ArraySlice<Float>, label: Int, to gradient: inout [Float]
  ) {
    var behind = [Float](repeating: 0, count: Self.hidden)
    for unit in 0..<Self.outputs {
      let slope = judgement.probabilities[unit] - (unit == label ? 1 : 0)
      gradient[Self.outputBias + unit] += slope
      let row = Self.output + unit * Self.hidden
      for i in 0..<Self.hidden {
        gradient[row + i] += slope * judgement.activations[i]
        behind[i] += slope * weights[row + i]
      }
    }
    for unit in 0..<Self.hidden where judgement.activations[unit] > 0 {
      gradient[Self.hiddenBias + unit] += behind[unit]
      var weight = unit * Self.inputs
      for pixel in pixels {
        gradient[weight] += behind[unit] * pixel
        weight += 1
      }
    }
  }
}
