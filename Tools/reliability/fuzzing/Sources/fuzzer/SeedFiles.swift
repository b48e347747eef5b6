import FuzzTargets
import Glibc
import TrackerModel
import TrackerSystem

/// Writes the parts of tracker files as inputs: FOLDER/TARGET/NAME.
enum SeedFiles {
  static func write(from vectors: String, to folder: String) throws(TrackerError) {
    mkdir(folder, 0o777)
    for target in FuzzTarget.allCases { mkdir("\(folder)/\(target.rawValue)", 0o777) }
    for name in try Paths.names(inFolder: vectors).sorted() where name.hasSuffix(".tracker") {
      let bytes = try readWholeFile(path: "\(vectors)/\(name)", limit: 1 << 24)
      for (number, seed) in Seeds.cut(bytes).enumerated() {
        write(seed, "\(name.dropLast(8))-\(number)", folder)
      }
    }
    for (number, seed) in Seeds.streams.enumerated() { write(seed, "stream-\(number)", folder) }
  }

  private static func write(_ seed: Seeds.Seed, _ name: String, _ folder: String) {
    let path = "\(folder)/\(seed.target.rawValue)/\(name)"
    guard let file = fopen(path, "wb") else { fatalError("\(path) cannot be written") }
    fwrite(seed.bytes, 1, seed.bytes.count, file)
    fclose(file)
  }
}
