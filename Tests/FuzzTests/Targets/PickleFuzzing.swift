import TrackerInterchange
import TrackerModel

/// Checkpoints of FastEstimator.
enum PickleFuzzing {
  /// The bytes of a pickle.
  static func readCheckpoint(_ bytes: [UInt8]) {
    do throws(TrackerError) {
      let checkpoint = try FastEstimatorCheckpoint(MemoryBytes(bytes), name: "checkpoint")
      require(!checkpoint.trackers.isEmpty, "a checkpoint that is read has a tracker")
      let all = Array(checkpoint.trackers.indices)
      for tracker in all {
        _ = try? checkpoint.trackers[tracker].parameters(metric: "metric", indexType: .string)
        var unsealed = UnsealedBatches(checkpoint, tracker: tracker)
        for batch in (try? unsealed.read()) ?? [] {
          require(batch.indices.count == batch.values.count, "a batch has a value for each index")
        }
      }
      let indexType = try checkpoint.indexType(of: all)
      let first = try count(checkpoint, indexType)
      require(first <= bytes.count, "a pickle has no more points than bytes")
      // What is read as integers is read as texts, too.
      if indexType == .int64 {
        let texts = try count(checkpoint, .string)
        require(texts == first, "indices are integers or texts")
      }
    } catch {
      require(
        error.file == "checkpoint" || error.file?.hasPrefix("checkpoint,") == true
          || error.code == .invalidParameter, "an error names the file: \(error)")
      return
    }
  }

  private static func count(_ checkpoint: FastEstimatorCheckpoint, _ indexType: IndexType)
    throws(TrackerError) -> Int
  {
    var reader = FastEstimatorPointReader(
      checkpoint, trackers: Array(checkpoint.trackers.indices),
      options: FastEstimatorPointReader.Options(indexType: indexType))
    var batch = PointBatch()
    var count = 0
    while try reader.next(into: &batch) {
      require(
        batch.steps.count == batch.valueBits.count && batch.channels.count == batch.count
          && (indexType == .int64 ? batch.integers : []).count
            == (indexType == .int64 ? batch.count : 0)
          && (indexType == .string ? batch.stringEnds.count : batch.count) == batch.count,
        "columns of a batch are of one length")
      count += batch.count
    }
    return count
  }
}
