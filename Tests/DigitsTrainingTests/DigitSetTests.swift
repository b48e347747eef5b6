import Testing
import TrackerModel

@testable import digits_training

@Suite struct DigitSetTests {
  @Test func idsAreLinesAndEveryFifthIsEval() throws {
    let digits = try DigitSet(csv: Array(Fixture.csv(12).utf8), file: "noise")
    #expect(digits.count == 12)
    #expect(digits.evalIDs == [0, 5, 10])
    #expect(digits.trainIDs == [1, 2, 3, 4, 6, 7, 8, 9, 11])
  }

  @Test(arguments: [
    "1,2,3", String(repeating: "0,", count: 64) + "x", String(repeating: "17,", count: 64) + "1",
    String(repeating: "1,", count: 64) + "10",
  ])
  func badLinesAreNamed(line: String) {
    let text = Fixture.csv(8) + "\n" + line
    let error = #expect(throws: TrackerError.self) {
      try DigitSet(csv: Array(text.utf8), file: "f.csv")
    }
    #expect(error?.code == .badInput)
    #expect(error?.description.hasPrefix("f.csv: line 9: ") == true)
  }
}
