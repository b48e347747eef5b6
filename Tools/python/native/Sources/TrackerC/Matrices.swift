import CTrackerState
import TrackerFile
import TrackerModel

/// A channel, or a part of it, in memory.
final class Matrix: Object {
  override class var kind: String { "matrix" }

  let matrix: HistoryMatrix

  init(_ matrix: HistoryMatrix) { self.matrix = matrix }

  var cellCount: Int { matrix.rows.count * matrix.columns.count }
  var byteCount: Int { cellCount * (matrix.values.type == .float32 ? 4 : 8) }
}

/// A channel that is being read in blocks of rows.
final class Scan: Object {
  override class var kind: String { "scan" }

  /// Whose readers the source reads: they have one owner at a time.
  let union: Union
  let source: any HistorySource

  init(_ union: Union, _ source: any HistorySource) {
    self.union = union
    self.source = source
  }
}

@c @implementation
public func trk_reader_matrix(
  _ reader: trk_handle, _ channel: UnsafePointer<trk_channel>?,
  _ filter: UnsafePointer<trk_filter>?, _ maxCells: Int64,
  _ matrix: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(matrix, "matrix") {
      let channel = try unsafe Argument.channel(channel)
      let maxCells = try Argument.count(maxCells, "max_cells", limit: .max)
      return try Handles.with(reader, as: Union.self) { union in
        let channel = try union.checked(channel)
        let filter = try unsafe Filter(filter, union.indexType)
        if union.readers.count == 1, filter.indices == nil {
          return Matrix(
            try union.readers[0].matrix(of: channel, steps: filter.steps, maxCells: maxCells))
        }
        return Matrix(
          try HistoryMatrix(
            union.scan(channel, indices: filter.indices, steps: filter.steps), maxCells: maxCells))
      }
    }
  }
}

@c @implementation
public func trk_reader_scan(
  _ reader: trk_handle, _ channel: UnsafePointer<trk_channel>?,
  _ filter: UnsafePointer<trk_filter>?, _ scan: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(scan, "scan") {
      let channel = try unsafe Argument.channel(channel)
      return try Handles.with(reader, as: Union.self) { union in
        let filter = try unsafe Filter(filter, union.indexType)
        return Scan(
          union,
          union.scan(
            try union.checked(channel), indices: filter.indices, steps: filter.steps))
      }
    }
  }
}

@c @implementation
public func trk_scan_next(_ scan: trk_handle, _ matrix: UnsafeMutablePointer<trk_handle>?)
  -> trk_status
{
  status {
    let target = try unsafe Argument.check(matrix, "matrix")
    unsafe target.pointee = 0
    let block = try Handles.with(scan, as: Scan.self) { scan in
      try scan.union.withLock {
        try scan.source.advance() ? HistoryMatrix(blockOf: scan.source) : nil
      }
    }
    if let block { unsafe target.pointee = try Handles.insert(Matrix(block)) }
  }
}

@c @implementation
public func trk_matrix_describe(
  _ matrix: trk_handle, _ info: UnsafeMutablePointer<trk_matrix_info>?
) -> trk_status {
  status {
    let info = try unsafe Argument.target(info, "info")
    try Handles.with(matrix, as: Matrix.self) {
      unsafe info.pointee.rows = Int64($0.matrix.rows.count)
      unsafe info.pointee.columns = Int64($0.matrix.columns.count)
      unsafe info.pointee.points = Int64($0.matrix.presence.pointCount)
      unsafe info.pointee.value_type = Int32(
        $0.matrix.values.type == .float32 ? TRK_FLOAT32 : TRK_FLOAT64)
      unsafe info.pointee.index_type = Int32($0.matrix.rows.type.rawValue)
    }
  }
}

