import Foundation
import Testing
import TrackerInterchange
import TrackerModel
import TrackerSystem

@testable import TrackerCommands

@Suite struct NPZImportExportTests {
  private static let makeArchive = """
    import numpy, sys
    seed = int(sys.argv[1])
    random = numpy.random.default_rng(seed)
    n, e = int(random.integers(1, 300)), int(random.integers(1, 40))
    dtype = ['f4', 'f8'][seed % 2]
    values = random.normal(size=(e, n)).astype(dtype)
    values.flat[random.integers(0, values.size, 5)] = [numpy.nan, numpy.inf, -numpy.inf, 0., -0.]
    arrays = dict(steps=random.permutation(1000)[:e] - 500, values=values)
    names = random.permutation(5 * n)[:n] - n
    arrays['indices'] = names if seed % 3 else numpy.array(['img %d \\u00e9' % i for i in names])
    if seed % 5 < 3: arrays['mask'] = random.random((e, n)) < 0.7
    if seed % 7 < 4: arrays['epochs'] = arrays['steps'] // 10
    [numpy.savez, numpy.savez_compressed][seed % 2](sys.argv[2], **arrays)
    """

  private static let compareArchives = """
    import numpy, sys
    a, b = numpy.load(sys.argv[1]), numpy.load(sys.argv[2])
    mask = a['mask'] if 'mask' in a.files else numpy.ones(a['values'].shape, bool)
    rows, columns = numpy.argsort(a['steps']), numpy.argsort(a['indices'])
    rows = rows[mask[rows].any(axis=1)]
    columns = columns[mask[:, columns].any(axis=0)]
    take = numpy.ix_(rows, columns)
    mask, values = mask[take], a['values'][take]
    assert (b['indices'] == a['indices'][columns]).all(), 'indices'
    assert (b['steps'] == a['steps'][rows]).all(), 'steps'
    assert b['values'].dtype == values.dtype, 'type'
    found = b['mask'] if 'mask' in b.files else numpy.ones(values.shape, bool)
    assert (found == mask).all(), 'mask'
    bits = dict(f4='u4', f8='u8')[values.dtype.str[1:]]
    assert (b['values'].view(bits)[mask] == values.view(bits)[mask]).all(), 'values'
    assert ('epochs' in a.files) == ('epochs' in b.files), 'epochs'
    assert 'epochs' not in a.files or (b['epochs'] == a['epochs'][rows]).all(), 'epochs'
    """

  @Test(.enabled(if: Workplace.python != nil), arguments: Array(1...12))
  func exportOfAnImportHoldsTheArraysOfNumPy(seed: Int) throws {
    let place = try Workplace()
    let python = try #require(Workplace.python)
    #expect(try place.run(python, ["-c", Self.makeArchive, "\(seed)", "in.npz"]).status == 0)
    for (from, to) in [("in.npz", "a.tracker"), ("a.npz", "b.tracker")] {
      let imported = try place.tracker("import", from, "-o", to, "--metric", "ce")
      #expect(imported.status == 0, "\(imported.errors)")
      if to == "a.tracker" {
        let exported = try place.tracker("export", to, "-o", "a.npz")
        #expect(exported.status == 0, "\(exported.errors)")
      }
    }
    let compared = try place.run(python, ["-c", Self.compareArchives, "in.npz", "a.npz"])
    #expect(compared.status == 0, "\(compared.errors)")
    #expect(try place.read("a.tracker") == place.read("b.tracker"))
  }

  private static func archive(
    _ place: Workplace, indices: [Int64], steps: [Int64], values: [[Double]]
  ) throws {
    let output = try OutputFile(path: place.path("in.npz"), overwriting: true)
    var writer = try NPZHistoryWriter(
      output, indices: .integers(indices), steps: steps, epochs: steps.map { _ in nil },
      valueType: .float64)
    for row in values {
      let bits = row.map(\.bitPattern)
      try writer.writeEpoch(bits: bits.span)
    }
    try writer.finish()
    try output.commit()
  }

  private func write(_ archive: NPZImport, to path: String) throws(TrackerError) -> ImportReport {
    var importing = archive
    let output = try OutputFile(path: path, overwriting: true)
    var report = ImportReport()
    _ = try output.writeImported(.int64) { (writer) throws(TrackerError) in
      try importing.write(to: writer, besides: path, report: &report)
    }
    return report
  }

