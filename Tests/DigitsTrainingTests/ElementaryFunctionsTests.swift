import Foundation
import Testing

@testable import digits_training

@Suite struct ElementaryFunctionsTests {
  @Test func exponentialIsWithinTwoUlpsOfTheLibrarys() {
    for x in stride(from: -740.0, through: 709, by: 0.37) {
      let expected = Foundation.exp(x)
      let found = ElementaryFunctions.exponential(x)
      if abs(found - expected) > 2 * expected.ulp { Issue.record("exp(\(x)) is \(found)") }
    }
  }

  @Test func logarithmIsWithinTwoUlpsOfTheLibrarys() {
    var generator = SeededGenerator(11)
    for _ in 0..<20_000 {
      let x = Double(bitPattern: generator.next() >> 1)
      guard x.isNormal else { continue }
      let expected = Foundation.log(x)
      let found = ElementaryFunctions.logarithm(x)
      if abs(found - expected) > 2 * expected.ulp { Issue.record("log(\(x)) is \(found)") }
    }
  }

  /// Where losses lie: the sum of which the logarithm is taken is a Float from 1 to 10.
  @Test func logarithmJustAboveOneKeepsItsDigits() {
    for k in 0..<20_000 {
      let x = 1 + Double(k) * 0x1p-23
      let expected = Foundation.log(x)
      let found = ElementaryFunctions.logarithm(x)
      if abs(found - expected) > 2 * expected.ulp { Issue.record("log(\(x)) is \(found)") }
    }
  }

  @Test func exactCasesAreExact() {
    #expect(ElementaryFunctions.exponential(0) == 1)
    #expect(ElementaryFunctions.exponential(-.infinity) == 0)
    #expect(ElementaryFunctions.exponential(.infinity) == .infinity)
    #expect(ElementaryFunctions.exponential(.nan).isNaN)
    #expect(ElementaryFunctions.logarithm(1) == 0)
  }
}
