/// How much time writers spend on being small. Readers need not know it.
public enum EncodingLevel: String, Sendable, CaseIterable {
  /// No search: about a third less time, some percent larger.
  case fast
  case `default`
  /// Tries every coding in full: several times the time, about a percent smaller.
  case small
}
