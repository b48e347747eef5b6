import TrackerModel
import TrackerState

let parameters = try Parameters(metricKeys: ["ce"], maxToKeep: 1, minToKeep: 1, modes: .all)
let tracker = try InstanceTracker.create(parameters: parameters)
for (epoch, value) in [1: Float(1.5), 2: 0.75].sorted(by: { $0.key < $1.key }) {
  try tracker.record(mode: .train, epoch: Int64(epoch), indices: [7, 8, 9], [0.25, value, 0.5])
  try tracker.endEpoch(mode: .train, epoch: Int64(epoch), step: Int64(100 * epoch))
  try tracker.checkpoint()
}
for kept in try tracker.select() {
  print("\(kept.channel): highest \(kept.max[0]), lowest \(kept.min[0])")
  for point in try tracker.history(of: kept.max, in: kept.channel)[0] {
    print("step \(point.step): \(point.value)")
  }
}
