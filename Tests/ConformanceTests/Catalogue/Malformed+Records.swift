import TrackerCodec
import TrackerModel

/// Index sets, unsealed points, parameters, kept sets and directories that break a rule.
extension MalformedCatalogue {
  // MARK: Index sets

  private mutating func addSet(
    _ name: String, _ failure: MalformedFile.Failure = .malformed, _ what: String,
    _ indices: [InstanceIndex], _ type: IndexType = .int64, payload: [UInt8]
  ) {
    var tile = Catalogue.tile(indices, Catalogue.steps(1))
    tile.index = .named("set")
    let set = SceneIndexSet(name: "set", indices: indices) { bytes, _ in bytes = payload }
    add("set-" + name, failure, what, Self.scene([.indexSet(set), .tile(tile)], type)) {
      $0.items[0][0]
    }
  }

  private static func column(_ symbols: [UInt8], extra: [UInt8] = []) -> [UInt8] {
    [0] + .varint(symbols.count) + symbols + .varint(extra.count) + extra
  }

  mutating func addIndexSets() {
    let three = Catalogue.rows([1, 2, 5])
    let gaps = Self.column([0, 2])
    addSet(
      "type", .malformed, "an index set of strings in a file of integers", three,
      payload: [1, 3] + Self.column([0, 0, 0]) + Self.column([0, 0, 0]) + Self.column([1, 1, 1]) + [
        0, 0x61, 0x62, 0x63,
      ])
    addSet("type-unknown", .malformed, "index type 3", three, payload: [3, 3, 2, 1, 1] + gaps)
    addSet("count-none", .malformed, "no indices", three, payload: [0, 0])
    addSet(
      "count-limit", .limit, "1,048,577 indices", three,
      payload: [0] + .varint(1_048_577) + [2, 1, 0])
    addSet("unit", .malformed, "unit 0", three, payload: [0, 3, 2, 0, 1] + gaps)
    addSet(
      "coding", .unsupportedEncoding, "integer set coding 4", three,
      payload: [0, 3, 2, 1, 4] + gaps)
    addSet(
      "gaps-fewer", .malformed, "a gap too few", three, payload: [0, 3, 2, 1, 1] + Self.column([0]))
    addSet(
      "gaps-beyond", .malformed, "a gap that leads above 2^63 - 1", three,
      payload: [0, 3, 2, 1, 1]
        + Self.column([0, 251], extra: [UInt8](repeating: 0xFF, count: 7) + [0x1F]))
    addSet(
      "consecutive-beyond", .malformed, "consecutive integers above 2^63 - 1", three,
      payload: [0, 3] + .signed(.max - 1) + [1, 0])
    addSet(
      "unit-beyond", .malformed, "a unit that leads above 2^63 - 1", three,
      payload: [0, 3, 2] + .varint(1 << 62) + [0])
    addSet(
      "runs-none", .malformed, "no runs", three,
      payload: [0, 3, 2, 1, 2, 0] + Self.column([]) + Self.column([]))
    addSet(
      "runs-more", .malformed, "more runs than indices", three,
      payload: [0, 3, 2, 1, 2, 4] + Self.column([0, 0, 0, 0]) + Self.column([0, 0, 0]))
    addSet(
      "runs-lengths", .malformed, "runs of four indices of three", three,
      payload: [0, 3, 2, 1, 2, 2] + Self.column([1, 1]) + Self.column([1]))
    addSet(
      "runs-beyond", .malformed, "a run above 2^63 - 1", three,
      payload: [0, 3, 2, 1, 2, 2] + Self.column([1, 0])
        + Self.column([251], extra: [UInt8](repeating: 0xFF, count: 7) + [0x1F]))
    addSet(
      "bits-fewer", .malformed, "fewer bits than indices", three,
      payload: [0, 3, 2, 1, 3, 2, 0, 0, 3])
    addSet(
      "bits-more", .malformed, "more than 8 bits for each index", three,
      payload: [0, 3, 2, 1, 3, 25, 0, 0, 3, 0, 0, 1])
    addSet(
      "bits-count", .malformed, "bits of two indices of three", three,
      payload: [0, 3, 2, 1, 3, 5, 0, 0, 0x11])
    addSet(
      "bits-first", .malformed, "a first bit of 0", three, payload: [0, 3, 2, 1, 3, 5, 0, 0, 0x1A])
    addSet(
      "bits-last", .malformed, "a last bit of 0", three, payload: [0, 3, 2, 1, 3, 5, 0, 0, 0x07])
    addSet(
      "bits-padding", .malformed, "padding bits are set", three,
      payload: [0, 3, 2, 1, 3, 5, 0, 0, 0x33])
    addSet("truncated", .truncated, "a set that ends early", three, payload: [0, 3, 2])
    addSet(
      "row-count", .damaged, "a set of two rows for a tile of three", three,
      payload: [0, 2, 2, 4, 0])
    addSet(
      "first", .damaged, "a set whose first index is not the entry's", three,
      payload: [0, 3, 0, 1, 1] + Self.column([1, 2]))
    addSet(
      "last", .damaged, "a set whose last index is not the entry's", three,
      payload: [0, 3, 2, 1, 1] + Self.column([0, 1]))
    // Strings: shared, ending, middle, bytes.
    let names = Catalogue.strings(["a", "b", "c"])
    func strings(_ shared: [UInt8], _ ending: [UInt8], _ middle: [UInt8], _ bytes: [UInt8])
      -> [UInt8]
    {
      [1, 3] + Self.column(shared) + Self.column(ending) + Self.column(middle) + [0] + bytes
    }
    addSet(
      "strings-shared-first", .malformed, "the first string shares bytes", names, .string,
      payload: strings([1, 0, 0], [0, 0, 0], [1, 1, 1], [0x61, 0x62, 0x63]))
    addSet(
      "strings-shared", .malformed, "more shared bytes than the string before has", names, .string,
      payload: strings([0, 2, 0], [0, 0, 0], [1, 1, 1], [0x61, 0x62, 0x63]))
    addSet(
      "strings-ending", .malformed, "more ending bytes than the string before has", names, .string,
      payload: strings([0, 0, 0], [0, 2, 0], [1, 1, 1], [0x61, 0x62, 0x63]))
    addSet(
      "strings-both", .malformed, "shared and ending bytes that overlap", names, .string,
      payload: strings([0, 1, 0], [0, 1, 0], [1, 1, 1], [0x61, 0x62, 0x63]))
    addSet(
      "strings-down", .malformed, "strings that do not ascend", names, .string,
      payload: strings([0, 0, 0], [0, 0, 0], [1, 1, 1], [0x61, 0x63, 0x62]))
    addSet(
      "strings-same", .malformed, "a string twice", names, .string,
      payload: strings([0, 1, 0], [0, 0, 0], [1, 0, 1], [0x61, 0x63]))
    addSet(
      "strings-prefix", .malformed, "a prefix behind what it begins", names, .string,
      payload: strings([0, 1, 0], [0, 0, 0], [2, 0, 1], [0x61, 0x61, 0x63]))
    addSet(
      "strings-utf8", .malformed, "a string that is not UTF-8", names, .string,
      payload: strings([0, 0, 0], [0, 0, 0], [1, 1, 1], [0x61, 0x62, 0xFF]))
    addSet(
      "strings-cut", .malformed, "a string that ends within a character", names, .string,
      payload: strings([0, 0, 0], [0, 0, 0], [1, 1, 1], [0x61, 0x62, 0xC3]))
    addSet(
      "strings-cut-across", .malformed, "strings that are UTF-8 only end to end", names, .string,
      payload: strings([0, 0, 0], [0, 0, 0], [1, 2, 1], [0x61, 0x62, 0xC3, 0xA9]))
    addSet(
      "strings-truncated", .truncated, "fewer bytes than the strings have", names, .string,
      payload: strings([0, 0, 0], [0, 0, 0], [1, 1, 1], [0x61, 0x62]))
    addSet(
      "strings-long", .limit, "a string of 65,537 bytes", names, .string,
      payload: [1, 3] + Self.column([0, 0, 0]) + Self.column([0, 0, 0])
        + Self.column([60, 0, 0], extra: [1, 0]) + [0] + [UInt8](repeating: 0x61, count: 20))
    addSubsets()
  }

