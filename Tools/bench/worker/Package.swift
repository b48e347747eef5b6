// swift-tools-version: 6.2
import PackageDescription

// The process that the benchmark measures TrackerState in. A package of its own, so that the library
// carries nothing of the benchmark.
let package = Package(
  name: "bench-worker",
  dependencies: [.package(name: "TrackerState", path: "../../..")],
  targets: [
    .executableTarget(
      name: "worker", dependencies: [.product(name: "TrackerState", package: "TrackerState")],
      swiftSettings: [.treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny")])
  ],
  swiftLanguageModes: [.v6]
)
