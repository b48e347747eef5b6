// swift-tools-version: 6.2
import PackageDescription

// A package as a user would write it. Tools/test says where the tagged clone is.
let package = Package(
  name: "consumer",
  dependencies: [
    .package(
      url: Context.environment["TRACKER_STATE_URL"] ?? "file:///path/to/TrackerState",
      from: "1.0.0")
  ],
  targets: [
    .executableTarget(
      name: "consumer", dependencies: [.product(name: "TrackerState", package: "TrackerState")])
  ]
)
