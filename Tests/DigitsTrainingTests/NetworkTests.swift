import Testing

@testable import digits_training

@Suite struct NetworkTests {
  let digits: DigitSet

  init() throws { digits = try DigitSet(csv: Array(Fixture.csv(40).utf8), file: "noise") }

  private func loss(_ network: Network, of ids: [Int]) -> Double {
    ids.reduce(0) {
      $0 + Double(network.judge(digits.pixels(of: $1), label: digits.labels[$1]).loss)
    }
  }

  /// Which hidden units are active for which image: within one such pattern the loss is smooth.
  private func pattern(_ network: Network, of ids: [Int]) -> [Bool] {
    ids.flatMap {
      network.judge(digits.pixels(of: $0), label: digits.labels[$0]).activations.map { $0 > 0 }
    }
  }

  private func gradient(_ network: Network, of ids: [Int]) -> [Float] {
    var gradient = [Float](repeating: 0, count: Network.weightCount)
    for id in ids {
      let (pixels, label) = (digits.pixels(of: id), digits.labels[id])
      network.addGradient(
        of: network.judge(pixels, label: label), pixels: pixels, label: label, to: &gradient)
    }
    return gradient
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func gradientIsTheSlopeOfTheLoss(seed: UInt64) {
    let network = Network(seed: seed)
    let ids = Array(0..<4)
    let gradient = gradient(network, of: ids)
    let step: Float = 1.0 / 256
    var compared = 0
    for weight in stride(from: Int(seed), to: Network.weightCount, by: 3) {
      var (above, below) = (network, network)
      above.weights[weight] += step
      below.weights[weight] -= step
      // Across a rectifier's bend a finite difference says nothing.
      guard pattern(above, of: ids) == pattern(below, of: ids) else { continue }
      compared += 1
      let distance = Double(above.weights[weight]) - Double(below.weights[weight])
      let slope = (loss(above, of: ids) - loss(below, of: ids)) / distance
      let found = Double(gradient[weight])
      // A Float's rounding in four losses, divided by the distance, is about 1e-4.
      #expect(abs(slope - found) <= 1e-3 + 1e-3 * abs(slope), "weight \(weight), seed \(seed)")
    }
    #expect(compared > Network.weightCount / 4)
  }

  @Test func gradientsOfSeveralImagesAddUp() {
    let network = Network(seed: 5)
    let (first, second) = (gradient(network, of: [3]), gradient(network, of: [4]))
    for (sum, parts) in zip(gradient(network, of: [3, 4]), zip(first, second)) {
      #expect(abs(sum - (parts.0 + parts.1)) < 1e-5)
    }
  }

  @Test func untrainedLossIsNearThatOfGuessing() {
    let mean = loss(Network(seed: 1), of: Array(0..<40)) / 40
    #expect(mean > 1.5 && mean < 4)
  }

  @Test func averageOfEqualLearnersIsTheLearner() {
    let learner = Learner(seed: 9)
    #expect(Learner.average([learner, learner]) == learner)
  }

  @Test func stepsLowerTheLoss() {
    var learner = Learner(seed: 2)
    let ids = Array(0..<40)
    let before = loss(learner.network, of: ids)
    for _ in 0..<50 { _ = learner.step(on: ids[...], of: digits) }
    #expect(loss(learner.network, of: ids) < before / 4)
  }
}
