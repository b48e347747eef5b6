import Testing

/// What all commands have in common.
@Suite struct UsageTests {
  static let commands = [
    "dump", "merge", "select", "verify", "recover", "rewind", "compact", "diff",
  ]

  @Test(arguments: commands) func helpShowsExamplesAndEndsWell(_ command: String) throws {
    let folder = try Folder()
    let run = try folder.run("tracker", command, "--help")
    #expect(run.status == 0)
    #expect(run.errors == "")
    #expect(run.text.contains("EXAMPLES"))
    #expect(run.text.contains("Exit status"))
  }

  @Test(arguments: ["tracker", "tracker-merge", "tracker-dump"])
  func helpOfEveryExecutable(_ program: String) throws {
    let run = try Folder().run(program, "--help")
    #expect(run.status == 0)
    #expect(run.text.contains("EXAMPLES"))
    #expect(run.text.contains("USAGE: \(program)"))
  }

  @Test(arguments: [
    "tracker nosuch", "tracker dump", "tracker-dump", "tracker-dump a --nosuch",
    "tracker-dump a --points --tiles", "tracker-dump a --mode training",
    "tracker-dump a --limit -1", "tracker-dump a --steps 9..1", "tracker-dump a --steps x",
    "tracker-dump a --format xml", "tracker-dump a --at-commit x", "tracker-merge -o out",
    "tracker-merge a", "tracker-merge a -o b --on-conflict newest",
    "tracker-merge a -o b --expect-workers 0", "tracker select", "tracker select a --max -1",
    "tracker select a --min x", "tracker verify", "tracker recover a", "tracker compact a",
    "tracker compact a -o b --precision 0", "tracker compact a -o b --precision 53",
    "tracker compact a -o b --precision x", "tracker-merge a -o b --precision -1",
    "tracker import a.csv -o b --precision 64",
    "tracker rewind a", "tracker rewind a --to-step x", "tracker diff a", "tracker diff a b c",
  ]) func wrongArgumentsAreUsageErrors(_ line: String) throws {
    let words = line.split(separator: " ").map(String.init)
    let run = try Folder().run(words[0], Array(words.dropFirst()))
    #expect(run.status == 2)
    #expect(run.output == [])
    #expect(!run.errors.isEmpty)
  }

  @Test func indexOfTheWrongTypeIsAUsageError() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[1: 1]])
    for arguments in [
      ["dump", "a.tracker", "--points", "--index", "x"], ["select", "a.tracker", "--keep", "1,x"],
    ] {
      let run = try folder.run("tracker", arguments)
      #expect(run.status == 2)
      #expect(run.errors.contains("'x' is no integer"))
    }
  }
}
