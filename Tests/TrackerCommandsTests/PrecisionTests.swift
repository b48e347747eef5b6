import Testing
import TrackerFile
import TrackerModel
import TrackerState

/// Lossy precision: never silently, and stated ever after.
@Suite struct LossyPrecisionTests {
  static let statement = "lossy: 10 mantissa bits kept, relative error at most 2^-11 = 4.9e-4"

  static func parameters(_ keepMantissaBits: Int?) throws -> Parameters {
    try Parameters(
      metricKeys: ["ce"], modes: .only([.train]), keepMantissaBits: keepMantissaBits)
  }

  static func epochs(_ instances: Range<Int64>) -> [[Int64: Float]] {
    (1...3).map { epoch in
      Dictionary(
        uniqueKeysWithValues: instances.map { ($0, Float($0 + 1) / Float(epoch) * 0.37) })
    }
  }

  static func values(_ folder: Folder, _ file: String) throws -> [UInt64] {
    let reader = try TrackerReader(path: folder[file])
    defer { reader.close() }
    var values: [UInt64] = []
    for channel in reader.snapshot.channels {
      let scan = ChannelScan(reader, channel)
      while try scan.advance() {
        for row in 0..<scan.rows.count {
          values.append(contentsOf: scan.history(ofRow: row).map(\.valueBits))
        }
      }
    }
    return values
  }

  static func rounded(_ values: [UInt64], _ keep: Int = 10) throws -> [UInt64] {
    let precision = try Precision(keepMantissaBits: keep)
    return values.map { precision.rounded($0, .float64) }
  }

  @Test func aTrackerRoundsWhatItRecords() throws {
    let folder = try Folder()
    try folder.record("exact", Self.epochs(0..<50), parameters: Self.parameters(nil))
    try folder.record("lossy", Self.epochs(0..<50), parameters: Self.parameters(10))
    let exact = try Self.values(folder, "exact")
    #expect(try Self.values(folder, "lossy") == Self.rounded(exact))
    #expect(try Self.rounded(exact) != exact)
    #expect(try folder.run("tracker-dump", "lossy").text.contains(Self.statement))
    #expect(try !folder.run("tracker-dump", "exact").text.contains("lossy"))
    let json = try folder.run("tracker-dump", "lossy", "--format", "json").json
    #expect((json["parameters"] as? [String: Any])?["keep_mantissa_bits"] as? Int == 10)
    let csv = try folder.run("tracker-dump", "lossy", "--format", "csv").lines
    #expect(csv.allSatisfy { $0.hasSuffix(",keep_mantissa_bits") || $0.hasSuffix(",10") })
    // Compacting states it again, and rounds no further.
    let compacted = try folder.run("tracker", "compact", "lossy", "-o", "small")
    #expect(compacted.errors.contains(Self.statement))
    #expect(try Self.values(folder, "small") == Self.rounded(exact))
    #expect(try folder.run("tracker-dump", "small").text.contains(Self.statement))
    // Nor does asking for more bits than there are.
    let again = try folder.run("tracker", "compact", "small", "-o", "again", "--precision", "20")
    #expect(again.errors.contains(Self.statement))
    #expect(try folder.read("again") == folder.read("small"))
  }