  @Test(arguments: [1, 2, 5, 1000])
  func howManyEpochsAreHeldDoesNotShow(epochs: Int) throws {
    let place = try Workplace()
    let steps: [Int64] = [30, 10, 20, 10, 40]
    let rows: [[Double]] = steps.map { step in (0..<4).map { Double(step) + Double($0 % 3) } }
    try Self.archive(place, indices: [3, -1, 7, 3], steps: steps, values: rows)
    let input = try ImportInput(place.path("in.npz"), besides: place.path("x"))
    let importing = try NPZImport(
      input, channel: Channel(metric: "m", mode: .train), valueType: nil, maxCells: 3 * epochs)
    let report = try write(importing, to: place.path("a.tracker"))
    // Column 3 repeats column 0, and the second epoch of step 10 the first.
    #expect(report.points == 12 && report.repeated == 8)
    let text = try place.tracker("export", "a.tracker", "--format", "csv").output
    let found = text.split(separator: "\n").dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false)[3...].joined(separator: ",")
    }
    #expect(
      found == [
        "-1,,10,11", "-1,,20,21", "-1,,30,31", "-1,,40,41", "3,,10,10", "3,,20,20", "3,,30,30",
        "3,,40,40", "7,,10,12", "7,,20,22", "7,,30,32", "7,,40,42",
      ])
  }

  @Test func whatStandsTwiceMustAgree() throws {
    let place = try Workplace()
    try Self.archive(place, indices: [1, 2, 1], steps: [5], values: [[0, 1, -0.0]])
    let columns = try place.tracker("import", "in.npz", "-o", "a.tracker")
    #expect(columns.status == 1 && columns.errors.contains("index 1 stands twice"))
    try Self.archive(
      place, indices: [1, 2], steps: [5, 6, 5], values: [[0, 1], [0, 0], [0, 2]])
    let steps = try place.tracker("import", "in.npz", "-o", "a.tracker")
    #expect(steps.status == 1 && steps.errors.contains("step 5 stands twice"), "\(steps.errors)")
    #expect(try place.files() == ["in.npz"])
  }

  @Test func valuesAreRoundedWhereAsked() throws {
    let place = try Workplace()
    try Self.archive(place, indices: [1], steps: [1, 2], values: [[0.1], [2]])
    let result = try place.tracker(
      "import", "in.npz", "-o", "a.tracker", "--value-type", "float32")
    #expect(result.status == 0, "\(result.errors)")
    let text = try place.tracker("export", "a.tracker", "--format", "csv").output
    #expect(text.hasSuffix("1,,1,0.1\nvalue,train,,1,,2,2\n"))
    try Self.archive(place, indices: [1], steps: [1], values: [[1e300]])
    let tooLarge = try place.tracker(
      "import", "in.npz", "-o", "b.tracker", "--value-type", "float32")
    #expect(tooLarge.status == 1 && tooLarge.errors.contains("1e+300"), "\(tooLarge.errors)")
  }

  @Test func anArchiveHoldsOneChannelAndOneEpochAStep() throws {
    let place = try Workplace()
    let text = """
      metric,mode,index,step,epoch,value
      ce,train,1,1,1,0
      ce,eval,1,1,1,0
      ce,eval,2,1,2,0

      """
    try place.write(text, to: "in.csv")
    #expect(try place.tracker("import", "in.csv", "-o", "a.tracker").status == 0)
    let all = try place.tracker("export", "a.tracker", "-o", "a.npz")
    #expect(all.status == 2 && all.errors.contains("'ce train', 'ce eval'"), "\(all.errors)")
    let none = try place.tracker("export", "a.tracker", "-o", "a.npz", "--metric", "x")
    #expect(none.status == 2 && none.errors.contains("no channel is left"), "\(none.errors)")
    let epochs = try place.tracker("export", "a.tracker", "-o", "a.npz", "--mode", "eval")
    #expect(epochs.status == 1 && epochs.errors.contains("epochs 1 and 2"), "\(epochs.errors)")
    #expect(try place.files() == ["a.tracker", "in.csv"])
    #expect(try place.tracker("export", "a.tracker", "-o", "a.npz", "--mode", "train").status == 0)
  }

  @Test func damagedArchivesEndWithAnError() throws {
    let place = try Workplace()
    try Self.archive(
      place, indices: Array(0..<20), steps: [1, 2, 3],
      values: (0..<3).map { epoch in (0..<20).map { Double(epoch * $0) } })
    let whole = try place.read("in.npz")
    var random = SeededRandom(seed: 7)
    let cuts = (0..<25).map { _ in Int.random(in: 0..<whole.count, using: &random) }
    for length in [0, 1, 22] + cuts {
      try place.write(Array(whole[..<length]), to: "cut.npz")
      let result = try place.tracker("import", "cut.npz", "-o", "a.tracker")
      #expect(result.exited && result.status == 1, "cut at \(length): \(result.errors)")
    }
    for _ in 0..<25 {
      var bytes = whole
      let target = Int.random(in: 0..<whole.count, using: &random)
      bytes[target] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      try place.write(bytes, to: "flip.npz")
      let result = try place.tracker("import", "flip.npz", "-o", "b.tracker", "--force")
      // A changed date, say, does no harm.
      #expect(result.exited && result.status <= 1, "byte \(target): \(result.errors)")
    }
  }
}
