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

/// What criteria are told.
private struct CriterionSettings {
  var early = 5
  var window = 10
  var rule: CorrectnessRule?
  var memory = 256 << 20
  var epochs: ClosedRange<Int64>?

  init(_ options: UnsafePointer<trk_criterion_options>?) throws {
    guard let options = try Argument.optional(options, "options") else { return }
    if options.early != 0 {
      early = try Argument.count(options.early, "early")
    }
    if options.window != 0 {
      window = try Argument.count(options.window, "window")
    }
    switch options.correctness {
    case 0: break
    case 1: rule = .below(options.threshold)
    case 2: rule = .atLeast(options.threshold)
    default: throw Argument.invalid("correctness is \(options.correctness)")
    }
    if options.memory != 0 {
      memory = max(1 << 20, try Argument.count(options.memory, "memory", limit: 1 << 50))
    }
    if options.has_epochs != 0 {
      epochs = try Argument.range(options.first_epoch, options.last_epoch, "epochs")
    }
  }

  /// Reads points only where nothing says which values are correct and a criterion asks.
  func options(_ criteria: [Criterion], _ union: Union, _ channel: Channel) throws
    -> CriterionOptions
  {
    var rule = rule
    if rule == nil, criteria.contains(where: \.needsCorrectness) {
      rule = try CorrectnessRule(guessedFrom: union.tiles(of: channel)) {
        union.scan(channel, steps: $0)
      }
    }
    var options = CriterionOptions(correctness: rule ?? .ofLoss)
    options.earlyCount = early
    options.window = window
    return options
  }

  func ranks(
    _ criteria: [Criterion], _ union: Union, _ channel: Channel, _ filter: Filter?
  ) throws -> RankChanges? {
    guard criteria.contains(where: \.needsRanks) else { return nil }
    var resources = RankChanges.Resources(folder: TemporaryFile.folder)
    resources.memory = memory
    // Among all instances, whichever are asked for.
    return try RankChanges(
      union.scan(channel, steps: filter?.steps), epochs: epochs, wanted: filter?.indices, resources)
  }
}

@c @implementation
public func trk_criteria(_ table: UnsafeMutablePointer<trk_handle>?) -> trk_status {
  status {
    try give(table, "table") {
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
    try give(table, "table") {
      let channel = try Argument.channel(channel)
      let options = try Argument.sized(options, "options")
      let by = try Argument.text(options.by, "by").map(Argument.criterion) ?? .final
      let settings = try CriterionSettings(criterionOptions)
      return try Handles.with(reader, as: Union.self) { union in
        try select(union, union.checked(channel), by, options, settings)
      }
    }
  }
}

private func select(
  _ union: Union, _ channel: Channel, _ by: Criterion, _ options: trk_selection_options,
  _ settings: CriterionSettings
) throws -> Table {
  // Parameters need not agree where nothing is taken from them.
  let parameters = try union.parameters(disagreeing: options.max >= 0 && options.min >= 0)
  let criteria = SelectionCriteria(
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
  let selection: InstanceSelection
  if by == .final {
    selection = try InstanceSelection(final: union.tiles(of: channel), channel, criteria) {
      union.scan(channel, steps: $0)
    }
  } else {
    selection = try InstanceSelection(
      CriterionScan(
        union.scan(channel), [by], settings.options([by], union, channel),
        epochs: settings.epochs, ranks: settings.ranks([by], union, channel, nil)), criteria)
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
    try give(table, "table") {
      let channel = try Argument.channel(channel)
      let criteria = try Argument.strings(
        try Argument.check(criteria, "criteria").pointee, "criteria", limit: 1000
      ).map(Argument.criterion)
      guard Set(criteria).count == criteria.count else {
        throw Argument.invalid("a criterion is named twice")
      }
      let settings = try CriterionSettings(options)
      return try Handles.with(reader, as: Union.self) { union in
        let channel = try union.checked(channel)
        let filter = try Filter(filter, union.indexType)
        return try stats(union, channel, criteria, filter, settings)
      }
    }
  }
}

private func stats(
  _ union: Union, _ channel: Channel, _ criteria: [Criterion], _ filter: Filter,
  _ settings: CriterionSettings
) throws -> Table {
  let scan = CriterionScan(
    union.scan(channel, indices: filter.indices, steps: filter.steps), criteria,
    try settings.options(criteria, union, channel), epochs: settings.epochs,
    ranks: try settings.ranks(criteria, union, channel, filter), cores: union.readers[0].cores)
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
