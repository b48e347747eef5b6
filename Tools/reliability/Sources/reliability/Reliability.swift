import ArgumentParser

/// Shows that the package keeps what it promises when calls fail, the power goes and processes are killed.
@main
struct Reliability: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reliability",
    abstract: "Faults, power failures and killed processes against TrackerState.",
    subcommands: [
      FaultsCommand.self, PowerCommand.self, PowerFilesCommand.self, KillsCommand.self,
      DamageCommand.self, HostileCommand.self, ConcurrencyCommand.self, ActCommand.self,
    ])
}
