/// A network and its optimizer: stochastic gradient descent with momentum.
struct Learner: Equatable {
  static let learningRate: Float = 0.1
  static let momentum: Float = 0.9

  var network: Network
  /// The running sum of past gradients; a resumed run needs it as much as the weights.
  var velocity: [Float]

  init(seed: UInt64) {
    network = Network(seed: seed)
    velocity = Array(repeating: 0, count: Network.weightCount)
  }

  init(network: Network, velocity: [Float]) {
    precondition(velocity.count == Network.weightCount, "velocities are laid out like weights")
    self.network = network
    self.velocity = velocity
  }

  /// Takes one step and returns how each image was judged before it.
  mutating func step(on batch: ArraySlice<Int>, of digits: DigitSet) -> [Network.Judgement] {
    var gradient = [Float](repeating: 0, count: Network.weightCount)
    let judgements = batch.map { id in
      let judgement = network.judge(digits.pixels(of: id), label: digits.labels[id])
      network.addGradient(
        of: judgement, pixels: digits.pixels(of: id), label: digits.labels[id], to: &gradient)
      return judgement
    }
    for i in 0..<Network.weightCount {
      velocity[i] = Self.momentum * velocity[i] + gradient[i] / Float(batch.count)
      network.weights[i] -= Self.learningRate * velocity[i]
    }
    return judgements
  }

  /// The mean of several workers' weights and velocities, added in the order given: every worker
  /// that averages in rank order gets the same bits.
  static func average(_ learners: [Learner]) -> Learner {
    precondition(!learners.isEmpty, "there is nothing to average")
    var weights = learners[0].network.weights
    var velocity = learners[0].velocity
    for learner in learners.dropFirst() {
      for i in 0..<Network.weightCount {
        weights[i] += learner.network.weights[i]
        velocity[i] += learner.velocity[i]
      }
    }
    for i in 0..<Network.weightCount {
      weights[i] /= Float(learners.count)
      velocity[i] /= Float(learners.count)
    }
    return Learner(network: Network(weights: weights), velocity: velocity)
  }
}