  private mutating func addSubsets() {
    let base = Catalogue.rows([1, 5, 6, 9])
    let chosen = Catalogue.rows([5, 9])
    func subset(
      _ name: String, _ what: String, _ failure: MalformedFile.Failure = .malformed,
      _ payload: @escaping (_ base: UInt8, _ own: UInt64) -> [UInt8]
    ) {
      var tile = Catalogue.tile(chosen, Catalogue.steps(1))
      tile.index = .named("subset")
      var set = SceneIndexSet(name: "subset", indices: chosen, base: "base")
      // The base is the first record, at 24.
      set.surgery = { bytes, offset in bytes = payload(24, offset) }
      add(
        "subset-" + name, failure, what,
        Self.scene([
          .indexSet(SceneIndexSet(name: "base", indices: base)), .indexSet(set), .tile(tile),
        ])
      ) { $0.items[0][1] }
    }
    subset("itself", "a set that is its own base") { _, own in
      var bytes: [UInt8] = [2]
      bytes.appendVarint(own)
      return bytes + [1, 3, 0, 0, 5, 0]
    }
    subset("behind", "a base behind the set") { _, own in
      var bytes: [UInt8] = [2]
      bytes.appendVarint(own + 60)
      return bytes + [1, 3, 0, 0, 5, 0]
    }
    subset("bits-none", "no bits") { base, _ in [2, base, 1, 0, 0, 0, 0, 0] }
    subset("beyond", "bits that end behind the base") { base, _ in [2, base, 2, 3, 0, 0, 5, 0] }
    subset("first-row", "a first row behind the base") { base, _ in [2, base, 4, 1, 0, 0, 1, 0] }
    subset("first-bit", "a first bit of 0") { base, _ in [2, base, 0, 4, 0, 0, 0x0A, 0] }
    subset("last-bit", "a last bit of 0") { base, _ in [2, base, 1, 3, 0, 0, 3, 0] }
    subset("padding", "padding bits are set") { base, _ in [2, base, 1, 3, 0, 0, 0x15, 0] }
    subset("others-chosen", "an other that is among the rows chosen") { base, _ in
      [2, base, 1, 1, 0, 0, 1, 1, 0, 1, 10]
    }
    subset("others-count", "one other where two are said") { base, _ in
      [2, base, 1, 1, 0, 0, 1, 2, 0, 1, 18]
    }
    subset("others-type", "others of another type") { base, _ in
      [2, base, 1, 1, 0, 0, 1, 1, 1, 1] + Self.column([0]) + Self.column([0]) + Self.column([1]) + [
        0, 0x61,
      ]
    }
    subset("others-truncated", "others that are not there", .truncated) { base, _ in
      [2, base, 1, 1, 0, 0, 1, 1]
    }
    subset("bit-coding", "bit coding 3", .unsupportedEncoding) { base, _ in
      [2, base, 1, 3, 3, 0, 5, 0]
    }
    // What the base is.
    var tile = Catalogue.tile(chosen, Catalogue.steps(1))
    tile.index = .named("subset")
    let inner = SceneIndexSet(name: "inner", indices: Catalogue.rows([1, 5, 9]), base: "base")
    let outer = SceneIndexSet(name: "subset", indices: chosen, base: "inner")
    add(
      "subset-of-subset", .damaged, "a base that is a subset itself",
      Self.scene([
        .indexSet(SceneIndexSet(name: "base", indices: base)), .indexSet(inner), .indexSet(outer),
        .tile(tile),
      ])
    ) { $0.items[0][1] }
    let own = SceneIndexSet(name: "subset", indices: chosen, base: "base")
    let broken = SceneIndexSet(name: "base", indices: base) { bytes, _ in bytes[3] = 0 }
    add(
      "subset-base-broken", .malformed, "a base of unit 0",
      Self.scene([.indexSet(broken), .indexSet(own), .tile(tile)])
    ) { $0.items[0][0] }
    var kind = own
    kind.surgery = { bytes, _ in bytes[1] = 24 }
    add(
      "subset-base-kind", .damaged, "a base that is a record of another kind",
      Self.scene([
        .record(kind: 9, payload: [0]), .indexSet(SceneIndexSet(name: "base", indices: base)),
        .indexSet(kind), .tile(tile),
      ])
    ) { $0.items[0][0] }
  }

