// swift-tools-version: 6.2
import PackageDescription

// The C ABI and what Python loads. A package of its own: its unsafe link flags would make the library
// unusable as a dependency by version.
let package = Package(
  name: "trackerstate-native",
  products: [.library(name: "TrackerC", type: .dynamic, targets: ["TrackerC"])],
  dependencies: [.package(name: "TrackerState", path: "../../..")],
  targets: [
    // The header alone: what callers in C include is what the Swift functions are checked against.
    .systemLibrary(name: "CTrackerState"),
    .target(
      name: "TrackerC",
      dependencies: [
        "CTrackerState", .product(name: "TrackerState", package: "TrackerState"),
      ],
      swiftSettings: [
        .strictMemorySafety(), .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
      ],
      linkerSettings: [
        // The Swift runtime inside, and nothing but trk_* outside.
        .unsafeFlags(
          [
            "-static-stdlib", "-Xlinker", "-s",
            "-Xlinker", "--version-script=\(Context.packageDirectory)/exports.map",
          ], .when(platforms: [.linux]))
      ]),
  ],
  swiftLanguageModes: [.v6]
)
