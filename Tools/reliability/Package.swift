// swift-tools-version: 6.2
import PackageDescription

// The harness of faults, power loss and killed processes. A package of its own, so that the library
// carries nothing of it.
let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "reliability",
  products: [
    // Preloaded into the processes that meet faults.
    .library(name: "FaultShim", type: .dynamic, targets: ["FaultShim"])
  ],
  dependencies: [
    .package(name: "TrackerState", path: "../.."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
  ],
  targets: [
    .target(name: "FaultShim"),
    .executableTarget(
      name: "reliability",
      dependencies: [
        .product(name: "TrackerState", package: "TrackerState"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    // Links to some of the library's own tests, which then are compiled for release alone.
    .testTarget(
      name: "MergeLaws",
      dependencies: [.product(name: "TrackerState", package: "TrackerState")],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
