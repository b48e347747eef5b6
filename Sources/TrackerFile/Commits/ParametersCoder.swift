import TrackerCodec
import TrackerModel

/// Writes and reads the payloads of parameters records.
enum ParametersCoder {
  static func encode(_ parameters: Parameters, indexType: IndexType) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendName(parameters.indexKey)
    bytes.appendVarint(parameters.metricKeys.count)
    for metric in parameters.metricKeys { bytes.appendName(metric) }
    bytes.appendVarint(parameters.maxToKeep)
    bytes.appendVarint(parameters.minToKeep)
    bytes.appendVarint(parameters.epochFrequency)
    switch parameters.modes {
    case .all: bytes.append(contentsOf: [0, 0])
    case .only(let modes): append(1, modes, &bytes)
    case .except(let modes): append(2, modes, &bytes)
    }
    switch parameters.dsIDs {
    case .all: append(0, [] as Set<Name>, &bytes)
    case .only(let names): append(1, names, &bytes)
    case .except(let names): append(2, names, &bytes)
    }
    bytes.append(UInt8(parameters.keepMantissaBits ?? 0))
    bytes.append(parameters.customOutputName == nil ? 0 : 1)
    if let name = parameters.customOutputName { bytes.appendName(name) }
    bytes.append(parameters.listToKeep == nil ? 0 : 1)
    IndexListCoder.encode(parameters.listToKeep ?? [], indexType: indexType, into: &bytes)
    return bytes
  }

  /// Modes as a bit set: bit 0 train, 1 eval, 2 test, 3 infer.
  private static func append(_ kind: UInt8, _ modes: Set<Mode>, _ bytes: inout [UInt8]) {
    bytes.append(kind)
    bytes.append(modes.reduce(0) { $0 | 1 << $1.rawValue })
  }

  private static func append(_ kind: UInt8, _ names: Set<Name>, _ bytes: inout [UInt8]) {
    bytes.append(kind)
    bytes.appendVarint(names.count)
    for name in names.sorted() { bytes.appendName(name) }
  }

  @_lifetime(reader: copy reader)
  static func decode(_ reader: inout ByteReader, indexType: IndexType) throws(TrackerError)
    -> Parameters
  {
    let indexKey = try reader.readName("index key")
    var metricKeys: [Name] = []
    for _ in 0..<(try reader.readCount("metrics", limit: Limits.maxMetrics)) {
      metricKeys.append(try reader.readName("metric"))
    }
    let maxToKeep = try reader.readCount("n_max_to_keep", limit: Int.max)
    let minToKeep = try reader.readCount("n_min_to_keep", limit: Int.max)
    let epochFrequency = try reader.readCount("epoch_frequency", limit: Int.max)
    let modeKind = try reader.readUInt8("mode filter")
    let modeBits = try reader.readUInt8("modes")
    let modeSet = Set(Mode.allCases.filter { modeBits >> $0.rawValue & 1 == 1 })
    guard modeBits < 16, modeKind <= 2, (modeKind == 0) == modeSet.isEmpty else {
      throw reader.malformed("mode filter \(modeKind) with modes \(modeBits)")
    }
    let modes: ModeFilter =
      modeKind == 0 ? .all : modeKind == 1 ? .only(modeSet) : .except(modeSet)
    let dsKind = try reader.readUInt8("data set filter")
    var names: Set<Name> = []
    var lastName: Name?
    for _ in 0..<(try reader.readCount("data set ids", limit: Limits.maxDataSetIDs)) {
      let name = try reader.readName("data set id")
      guard lastName.map({ $0 < name }) ?? true else {
        throw reader.malformed("data set ids do not ascend")
      }
      lastName = name
      names.insert(name)
    }
    guard dsKind <= 2, (dsKind == 0) == names.isEmpty else {
      throw reader.malformed("data set filter \(dsKind) with \(names.count) ids")
    }
    let dsIDs: DSIDFilter = dsKind == 0 ? .all : dsKind == 1 ? .only(names) : .except(names)
    let keepMantissaBits = Int(try reader.readUInt8("mantissa bits kept"))
    let hasOutput = try reader.readUInt8("output name flag")
    let outputName = hasOutput == 0 ? nil : try reader.readName("output name")
    let hasList = try reader.readUInt8("list flag")
    let list = try IndexListCoder.decode(&reader, indexType: indexType, .toKeep)
    do throws(TrackerError) {
      return try Parameters(
        indexKey: indexKey, metricKeys: metricKeys, maxToKeep: maxToKeep, minToKeep: minToKeep,
        listToKeep: hasList == 0 ? nil : list, epochFrequency: epochFrequency, modes: modes,
        dsIDs: dsIDs, outputName: outputName,
        keepMantissaBits: keepMantissaBits == 0 ? nil : keepMantissaBits)
    } catch {
      throw reader.malformed(error.detail)
    }
  }
}
