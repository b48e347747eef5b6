/// Which blocks of a scan say who recorded each point.
public enum OriginTracking: Sendable, Hashable {
  case none
  /// Those of single sources.
  case ofSources
  /// These, and those that are united.
  case everywhere
}
