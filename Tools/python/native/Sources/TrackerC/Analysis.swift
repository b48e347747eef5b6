import CTrackerState
import TrackerFile
import TrackerMerge
import TrackerModel
import TrackerSelection
import TrackerSystem

extension Argument {
  static func criterion(_ name: String) throws -> Criterion {
    let spelled = String(name.map { $0 == "_" ? "-" : $0 })
    guard let criterion = Criterion(rawValue: spelled) else {
      throw invalid(
        "there is no criterion '\(name)'; there are"
          + " \(Criterion.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return criterion
  }
}

/// What is asked, but for the criteria.
private func request(_ options: UnsafePointer<trk_criterion_options>?) throws -> CriterionRequest {
  var request = CriterionRequest([], RankChanges.Resources(folder: TemporaryFile.folder))
  guard let options = try unsafe Argument.optional(options, "options") else { return request }
  if options.early != 0 { request.earlyCount = try Argument.count(options.early, "early") }
  if options.window != 0 { request.window = try Argument.count(options.window, "window") }
  switch options.correctness {
  case 0: break
  case 1: request.correctness = .below(options.threshold)
  case 2: request.correctness = .atLeast(options.threshold)
  default: throw Argument.invalid("correctness is \(options.correctness)")
  }
  if options.memory != 0 {
    request.resources.memory = max(
      1 << 20, try Argument.count(options.memory, "memory", limit: 1 << 50))
  }
  if options.has_epochs != 0 {
    request.epochs = try Argument.range(options.first_epoch, options.last_epoch, "epochs")
  }
  return request
}

@c @implementation
public func trk_criteria(_ table: UnsafeMutablePointer<trk_handle>?) -> trk_status {
  status {
    try unsafe give(table, "table") {
      var column = TableColumn.strings("criterion")
      for criterion in Criterion.allCases { column.append(criterion.fieldName) }
      return Table([column])
    }
  }
}

@c @implementation
public func trk_reader_select(
  _ reader: trk_handle, _ channel: UnsafePointer<trk_channel>?,
  _ options: UnsafePointer<trk_selection_options>?,
  _ criterionOptions: UnsafePointer<trk_criterion_options>?,
  _ table: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(table, "table") {
      let channel = try unsafe Argument.channel(channel)
      let options = try unsafe Argument.sized(options, "options")
      var request = try unsafe request(criterionOptions)
      request.criteria = unsafe [
        try Argument.text(options.by, "by").map(Argument.criterion) ?? .final
      ]
      return try Handles.with(reader, as: Union.self) { union in
        try unsafe select(union, union.checked(channel), options, request)
      }
    }
  }
}

private func select(
  _ union: Union, _ channel: Channel, _ options: trk_selection_options,
  _ request: CriterionRequest
) throws -> Table {
  // Parameters need not agree where nothing is taken from them.
  let parameters = try unsafe union.parameters(disagreeing: options.max >= 0 && options.min >= 0)
  let criteria = unsafe SelectionCriteria(
    maxToKeep: options.max < 0
      ? parameters?.maxToKeep ?? 5 : try Argument.count(options.max, "max", limit: 1 << 24),
    minToKeep: options.min < 0
      ? parameters?.minToKeep ?? 5 : try Argument.count(options.min, "min", limit: 1 << 24),
    listToKeep: options.has_list == 0
      ? parameters?.listToKeep ?? [] : try Argument.indices(options.list, "list"))
  if let listed = criteria.listToKeep.first, listed.type != union.indexType {
    throw TrackerError(
      .wrongIndexType, "select",
      "the list holds indices of type \(listed.type), those of the tracker are \(union.indexType)")
  }
  let selection = try request.selection(union.tiles(of: channel), channel, criteria) {
    union.scan(channel, indices: $0, steps: $1)
  }
  var columns: [TableColumn] = [
    .strings("set"), .indices("index", IndexColumn(type: union.indexType)), .doubles("score"),
  ]
  let kept = selection.kept
  for (name, indices) in [
    ("max", kept.max), ("min", kept.min), ("list", kept.list), ("missing", kept.missing),
  ] {
    for index in indices {
      columns[0].append(name)
      columns[1].append(index)
      columns[2].append(bits: selection.scores[index])
    }
  }
  return Table(columns)
}

@c @implementation
public func trk_reader_stats(
  _ reader: trk_handle, _ channel: UnsafePointer<trk_channel>?,
  _ criteria: UnsafePointer<trk_strings>?, _ filter: UnsafePointer<trk_filter>?,
  _ options: UnsafePointer<trk_criterion_options>?, _ table: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(table, "table") {
      let channel = try unsafe Argument.channel(channel)
      let criteria = try unsafe Argument.strings(
        try Argument.check(criteria, "criteria").pointee, "criteria", limit: 1000
      ).map(Argument.criterion)
      guard Set(criteria).count == criteria.count else {
        throw Argument.invalid("a criterion is named twice")
      }
      var request = try unsafe request(options)
      request.criteria = criteria
      return try Handles.with(reader, as: Union.self) { union in
        try unsafe stats(union, union.checked(channel), Filter(filter, union.indexType), request)
      }
    }
  }
}

private func stats(
  _ union: Union, _ channel: Channel, _ filter: Filter, _ request: CriterionRequest
) throws -> Table {
  var request = request
  request.cores = union.readers[0].cores
  let criteria = request.criteria
  let scan = try request.scan(
    union.tiles(of: channel), indices: filter.indices, steps: filter.steps
  ) { union.scan(channel, indices: $0, steps: $1) }
  var indices = IndexColumn(type: union.indexType)
  var counts: [Int64] = []
  var values = [[UInt64]](repeating: [], count: criteria.count)
  while try scan.advance() {
    let present = scan.pointCounts
    indices.append(rows: 0..<scan.rows.count, of: scan.rows) { present[$0] > 0 }
    for count in present where count > 0 { counts.append(Int64(count)) }
    for place in criteria.indices {
      for (row, bits) in scan.values(at: place).enumerated() where present[row] > 0 {
        values[place].append(bits)
      }
    }
  }
  return Table(
    [.indices("index", indices), TableColumn("points", .integers(counts))]
      + zip(criteria, values).map { TableColumn($0.fieldName, .doubles($1)) })
}
