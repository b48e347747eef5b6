import CTrackerState
import TrackerFile
import TrackerMerge
import TrackerModel
import TrackerSystem

@c @implementation
public func trk_merge(
  _ paths: UnsafePointer<trk_strings>?, _ output: UnsafePointer<trk_text>?,
  _ options: UnsafePointer<trk_merge_options>?, _ report: UnsafeMutablePointer<trk_merge_report>?
) -> trk_status {
  status {
    let paths = try unsafe Argument.paths(paths, "paths")
    let output = try unsafe Argument.path(output, "output")
    let given = try unsafe Argument.optional(options, "options") ?? trk_merge_options()
    let target = unsafe report == nil ? nil : try Argument.target(report, "report")
    let options = try unsafe planOptions(given)
    let cores = try unsafe Argument.cores(given.cores)
    if let identity = FileHandle.identity(ofPath: output),
      let same = paths.first(where: { FileHandle.identity(ofPath: $0) == identity })
    {
      throw TrackerError(
        .invalidParameter, "merge", "it is the output and one of the inputs", file: same,
        remedy: "leave it out of the inputs, or write another output")
    }
    var readers: [TrackerReader] = []
    for path in paths {
      let reader = try TrackerReader(path: path)
      reader.cores = cores
      readers.append(reader)
    }
    var done = MergeReport()
    defer {
      unsafe target?.pointee.input_points = Int64(done.inputPoints)
      unsafe target?.pointee.output_points = Int64(done.outputPoints)
      unsafe target?.pointee.unsealed_points = Int64(done.unsealedPoints)
      unsafe target?.pointee.output_bytes = Int64(clamping: done.outputBytes)
      unsafe target?.pointee.conflicts = Int64(done.conflicts.count)
      unsafe target?.pointee.drops_provenance = done.dropsProvenance ? 1 : 0
    }
    try unsafe Merge.write(
      readers, options, to: output, overwriting: given.overwrite != 0, report: &done)
  }
}

private func planOptions(_ given: trk_merge_options) throws -> MergePlan.Options {
  var options = MergePlan.Options()
  options.policy = try unsafe Argument.policy(given.conflicts)
  options.allowsMixedRuns = unsafe given.allow_mixed_runs != 0
  options.keepsProvenance = unsafe given.keep_provenance != 0
  options.level = try unsafe Argument.level(given.level)
  options.precision = try unsafe Argument.precision(given.keep_mantissa_bits)
  if unsafe given.expected_workers != 0 {
    options.expectedWorkers = unsafe try Argument.count(given.expected_workers, "expected_workers")
  }
  if unsafe given.memory != 0 {
    options.memory = try unsafe Argument.count(given.memory, "memory", limit: 1 << 50)
  }
  if unsafe given.partitions != 0 {
    let limit = Int64(Int32.max)
    guard
      let partition = unsafe MergePlan.PartitionNumber(
        try Argument.count(given.partition, "partition", limit: limit),
        of: try Argument.count(given.partitions, "partitions", limit: limit))
    else { throw Argument.invalid(unsafe "partition \(given.partition) of \(given.partitions)") }
    options.partition = partition
  }
  if let path = try unsafe Argument.text(given.parameters_from, "parameters_from") {
    guard let parameters = try TrackerReader(path: path).snapshot.parameters else {
      throw TrackerError(
        .invalidParameter, "parameters_from", "the file holds no parameters", file: path)
    }
    options.parameters = parameters
  }
  return options
}

@c @implementation
public func trk_verify(
  _ path: UnsafePointer<trk_text>?, _ result: UnsafeMutablePointer<trk_verification>?,
  _ table: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    let path = try unsafe Argument.path(path, "path")
    let target = try unsafe Argument.target(result, "result")
    let found = try Verification.verify(FileStorage(path: path, mode: .read))
    if unsafe table != nil {
      try unsafe give(table, "table") {
        var columns: [TableColumn] = [
          .integers("offset"), .integers("length"), .strings("what"), .integers("lost_points"),
        ]
        for finding in found.findings {
          columns[0].append(Int64(clamping: finding.offset))
          columns[1].append(Int64(clamping: finding.length))
          columns[2].append(finding.description)
          columns[3].append(finding.lostPoints)
        }
        return Table(columns)
      }
    }
    unsafe target.pointee.records = Int64(found.recordCount)
    unsafe target.pointee.commits = Int64(found.commitCount)
    unsafe target.pointee.tiles = Int64(found.tileCount)
    unsafe target.pointee.points = Int64(found.pointCount)
    unsafe target.pointee.findings = Int64(found.findings.count)
  }
}