  // MARK: Unsealed points

  private static func points(_ epoch: Int64 = 3, at first: Int = 1) -> SceneUnsealed {
    SceneUnsealed(
      channel: channel, epoch: epoch, type: .float32, indices: Catalogue.rows([first, first + 3]),
      values: [0x3F00_0000, 0x3F80_0000])
  }

  private mutating func addPoints(
    _ name: String, _ failure: MalformedFile.Failure = .malformed, _ what: String,
    older: Bool = false, _ change: @escaping (inout UnsealedPieces) -> Void
  ) {
    var broken = Self.points()
    broken.pieces = change
    let items: [SceneItem] =
      older ? [.unsealed(broken), .unsealed(Self.points(at: 9))] : [.unsealed(broken)]
    add("unsealed-" + name, failure, what, Self.scene(items)) { $0.items[0][0] }
  }

  mutating func addUnsealed() {
    addPoints("mode", .malformed, "mode 9") { $0.channel[3] = 9 }
    addPoints("value-type", .malformed, "value type 2") { $0.valueType = [2] }
    addPoints("previous", .malformed, "a record before that stands behind") {
      $0.previous = [0xFF, 0xFF, 3]
    }
    addPoints("previous-itself", .malformed, "a record before that is the record itself") {
      $0.previous = [24]
    }
    var low = Self.points(at: 9)
    low.pieces = { $0.previous = [13] }
    add(
      "unsealed-previous-header", .malformed, "a record before that stands in the file header",
      Self.scene([.unsealed(Self.points()), .unsealed(low)])
    ) { _ in 13 }
    addPoints("index-type", .malformed, "indices of strings in a file of integers") {
      $0.indices =
        [1, 2] + Self.column([0, 0]) + Self.column([0, 0]) + Self.column([1, 1]) + [0, 0x61, 0x62]
    }
    addPoints("indices-unit", .malformed, "indices of unit 0") { $0.indices[3] = 0 }
    addPoints("truncated", .truncated, "no values") { $0.values = [] }
    addPoints("mapping", .unsupportedEncoding, "mapping 9") { $0.values = [9, 0] }
    addPoints("epoch", .damaged, "another epoch than the commit names") { $0.epoch = [8] }
    addPoints("channel", .damaged, "another channel than the commit names") { $0.channel[1] = 0x64 }
    addPoints("type", .damaged, "another value type than the commit names") {
      $0.valueType = [1]
      $0.values = [2, 1, 0]
    }
    addPoints("older", .malformed, "a record of the chain that is malformed", older: true) {
      $0.valueType = [2]
    }
    addPoints("older-epoch", .damaged, "a record of the chain of another epoch", older: true) {
      $0.epoch = [8]
    }
    // Chains that are longer or shorter than the commit says.
    var second = Self.points(at: 9)
    second.pieces = { $0.previous = [0] }
    add(
      "unsealed-chain-short", .damaged, "a chain of one record where the commit says two",
      Self.scene([.unsealed(Self.points()), .unsealed(second)])
    ) { $0.items[0][1] }
    add(
      "unsealed-points", .damaged, "a chain of fewer points than the commit says",
      Self.scene([
        .unsealed(
          {
            var own = Self.points()
            own.indices = Catalogue.rows([1, 4, 9])
            own.values = [0, 0, 0]
            own.pieces = { pieces in
              pieces.indices = [0, 2, 2, 3, 0]
              pieces.values = [2, 1, 7]
            }
            return own
          }())
      ])
    ) { $0.items[0][0] }
  }

