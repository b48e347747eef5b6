import Glibc
import TrackerModel
import TrackerSystem

/// A folder for one case, removed with what is in it.
struct WorkFolder {
  let path: String

  /// An empty folder.
  init(_ path: String) throws {
    self.path = path
    remove()
    guard mkdir(path, 0o777) == 0 else {
      throw Violation("\(path): \(String(cString: strerror(errno)))")
    }
  }

  /// A folder for all cases of this process.
  static func temporary() throws -> WorkFolder {
    try WorkFolder("\(TemporaryFile.folder)/reliability-\(getpid())")
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func names() throws -> [String] { try Paths.names(inFolder: path) }

  func bytes(_ name: String) throws -> [UInt8]? {
    guard Paths.exists(file(name)) else { return nil }
    return try readWholeFile(path: file(name), limit: 1 << 30)
  }

  func text(_ name: String) throws -> String {
    String(decoding: try bytes(name) ?? [], as: UTF8.self)
  }

  func write(_ bytes: [UInt8], _ name: String) throws {
    let descriptor = open(file(name), O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    guard descriptor >= 0 else { throw Violation("\(file(name)): cannot be made") }
    defer { close(descriptor) }
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      guard count > 0 else { throw Violation("\(file(name)): cannot be written") }
      done += count
    }
  }

  /// Removes all files.
  func clear() {
    for name in (try? names()) ?? [] {
      let path = file(name)
      if unlink(path) != 0 { (try? WorkFolder(existing: path))?.remove() }
    }
  }

  func remove() {
    clear()
    rmdir(path)
  }

  private init(existing path: String) throws { self.path = path }
}
