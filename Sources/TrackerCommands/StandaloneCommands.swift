public import ArgumentParser

/// `tracker-merge`: `tracker merge` as a program of its own, which its help names.
public struct StandaloneMerge: ParsableCommand {
  public static let configuration = MergeCommand.configuration.renamed("tracker-merge")

  @OptionGroup var command: MergeCommand

  public init() {}

  public func run() throws { try command.run() }
}

/// `tracker-dump`: `tracker dump` as a program of its own.
public struct StandaloneDump: ParsableCommand {
  public static let configuration = DumpCommand.configuration.renamed("tracker-dump")

  @OptionGroup var command: DumpCommand

  public init() {}

  public func run() throws { try command.run() }
}

extension CommandConfiguration {
  fileprivate func renamed(_ name: String) -> CommandConfiguration {
    var copy = self
    copy.commandName = name
    return copy
  }
}
