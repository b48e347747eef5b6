import TrackerModel

/// The file that an output is written to before it gets its name: locked, so that nobody takes it for left
/// over, and removed where the process is interrupted.
struct TemporaryOutput {
  let path: String
  let handle: FileHandle
  let interruptionSlot: Int?

  /// - Parameter output: the path that it will have.
  init(besides output: String) throws(TrackerError) {
    // Whoever looks for leftovers may lock or remove it in the moment before it is locked here.
    for _ in 0..<16 {
      let path = Leftovers.newPath(besides: output, lockable: true)
      let new = try TemporaryOutput(creating: path, for: output)
      do throws(TrackerError) {
        try new.handle.lockForWriting(waitingUpTo: 1)
        let status = try Platform.status(ofPath: path)
        if try new.handle.isSame(as: status) {
          self = new
          return
        }
        new.remove()
      } catch {
        new.remove()
        switch error.code {
        case .locked, .notFound: continue
        case .system where error.subject.hasPrefix("lock"):
          // The file system has no locks. What is written to it is written whole, and needs none.
          self = try TemporaryOutput(
            creating: Leftovers.newPath(besides: output, lockable: false), for: output)
          return
        default:
          var named = error
          named.file = output
          throw named
        }
      }
    }
    throw TrackerError(
      .locked, "output", "its temporary files were removed again and again", file: output,
      remedy: "stop other processes that write the same output, and run again")
  }

  private init(creating path: String, for output: String) throws(TrackerError) {
    self.path = path
    handle = try FileHandle(path: path, mode: .createNew, named: output)
    interruptionSlot = TemporaryFiles.insert(path)
  }

  private func remove() {
    try? Platform.removeTemporary(path)
    handle.close()
    interruptionSlot.map(TemporaryFiles.remove)
  }
}
