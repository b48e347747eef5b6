import ArgumentParser
import Glibc
import TrackerSystem

/// The processes that are run: this one, `tracker`, and the library that is preloaded. They stand beside
/// this program.
struct ProgramOptions: ParsableArguments {
  @Option(help: "The executable 'tracker'. (default: beside this one)")
  var tracker: String?

  func resolved() throws -> FaultCase.Programs {
    guard let own = realpath("/proc/self/exe", nil) else { throw Violation("no /proc/self/exe") }
    defer { free(own) }
    let path = String(cString: own)
    let folder = Paths.folder(of: path)
    let programs = FaultCase.Programs(
      own: path, tracker: tracker ?? "\(folder)/tracker", shim: "\(folder)/libFaultShim.so")
    for path in [programs.tracker, programs.shim] where !Paths.exists(path) {
      throw Violation("\(path) is missing: build it first, as Tools/reliability/run does")
    }
    return programs
  }
}
