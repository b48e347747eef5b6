import ArgumentParser

/// How much memory a command that writes a whole tracker may take.
struct MergeMemoryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Memory to take at most, such as 64MiB or 2GiB; the result does not depend on it.",
      valueName: "size"))
  var memory = ByteCount(bytes: 256 << 20)
}
