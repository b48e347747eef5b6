import Glibc

/// A process of its own, its output in files: what it wrote is there however it ended.
struct ChildProcess {
  let id: pid_t

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// How a process ended.
  enum End: Equatable {
    case exited(Int32)
    case signalled(Int32)
  }

  /// - Parameter variables: added to the environment.
  init(
    _ program: String, _ arguments: [String], variables: [String: String] = [:],
    input: String = "/dev/null", output: String, errors: String
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o666)
    posix_spawn_file_actions_addopen(&actions, 2, errors, flags, 0o666)
    var environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
    // A harness that expects processes to fail needs no stack traces of them.
    environment["SWIFT_BACKTRACE"] = "enable=no"
    environment.merge(variables) { $1 }
    let texts = ([program] + arguments).map { strdup($0) } + [nil]
    let settings =
      environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in texts + settings { free(text) } }
    var id: pid_t = 0
    let code = posix_spawn(&id, program, &actions, nil, texts, settings)
    guard code == 0 else {
      throw Failure(description: "\(program): \(String(cString: strerror(code)))")
    }
    self.id = id
  }

  func wait() -> End {
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0, errno == EINTR {}
    return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
  }

  func kill() { _ = Glibc.kill(id, SIGKILL) }

  /// Runs to the end.
  static func run(
    _ program: String, _ arguments: [String], variables: [String: String] = [:],
    input: String = "/dev/null", output: String, errors: String
  ) throws -> End {
    try ChildProcess(
      program, arguments, variables: variables, input: input, output: output, errors: errors
    ).wait()
  }
}