  // MARK: Parameters and kept sets

  private mutating func addParameters(
    _ name: String, _ failure: MalformedFile.Failure = .malformed, _ what: String,
    _ type: IndexType = .int64, payload: [UInt8]
  ) {
    var parameters = SceneParameters()
    parameters.surgery = { $0 = payload }
    add("parameters-" + name, failure, what, Self.scene([.parameters(parameters)], type)) {
      $0.items[0][0]
    }
  }

  mutating func addParameters() {
    let keys: [UInt8] = [1, 0x69, 1, 1, 0x6D]
    let numbers: [UInt8] = [5, 5, 1]
    let rest: [UInt8] = [0, 0, 0]
    func parameters(
      keys: [UInt8] = [1, 0x69, 1, 1, 0x6D], numbers: [UInt8] = [5, 5, 1], modes: [UInt8] = [0, 0],
      sets: [UInt8] = [0, 0], bits: UInt8 = 0, output: [UInt8] = [0], list: [UInt8] = [0, 0]
    ) -> [UInt8] { keys + numbers + modes + sets + [bits] + output + list }
    addParameters(
      "index-key", .malformed, "an empty index key", payload: parameters(keys: [0, 1, 1, 0x6D]))
    addParameters(
      "metrics-none", .malformed, "no metrics", payload: parameters(keys: [1, 0x69, 0]))
    addParameters(
      "metrics-limit", .limit, "1,025 metrics", payload: [1, 0x69] + .varint(1025) + numbers + rest)
    addParameters(
      "metrics-same", .malformed, "a metric twice",
      payload: parameters(keys: [1, 0x69, 2, 1, 0x6D, 1, 0x6D]))
    addParameters(
      "metric-empty", .malformed, "an empty metric", payload: parameters(keys: [1, 0x69, 1, 0]))
    addParameters(
      "max", .limit, "2^63 to keep",
      payload: parameters(numbers: [UInt8](repeating: 0x80, count: 9) + [1, 5, 1]))
    addParameters(
      "frequency", .malformed, "epoch frequency 0", payload: parameters(numbers: [5, 5, 0]))
    addParameters("mode-filter", .malformed, "mode filter 3", payload: parameters(modes: [3, 1]))
    addParameters("modes", .malformed, "an unknown mode", payload: parameters(modes: [1, 16]))
    addParameters("modes-none", .malformed, "only no modes", payload: parameters(modes: [1, 0]))
    addParameters(
      "modes-all", .malformed, "modes where all are meant", payload: parameters(modes: [0, 1]))
    addParameters(
      "ds-filter", .malformed, "data set filter 3", payload: parameters(sets: [3, 1, 1, 0x61]))
    addParameters("ds-none", .malformed, "only no data sets", payload: parameters(sets: [1, 0]))
    addParameters(
      "ds-all", .malformed, "data sets where all are meant",
      payload: parameters(sets: [0, 1, 1, 0x61]))
    addParameters(
      "ds-same", .malformed, "a data set twice",
      payload: parameters(sets: [1, 2, 1, 0x61, 1, 0x61]))
    addParameters(
      "ds-down", .malformed, "data sets that do not ascend",
      payload: parameters(sets: [1, 2, 1, 0x62, 1, 0x61]))
    addParameters(
      "ds-empty", .malformed, "an empty data set id", payload: parameters(sets: [1, 1, 0]))
    addParameters("mantissa", .malformed, "53 mantissa bits", payload: parameters(bits: 53))
    addParameters(
      "output", .malformed, "an empty output name", payload: parameters(output: [1, 0]))
    addParameters(
      "list-type", .malformed, "a list of strings in a file of integers",
      payload: parameters(
        list: [1, 1, 1, 1] + Self.column([0]) + Self.column([0]) + Self.column([1]) + [0, 0x61]))
    addParameters(
      "list-part", .malformed, "a part of more indices than the list",
      payload: parameters(list: [1, 1, 0, 2, 2, 1, 0]))
    addParameters(
      "list-down", .malformed, "a part that begins before the last one's end",
      payload: parameters(list: [1, 2, 0, 1, 10, 0, 1, 8]))
    addParameters(
      "list-same", .malformed, "a part that begins with the last one's end",
      payload: parameters(list: [1, 2, 0, 1, 10, 0, 1, 10]))
    addParameters(
      "list-limit", .limit, "a list of 16,777,217 indices",
      payload: parameters(list: [1] + .varint(1 << 24 + 1) + [0, 1, 10]))
    addParameters("truncated", .truncated, "parameters that end behind the metrics", payload: keys)
    addParameters(
      "strings-list-type", .malformed, "a list of integers in a file of strings", .string,
      payload: parameters(list: [1, 1, 0, 1, 10]))
    // Flags, sequence, depth and coversFrom take five bytes, then the offset one.
    var scene = Self.scene([.parameters(SceneParameters())])
    scene.commits[0].surgery = { bytes in bytes[6] ^= 1 }
    add(
      "parameters-reference", .damaged, "a reference with another checksum than the record's", scene
    ) {
      $0.items[0][0]
    }
    var kind = Self.scene([.parameters(SceneParameters())])
    kind.commits[0].isPresynced = true
    kind.damage = { bytes, layout in
      let start = Int(layout.items[0][0])
      let payload = Array(bytes[(start + 24)..<Int(layout.commits[0].offset)])
      bytes.replaceSubrange(
        start..<start + 24 + payload.count,
        with: SceneEncoder.record(5, payload, at: UInt64(start)))
    }
    add("parameters-kind", .damaged, "a reference to a record of another kind", kind) {
      $0.items[0][0]
    }
    kind.damage = { bytes, layout in bytes[Int(layout.items[0][0]) + 26] ^= 1 }
    add("parameters-checksum", .checksum, "a bit of the parameters flipped", kind) {
      $0.items[0][0]
    }
  }