@c @implementation
public func trk_matrix_values(
  _ matrix: trk_handle, _ buffer: UnsafeMutableRawPointer?, _ bytes: Int64, _ fillNaN: Int32
) -> trk_status {
  status {
    try Handles.with(matrix, as: Matrix.self) { held in
      guard bytes >= held.byteCount else {
        throw Failure(
          TRK_BUFFER_TOO_SMALL, "\(held.byteCount) bytes, the buffer has \(bytes)")
      }
      guard held.byteCount > 0 else { return }
      guard let buffer = unsafe buffer else { throw Argument.invalid("buffer is NULL") }
      let (values, presence) = (held.matrix.values, held.matrix.presence)
      unsafe fill(buffer, values.float32Bits)
      unsafe fill(buffer, values.float64Bits)
      guard fillNaN != 0, presence.words != nil else { return }
      let isNarrow = values.type == .float32
      // SAFETY: the buffer may stand anywhere, and has room for all cells.
      for cell in 0..<held.cellCount where !presence[cell] {
        if isNarrow {
          unsafe buffer.storeBytes(of: Float.nan, toByteOffset: 4 * cell, as: Float.self)
        } else {
          unsafe buffer.storeBytes(of: Double.nan, toByteOffset: 8 * cell, as: Double.self)
        }
      }
    }
  }
}

@c @implementation
public func trk_matrix_present(
  _ matrix: trk_handle, _ buffer: UnsafeMutablePointer<UInt8>?, _ count: Int64
) -> trk_status {
  status {
    try Handles.with(matrix, as: Matrix.self) { held in
      guard count >= held.cellCount else {
        throw Failure(
          TRK_BUFFER_TOO_SMALL, "\(held.cellCount) cells, the buffer has room for \(count)")
      }
      guard held.cellCount > 0 else { return }
      guard let buffer = unsafe buffer else { throw Argument.invalid("buffer is NULL") }
      let presence = held.matrix.presence
      for start in stride(from: 0, to: held.cellCount, by: 64) {
        let bits = presence.bits(from: start)
        for place in 0..<min(64, held.cellCount - start) {
          unsafe buffer[start + place] = UInt8(truncatingIfNeeded: bits >> UInt64(place) & 1)
        }
      }
    }
  }
}

@c @implementation
public func trk_matrix_columns(
  _ matrix: trk_handle, _ steps: UnsafeMutablePointer<Int64>?,
  _ epochs: UnsafeMutablePointer<Int64>?, _ hasEpoch: UnsafeMutablePointer<UInt8>?, _ count: Int64
) -> trk_status {
  status {
    let steps = unsafe steps == nil ? nil : try Argument.check(steps, "steps")
    let epochs = unsafe epochs == nil ? nil : try Argument.check(epochs, "epochs")
    try Handles.with(matrix, as: Matrix.self) {
      let columns = $0.matrix.columns
      guard count >= columns.count else {
        throw Failure(
          TRK_BUFFER_TOO_SMALL, "\(columns.count) columns, the buffers have room for \(count)")
      }
      for (place, column) in columns.enumerated() {
        unsafe steps?[place] = column.step
        unsafe epochs?[place] = column.epoch ?? 0
        unsafe hasEpoch?[place] = column.epoch == nil ? 0 : 1
      }
    }
  }
}

@c @implementation
public func trk_matrix_rows(_ matrix: trk_handle, _ table: UnsafeMutablePointer<trk_handle>?)
  -> trk_status
{
  status {
    try unsafe give(table, "table") {
      try Handles.with(matrix, as: Matrix.self) { Table([.indices("index", $0.matrix.rows)]) }
    }
  }
}

@c @implementation
public func trk_matrix_borrow(
  _ matrix: trk_handle, _ memory: UnsafeMutablePointer<trk_matrix_memory>?
) -> trk_status {
  status {
    let memory = try unsafe Argument.target(memory, "memory")
    try Handles.with(matrix, as: Matrix.self) {
      // SAFETY: an array's elements stay where they are as long as it lives and nobody changes it: the
      // matrix is constant, and lives until the handle is released.
      let values = $0.matrix.values
      unsafe memory.pointee.values =
        unsafe values.type == .float32 ? address(values.float32Bits) : address(values.float64Bits)
      unsafe memory.pointee.integers = nil
      if case .integers(let indices) = $0.matrix.rows {
        unsafe memory.pointee.integers = unsafe address(indices)?.assumingMemoryBound(
          to: Int64.self)
      }
    }
  }
}

private func address<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeRawPointer? {
  unsafe elements.withUnsafeBytes { $0.baseAddress }
}
