import Foundation
import Testing
import TrackerFile
import TrackerInterchange
import TrackerModel
import TrackerSystem

@testable import TrackerCommands

/// Imports that take several runs, made small for the purpose.
@Suite struct ImportRunTests {
  private func importText(
    _ place: Workplace, _ text: String, _ history: RandomHistory, runLimit: Int, fanIn: Int
  ) throws -> [UInt8] {
    try place.write(text, to: "in.csv")
    let input = try ImportInput(place.path("in.csv"), besides: place.path("x"))
    var options = PointReader.Options()
    options.valueType = history.valueType
    options.indexType = history.indexType
    let importing = TextImport(
      input, format: .csv, options: options, runLimit: runLimit, fanIn: fanIn)
    let report = try write(importing, options.indexType, to: place.path("a.tracker"))
    #expect(report.points == history.points.count)
    #expect(try place.files() == ["a.tracker", "in.csv"])
    return try place.read("a.tracker")
  }

  private func write(_ importing: TextImport, _ indexType: IndexType, to path: String)
    throws(TrackerError) -> ImportReport
  {
    let output = try OutputFile(path: path, overwriting: true)
    var report = ImportReport()
    _ = try output.writeImported(indexType) { (writer) throws(TrackerError) in
      try importing.write(to: writer, besides: path, report: &report)
    }
    return report
  }

  @Test(arguments: SeededRandom.seeds)
  func runsDoNotShowInTheResult(seed: UInt64) throws {
    let place = try Workplace()
    let history = RandomHistory(seed: seed)
    var random = SeededRandom(seed: seed)
    var points = history.points + history.points.filter { _ in Bool.random(using: &random) }
    let whole = try importText(
      place, try history.text(.csv), history, runLimit: .init(Int32.max), fanIn: 2)
    points.shuffle(using: &random)
    for (runLimit, fanIn) in [
      (points.count / 3 + 1, 32), (points.count / 20 + 1, 3), (points.count - 1, 2),
    ] {
      let parts = try importText(
        place, try history.text(.csv, points), history, runLimit: runLimit, fanIn: fanIn)
      #expect(parts == whole, "seed \(seed), runs of \(runLimit), \(fanIn) united at a time")
    }
  }

  @Test(arguments: [3, 5, 1000])
  func aConflictBetweenRunsNamesBothLines(runLimit: Int) throws {
    let place = try Workplace()
    let history = RandomHistory(seed: 5, channels: 2)
    var points = history.points
    points.append(points[1])
    points[points.count - 1].bits ^= 1 << 63
    let error = #expect(throws: TrackerError.self) {
      try importText(
        place, try history.text(.csv, points), history, runLimit: runLimit, fanIn: 2)
    }
    #expect(error?.code == .badInput)
    #expect(error?.detail.contains(" in line ") == true, "\(error.map(\.description) ?? "")")
    #expect(try place.files() == ["in.csv"])
  }

  @Test func radixOrderIsAStableSort() {
    var random = SeededRandom(seed: 6)
    for bits in [1, 12, 40, 64] as [UInt64] {
      let keys = (0..<3000).map { _ in random.next() >> (64 - bits) }
      var sorting = RadixOrder(count: keys.count)
      sorting.sort { keys[$0] }
      let expected = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
      #expect(sorting.order.map { Int($0) } == expected)
    }
  }
}
