/// One setting on which two sets of parameters disagree.
public struct ParameterDifference: Sendable, Hashable, CustomStringConvertible {
  /// The setting's name as the reference spells it.
  public var setting: String
  public var stored: String
  public var given: String

  public var description: String { "\(setting): stored \(stored), given \(given)" }
}

extension Parameters {
  /// What `given` sets otherwise than `self`, the stored parameters.
  public func differences(
    from given: Parameters, ignoringList: Bool = false, ignoringPrecision: Bool = false
  ) -> [ParameterDifference] {
    var found: [ParameterDifference] = []
    func compare<Value: Equatable>(_ setting: String, _ path: KeyPath<Parameters, Value>) {
      if self[keyPath: path] != given[keyPath: path] {
        found.append(
          ParameterDifference(
            setting: setting, stored: "\(self[keyPath: path])", given: "\(given[keyPath: path])"))
      }
    }
    compare("index", \.indexKey)
    compare("metric", \.metricKeys)
    compare("n_max_to_keep", \.maxToKeep)
    compare("n_min_to_keep", \.minToKeep)
    if !ignoringList, (listToKeep ?? []) != (given.listToKeep ?? []) {
      found.append(
        ParameterDifference(
          setting: "list_to_keep", stored: "\(listToKeep ?? [])", given: "\(given.listToKeep ?? [])"
        ))
    }
    compare("epoch_frequency", \.epochFrequency)
    compare("mode", \.modes)
    compare("ds_id", \.dsIDs)
    if customOutputName != given.customOutputName {
      found.append(
        ParameterDifference(
          setting: "outputs", stored: customOutputName?.string ?? "default",
          given: given.customOutputName?.string ?? "default"))
    }
    if !ignoringPrecision, precision != given.precision {
      func text(_ precision: Precision?) -> String {
        precision.map { "\($0.keepMantissaBits)" } ?? "all"
      }
      found.append(
        ParameterDifference(
          setting: "keep_mantissa_bits", stored: text(precision), given: text(given.precision)))
    }
    return found
  }
}
