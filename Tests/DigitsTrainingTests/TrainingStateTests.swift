import Testing
import TrackerModel

@testable import digits_training

@Suite struct TrainingStateTests {
  private var state: TrainingState {
    var state = TrainingState(RunSettings(runID: "läuft", seed: .max, rank: 2, worldSize: 3))
    (state.epoch, state.batch, state.step, state.correctCount) = (4, 5, 65, 17)
    state.lossSum = 0.1
    state.learner.velocity[0] = -0.0
    return state
  }

  @Test func whatIsWrittenReadsBackTheSame() throws {
    let bytes = state.encoded()
    let back = try TrainingState(encoded: bytes, file: "model")
    #expect(back == state)
    #expect(back.encoded() == bytes)
  }

  @Test func anyCutIsRefused() {
    let bytes = state.encoded()
    for count in [0, 7, 8, 9, 100, bytes.count - 9, bytes.count - 8, bytes.count - 1] {
      #expect(throws: TrackerError.self) {
        try TrainingState(encoded: Array(bytes.prefix(count)), file: "model")
      }
    }
  }

  @Test func anyChangedByteIsRefused() {
    let bytes = state.encoded()
    for place in stride(from: 0, to: bytes.count, by: 37) {
      var damaged = bytes
      damaged[place] ^= 0x10
      #expect(throws: TrackerError.self) { try TrainingState(encoded: damaged, file: "model") }
    }
  }
}
