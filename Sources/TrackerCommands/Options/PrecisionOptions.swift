import ArgumentParser
import TrackerModel

/// Whether a command rounds the values it writes.
struct PrecisionOptions: ParsableArguments {
  @Option(
    name: .customLong("precision"),
    help: ArgumentHelp(
      """
      Lossy: keep so many mantissa bits of each value, 1 to 52, rounding to nearest. The file says so \
      ever after. By default values are exact.
      """, valueName: "bits"))
  var keepMantissaBits: Int?

  func validate() throws {
    if let keepMantissaBits, !Precision.range.contains(keepMantissaBits) {
      throw ValidationError(
        "--precision must be \(Precision.range.lowerBound) to \(Precision.range.upperBound)")
    }
  }

  /// Nil for exact values.
  var precision: Precision? {
    get throws(TrackerError) {
      guard let keepMantissaBits else { return nil }
      return try Precision(keepMantissaBits: keepMantissaBits)
    }
  }
}
