import TrackerCodec
import TrackerFile
import TrackerModel

/// What a merge's tiles say of who recorded their points.
enum Provenance: Sendable, Hashable {
  /// The same of all: who may have recorded them, sorted; empty where that is not known of some.
  case shared([RunIdentity])
  /// Of each point who recorded it.
  case byPoint

  /// All that is known where provenance is not kept: everyone stands for every point.
  ///
  /// - Parameter identities: everyone who took part.
  init(_ readers: [TrackerReader], of identities: [RunIdentity]) {
    let areKnown = readers.allSatisfy {
      $0.snapshot.tiles.allSatisfy { !$0.identities.isEmpty && $0.sources != .ofSome }
    }
    self = .shared(areKnown ? identities : [])
  }

  /// That of every point, as far as it is known.
  ///
  /// - Throws: `unknownProvenance` for an input that was merged without keeping it.
  init(keeping readers: [TrackerReader]) throws(TrackerError) {
    var only: [RunIdentity]?
    var areAlike = true
    for reader in readers {
      for tile in reader.snapshot.tiles {
        guard tile.knowsProvenance else {
          throw TrackerError(
            .unknownProvenance, "merge",
            "it was merged without keeping provenance: which of \(tile.identities.count) workers"
              + " recorded which point is not known",
            file: reader.name,
            remedy: "merge the workers' own files, or merge without --keep-provenance")
        }
        areAlike = areAlike && tile.sources == .none && only.map { $0 == tile.identities } ?? true
        only = tile.identities
      }
    }
    self = areAlike ? .shared(only ?? []) : .byPoint
  }

  /// Whether it is known of every point of a tracker who recorded it.
  static func isKnown(_ reader: TrackerReader) -> Bool {
    reader.snapshot.tiles.allSatisfy(\.knowsProvenance)
  }
}
