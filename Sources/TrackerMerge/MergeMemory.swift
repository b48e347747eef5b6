import TrackerFile
import TrackerSystem

/// How a merge shares out the memory that it may take.
///
/// What cannot be made smaller comes first: the process, the directories of the inputs, and a tile for
/// each core that encodes. Scans have what is left. Nothing of it shows in the result.
struct MergeMemory {
  private static let process = 24 << 20
  /// Of a core that encodes: its buffers, and the tiles that wait for it and behind it.
  private static let perCore = 6 << 20
  /// Of an input, and of each of its tiles.
  private static let (perInput, perTile) = (6 << 10, 640)

  let scan: ScanMemory
  /// How many cores may encode.
  let cores: Int

  init(_ readers: [TrackerReader], _ options: MergePlan.Options, cores: Int?) {
    let directories = readers.reduce(0) {
      $0 + Self.perInput + $1.snapshot.tiles.count * Self.perTile
    }
    let free = max(0, options.memory - Self.process - directories)
    let used = max(1, min(Cores.resolve(cores), free / 2 / Self.perCore))
    self.cores = used
    let rest = max(0, free - used * Self.perCore)
    scan = options.scan ?? ScanMemory(bytes: max(4 << 20, rest / 8 * 7), folder: options.folder)
  }
}
