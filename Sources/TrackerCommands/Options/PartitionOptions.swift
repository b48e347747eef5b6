import ArgumentParser
import TrackerMerge

/// Which of several parts of a merge a command makes.
struct PartitionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Merge only the i-th of n ranges of indices, of about as many points each. The n results are \
      disjoint, and merging them gives what merging all at once gives.
      """, valueName: "i/n"))
  var partition: PartitionArgument?
}

/// `i/n`.
struct PartitionArgument: ExpressibleByArgument {
  var number: MergePlan.PartitionNumber

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]), count <= 1 << 20,
      let found = MergePlan.PartitionNumber(number, of: count)
    else { return nil }
    self.number = found
  }
}
