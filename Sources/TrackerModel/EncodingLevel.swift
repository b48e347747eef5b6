/// How much time writers spend on being small. Readers need not know it: it is not stored.
public enum EncodingLevel: String, Sendable, CaseIterable {
  /// The first coding that suits, without grouping: less time, some percent larger.
  case fast
  case `default`
  /// Tries codings in full on larger samples: several times the time, about a percent smaller.
  case small
}
