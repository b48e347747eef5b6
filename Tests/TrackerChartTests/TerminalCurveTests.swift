import Testing
import TrackerChart

@Suite struct TerminalCurveTests {
  @Test func risingLineRunsFromTheLowerLeftToTheUpperRight() {
    let curve = TerminalCurve((0..<8).map { (x: Double($0), y: Double($0)) })
    #expect(curve.rows(width: 4, height: 2) == ["  ⡠⠊", "⡠⠊  "])
  }

  @Test func gapBreaksTheLineAndALonePointIsADot() {
    let curve = TerminalCurve([(0, 0), (1, .nan), (2, 1), (3, .nan), (7, 0)])
    #expect(curve.rows(width: 4, height: 1) == ["⡀⠁ ⢀"])
  }

  @Test func gapsAtTheEndsKeepTheirRoom() {
    let curve = TerminalCurve([(0, .nan), (2, 1), (3, 1), (7, .nan)])
    #expect(curve.xRange == 0...7)
    #expect(curve.rows(width: 4, height: 1) == [" ⠒  "])
  }

  @Test func equalValuesLieInTheMiddle() {
    let curve = TerminalCurve([(0, 5), (1, 5)])
    #expect(curve.rows(width: 2, height: 1) == ["⠒⠒"])
  }

  @Test func infiniteValuesLieOnTheBorders() {
    let curve = TerminalCurve([
      (0, .infinity), (1, .nan), (2, -.infinity), (3, .nan), (4, 1), (5, 2),
    ])
    let rows = curve.rows(width: 3, height: 1)
    #expect(curve.yRange == 1...2)
    #expect(rows == ["⠁⡀⡜"])
  }

  @Test func nothingToDrawIsBlank() {
    #expect(TerminalCurve([]).rows(width: 3, height: 2) == ["   ", "   "])
    #expect(TerminalCurve([(0, .nan), (.nan, 1)]).rows(width: 3, height: 1) == ["   "])
  }

  @Test func hugeRangesDoNotOverflow() {
    let limit = Double.greatestFiniteMagnitude
    let curve = TerminalCurve([(-limit, -limit), (limit, limit)])
    #expect(curve.rows(width: 2, height: 1) == ["⡠⠊"])
  }

  @Test func frameHoldsTheLabelsOfBothAxes() {
    let curve = TerminalCurve((1...30).map { (x: Double($0), y: Double(31 - $0) / 10) })
    let rows = curve.framed(width: 20, height: 4)
    #expect(rows.count == 4)
    #expect(rows.allSatisfy { $0.count == 20 })
    #expect(rows[0].hasPrefix("    3┤"))
    #expect(rows[1].hasPrefix("     │"))
    #expect(rows[2].hasPrefix("0.100┤"))
    #expect(rows[3] == "      1           30")
  }

  @Test(arguments: [(1, 1), (2, 5), (15, 5), (76, 20)])
  func everyRowIsAsWideAsAsked(width: Int, height: Int) {
    let curve = TerminalCurve((0..<50).map { (x: Double($0), y: Double($0 * 7919 % 101)) })
    let rows = curve.rows(width: width, height: height)
    #expect(rows.count == height)
    #expect(rows.allSatisfy { $0.unicodeScalars.count == width })
  }
}