  mutating func addKeptSets() {
    func add(_ name: String, _ failure: MalformedFile.Failure, _ what: String, _ payload: [UInt8]) {
      self.add("kept-" + name, failure, what, Self.scene([.rawKeptSets(payload)])) {
        $0.items[0][0]
      }
    }
    let channel: [UInt8] = [1, 0x6D, 0, 0]
    add("count", .malformed, "more channels than bytes", [200, 1] + channel + [0, 0, 0, 0])
    add("mode", .malformed, "mode 7", [1, 1, 0x6D, 7, 0, 0, 0, 0, 0])
    add("truncated", .truncated, "a list that is not there", [1] + channel + [0, 0, 0])
    add(
      "list-part", .malformed, "a part of more indices than the list",
      [1] + channel + [1, 0, 2, 2, 1, 0, 0, 0, 0])
    add(
      "list-down", .malformed, "parts that do not ascend",
      [1] + channel + [2, 0, 1, 10, 0, 1, 8, 0, 0, 0])
    add(
      "list-type", .malformed, "a list of strings",
      [1] + channel + [1, 1, 1] + Self.column([0]) + Self.column([0]) + Self.column([1]) + [
        0, 0x61, 0, 0, 0,
      ])
  }

  // MARK: Directories

  mutating func addDirectories() {
    func commits(_ count: Int) -> Scene {
      var scene = Scene("", "")
      scene.commits = (0..<count).map { place in
        SceneCommit(
          step: Int64(place),
          items: [
            .tile(
              Catalogue.tile(Catalogue.rows(0..<2), Catalogue.steps(1, from: Int64(10 * place))))
          ])
      }
      return scene
    }
    var scene = commits(3)
    scene.damage = { bytes, layout in bytes[Int(layout.commits[1].offset) + 30] ^= 1 }
    add("ancestor-payload", .checksum, "a bit of an ancestor's payload", scene) {
      $0.commits[1].offset
    }
    scene.damage = { bytes, layout in bytes[Int(layout.commits[1].offset) + 9] ^= 1 }
    add("ancestor-header", .checksum, "a bit of an ancestor's header", scene) {
      $0.commits[1].offset
    }
    scene = commits(3)
    scene.commits[1].surgery = { $0[1] = 0 }
    add("ancestor-sequence", .malformed, "an ancestor of sequence 0", scene) {
      $0.commits[1].offset
    }
    scene = commits(7)
    scene.damage = { bytes, layout in bytes[Int(layout.commits[3].offset) + 30] ^= 1 }
    add("ancestor-of-ancestor", .checksum, "a bit of the payload of an ancestor's ancestor", scene)
    {
      $0.commits[3].offset
    }
    for (name, what, text) in [
      ("utf8", "a run id that is not UTF-8", [0x7A, 0xC3, 0x28, 0x7A]),
      ("overlong", "a run id in an overlong form", [0x7A, 0xC0, 0xAF, 0x7A]),
      ("cut", "a run id whose last character is cut", [0x7A, 0x7A, 0xE2, 0x82]),
    ] as [(String, String, [UInt8])] {
      scene = commits(3)
      scene.commits[1].identity = Catalogue.worker(0, run: "zzzz")
      scene.commits[1].surgery = { bytes in
        for start in 0..<bytes.count - 3 where bytes[start..<start + 4].allSatisfy({ $0 == 0x7A }) {
          bytes.replaceSubrange(start..<start + 4, with: text)
        }
      }
      add("ancestor-run-id-\(name)", .malformed, what, scene) { $0.commits[1].offset }
    }
    // flags 4 + 16 + 32, sequence, depth, coversFrom of two bytes, then parent and ancestor, of six each.
    scene = commits(3)
    scene.commits[2].surgery = { bytes in bytes[13] ^= 1 }
    add("ancestor-reference", .damaged, "a reference to an ancestor of another checksum", scene) {
      $0.commits[1].offset
    }
    scene = commits(3)
    scene.commits[2].ancestor = 0
    add("ancestor-depth", .damaged, "an ancestor of another depth", scene) { $0.commits[0].offset }
    // A segment without tiles, which could not stand there with them: its commit is said to be the ancestor.
    scene = commits(6)
    scene.commits[4].items = []
    scene.commits[5].surgery = { bytes in
      let (parent, ancestor) = (Array(bytes[5..<7]), Array(bytes[11..<13]))
      let found = (17..<bytes.count - 3).first {
        Array(bytes[$0..<$0 + 2]) == parent && bytes[$0 + 2] == 5
      }
      if let found { bytes.replaceSubrange(found..<found + 2, with: ancestor) }
    }
    add("ancestor-behind", .malformed, "a segment that does not stand behind the ancestor", scene) {
      $0.commits[5].offset
    }
  }
}
