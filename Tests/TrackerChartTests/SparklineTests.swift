import Testing
import TrackerChart

@Suite struct SparklineTests {
  @Test func lowestAndHighestTakeTheFirstAndLastBlock() {
    #expect(Sparkline([0, 1, 2, 3, 4, 5, 6, 7]).description == "▁▂▃▄▅▆▇█")
  }

  @Test func gapsAreSpacesAndInfinitiesDoNotStretch() {
    #expect(Sparkline([0, .nan, 7, .infinity, -.infinity]).description == "▁ ██▁")
  }

  @Test func equalValuesAreFlat() { #expect(Sparkline([2, 2, 2]).description == "▄▄▄") }

  @Test func emptySeriesIsEmpty() { #expect(Sparkline([]).description == "") }

  @Test func narrowerThanItsValuesItShowsMeans() {
    #expect(Sparkline([0, 2, .nan, 8, 4, 4], width: 3, range: 1...8).description == "▁█▄")
  }

  @Test func widerThanItsValuesItHasOneCharacterAValue() {
    #expect(Sparkline([0, 7], width: 10).description == "▁█")
  }
}

@Suite struct ShortNumberTests {
  @Test(arguments: [
    (0.0, "0"), (-0.0, "0"), (1, "1"), (450, "450"), (0.0123, "0.012"), (0.99951, "1.00"),
    (5.314, "5.31"), (9.996, "10.0"), (12.34, "12.3"), (-99.96, "-100"), (99_999.4, "99999"),
    (99_999.5, "1e+5"), (0.000_12, "1.2e-4"), (0.000_999_9, "1e-3"), (3.4e12, "3.4e+12"),
    (.leastNonzeroMagnitude, "4.9e-324"), (.greatestFiniteMagnitude, "1.8e+308"),
    (-.infinity, "-∞"), (.nan, "NaN"),
  ])
  func roundsToAboutThreeDigits(value: Double, text: String) {
    #expect(ShortNumber(value).description == text)
  }
}
