public import ArgumentParser
public import TrackerModel

extension EncodingLevel: ExpressibleByArgument {}

/// How much time a command spends on a small result.
struct LevelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      How much time to spend on a small file: fast, default or small. Equal content gives equal bytes at \
      equal levels.
      """))
  var level = EncodingLevel.default
}
