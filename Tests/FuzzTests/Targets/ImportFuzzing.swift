import TrackerInterchange
import TrackerModel

/// What imports read.
enum ImportFuzzing {
  /// A byte (bit 0: float32, bit 1: string indices), then the text.
  static func readPoints(_ bytes: [UInt8], _ format: TextFormat) {
    guard let first = bytes.first else { return }
    let text = Array(bytes.dropFirst())
    let options = PointReader.Options(
      valueType: first & 1 == 0 ? .float64 : .float32,
      indexType: first & 2 == 0 ? .int64 : .string)
    _ = try? IndexTypeSniffer.indexType(of: MemorySource(text), format: format)
    guard let read = points(text, format, options), !read.isEmpty else { return }
    let sink = MemorySink()
    do throws(TrackerError) {
      var writer = PointWriter(sink, format: format)
      for point in read {
        try writer.write(
          channel: point.channel, index: point.index, epoch: point.epoch, step: point.step,
          bits: point.bits, as: options.valueType)
      }
      try writer.finish()
    } catch {
      return require(false, "points that were read cannot be written: \(error)")
    }
    require(points(sink.bytes, format, options) == read, "points read as they were written")
  }

  private struct Point: Equatable {
    var channel: Channel
    var index: InstanceIndex
    var epoch: Int64?
    var step: Int64
    var bits: UInt64
  }

  private static func points(
    _ text: [UInt8], _ format: TextFormat, _ options: PointReader.Options
  ) -> [Point]? {
    var found: [Point] = []
    do throws(TrackerError) {
      var reader = try PointReader(MemorySource(text), format: format, options: options)
      var batch = PointBatch()
      while try reader.next(into: &batch) {
        for place in 0..<batch.count {
          found.append(
            Point(
              channel: reader.channels[Int(batch.channels[place])],
              index: batch.index(at: place), epoch: batch.epochs[place], step: batch.steps[place],
              bits: batch.valueBits[place]))
        }
      }
      return found
    } catch {
      return nil
    }
  }

  /// Archives that expand to more are not read to their end.
  private static let mostValues = 1 << 16

  static func readArchive(_ bytes: [UInt8]) {
    do throws(TrackerError) {
      var reader = try NPZHistoryReader(MemoryBytes(bytes), name: "archive")
      var bits: [UInt64] = []
      var recorded: [Bool] = []
      var count = 0
      while count < mostValues, try reader.readEpoch(bits: &bits, recorded: &recorded) != nil {
        require(
          bits.count == reader.indices.count && recorded.count == bits.count,
          "an epoch has a value for each index")
        count += bits.count + 1
      }
    } catch {
      return
    }
  }
}
