import Testing

@testable import digits_training

@Suite struct ShowTests {
  private func card(style: TextStyle) -> DigitCard {
    let entry = HardestDigits.Entry(
      id: 1795, losses: (1...30).map { (epoch: Double($0), loss: 10 / Double($0)) },
      lastLoss: 0.333,
      correct: (12, 30))
    let pixels = (0..<64).map { Float($0 % 17) / 16 }
    return DigitCard(entry, epochs: 1...30, label: 7, pixels: pixels[...], style: style)
  }

  /// What a terminal shows of a text: all but its escape sequences.
  private func visible(_ text: String) -> String {
    var shown = ""
    var isEscape = false
    for character in text {
      if character == "\u{1B}" { isEscape = true }
      if !isEscape { shown.append(character) }
      if isEscape && character == "m" { isEscape = false }
    }
    return shown
  }

  @Test(arguments: [true, false])
  func cardsRowsAreAllAsWide(isColored: Bool) {
    let rows = card(style: TextStyle(isColored: isColored)).rows
    #expect(rows.count == 8)
    #expect(rows.allSatisfy { visible($0).count == DigitCard.width })
  }

  @Test func cardNamesWhatItShows() {
    let text = card(style: TextStyle(isColored: false)).rows.joined(separator: "\n")
    for part in ["labelled 7", "#1795", "loss 0.333", "✓ 12/30", "10┤", "0.333┤", "30"] {
      #expect(text.contains(part))
    }
    #expect(!text.contains("\u{1B}"))
  }

  @Test(arguments: [1, 2, 5])
  func sheetIsAtMost80ColumnsWide(count: Int) {
    let cards = Array(repeating: card(style: TextStyle(isColored: false)), count: count)
    let lines = DigitCard.sheet(cards).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.allSatisfy { $0.count <= 80 && $0.last != " " })
    #expect(lines.count == (count + 1) / 2 * 9)
  }

  @Test func blankPictureIsBlankAndFullInkIsFull() {
    let blank = DigitPicture([Float](repeating: 0, count: 64)[...])
    let full = DigitPicture([Float](repeating: 1, count: 64)[...])
    let style = TextStyle(isColored: false)
    #expect(
      blank.rows(style: style) == Array(repeating: String(repeating: " ", count: 16), count: 8))
    #expect(
      full.rows(style: style) == Array(repeating: String(repeating: "█", count: 16), count: 8))
  }

  @Test func hardestDigitsComeInTheOrderOfTheirLastLosses() throws {
    let fixture = try Fixture()
    defer { fixture.remove() }
    let files = try fixture.files()
    var worker = try Worker(
      digits: fixture.digits, settings: fixture.settings(), files: files, checkpointEvery: 0)
    try worker.train(through: 3)
    let hardest = try HardestDigits(tracker: files.tracker, count: 7)
    let losses = fixture.digits.evalIDs.map { id in
      worker.state.learner.network.judge(
        fixture.digits.pixels(of: id), label: fixture.digits.labels[id]
      ).loss
    }
    #expect(hardest.epochs == 1...3)
    #expect(hardest.entries.map(\.lastLoss) == losses.sorted(by: >).prefix(7).map(Double.init))
    for entry in hardest.entries {
      #expect(DigitSet.isEval(entry.id))
      #expect(entry.losses.map(\.epoch) == [1, 2, 3])
      #expect(entry.losses.last?.loss == entry.lastLoss)
      #expect(entry.correct.of == 3)
    }
  }
}