  @Test func unsealedPointsAreRounded() throws {
    let folder = try Folder()
    let tracker = try InstanceTracker.create(
      path: folder["a"], parameters: Self.parameters(nil), run: Folder.worker())
    try tracker.record(mode: .train, epoch: 1, indices: [1, 2], [0.3, 0.7])
    try tracker.close()
    #expect(try folder.run("tracker", "compact", "a", "-o", "b", "--precision", "10").status == 0)
    let resumed = try InstanceTracker.resume(path: folder["b"])
    #expect(resumed.parameters.keepMantissaBits == 10)
    try resumed.endEpoch(mode: .train, epoch: 1, step: 5)
    try resumed.close()
    #expect(
      try Self.values(folder, "b")
        == Self.rounded([0.3, 0.7].map { Double(Float($0)).bitPattern }))
  }

  @Test func resumingNeverClaimsMoreThanTheFileHolds() throws {
    let folder = try Folder()
    try folder.record("a", Self.epochs(0..<5), parameters: Self.parameters(10))
    for finer in [nil, 11] {
      let parameters = try Self.parameters(finer)
      let error = #expect(throws: TrackerError.self) {
        try InstanceTracker.resume(path: folder["a"], parameters: parameters)
      }
      #expect(error?.code == .parametersDiffer)
    }
    for coarser in [10, 4] {
      let tracker = try InstanceTracker.resume(
        path: folder["a"], parameters: Self.parameters(coarser))
      #expect(tracker.parameterDifferences.count == (coarser == 10 ? 0 : 1))
      try tracker.close()
    }
    let run = try folder.run("tracker-dump", "a")
    #expect(run.text.contains("lossy: 4 mantissa bits kept"))
  }

  @Test func mergesRefuseOrStateTheCoarsest() throws {
    let folder = try Folder()
    for (rank, keep) in [nil, 10, 12].enumerated() {
      try folder.record(
        "w\(rank)", Self.epochs(Int64(rank) * 10..<Int64(rank) * 10 + 10),
        as: Folder.worker(UInt32(rank), of: 3), parameters: Self.parameters(keep))
    }
    let refused = try folder.run("tracker-merge", "w0", "w1", "w2", "-o", "m")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("keep_mantissa_bits"))
    let before = try (0..<3).flatMap { try Self.values(folder, "w\($0)") }
    for chosen in 0..<3 {
      let merged = try folder.run(
        "tracker-merge", "w2", "w0", "w1", "-o", "m\(chosen)", "--parameters-from", "w\(chosen)")
      #expect(merged.status == 0, "\(merged.errors)")
      #expect(merged.errors.contains(Self.statement))
      #expect(try Self.values(folder, "m\(chosen)") == before)
      #expect(try folder.read("m\(chosen)") == folder.read("m0"))
    }
    let orders = [["w0", "w1", "w2"], ["w2", "w1", "w0"]]
    for (number, order) in orders.enumerated() {
      let merged = try folder.run(
        "tracker-merge", order + ["-o", "r\(number)", "--precision", "10"])
      #expect(merged.status == 0, "\(merged.errors)")
      #expect(merged.errors.contains(Self.statement))
    }
    #expect(try folder.read("r0") == folder.read("r1"))
    #expect(try Self.values(folder, "r0") == Self.rounded(before))
    #expect(try folder.run("tracker-dump", "r0").text.contains(Self.statement))
  }

  @Test func importsRoundAndStateIt() throws {
    let folder = try Folder()
    try folder.record("a", Self.epochs(0..<20), parameters: Self.parameters(nil))
    for format in ["csv", "ndjson", "npz"] {
      #expect(try folder.run("tracker", "export", "a", "-o", "a.\(format)").status == 0)
      let imported = try folder.run(
        "tracker", "import", "a.\(format)", "-o", "b.\(format)", "--value-type", "float32",
        "--metric", "ce", "--precision", "10")
      #expect(imported.status == 0, "\(imported.errors)")
      #expect(imported.errors.contains(Self.statement))
      #expect(try folder.run("tracker-dump", "b.\(format)").text.contains(Self.statement))
      #expect(
        try Self.values(folder, "b.\(format)") == Self.rounded(Self.values(folder, "a")))
      // Its export is exact about what it holds, and a compacted import has its own bytes.
      #expect(try folder.run("tracker", "compact", "b.\(format)", "-o", "c.\(format)").status == 0)
      #expect(try folder.read("b.\(format)") == folder.read("c.\(format)"))
    }
    #expect(try folder.run("tracker", "import", "a.csv", "-o", "exact").status == 0)
    let compacted = try folder.run(
      "tracker", "compact", "exact", "-o", "rounded", "--precision", "10")
    #expect(compacted.errors.contains(Self.statement))
    #expect(try folder.run("tracker-dump", "rounded").text.contains(Self.statement))
  }
}
