// swift-tools-version: 6.2
import PackageDescription

// The fuzzer: the layers that read bytes from outside, compiled with coverage. A package of its own with
// links to their sources, because it needs unsafeFlags and what is internal to them.
let settings: [SwiftSetting] = [
  .enableExperimentalFeature("Lifetimes"), .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .unsafeFlags(["-enable-testing"]),
]

func layer(_ name: String, on dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
  name: "fuzzing",
  targets: [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
    layer("TrackerModel", on: []),
    layer("TrackerSystem", on: ["TrackerModel"]),
    layer("TrackerCodec", on: ["TrackerModel", "CZlib"]),
    layer("TrackerFile", on: ["TrackerModel", "TrackerSystem", "TrackerCodec"]),
    layer("TrackerInterchange", on: ["TrackerModel", "TrackerSystem", "TrackerCodec"]),
    layer(
      "FuzzTargets",
      on: [
        "TrackerModel", "TrackerSystem", "TrackerCodec", "TrackerFile", "TrackerInterchange",
      ]),
    .executableTarget(
      name: "fuzzer", dependencies: ["FuzzTargets", "TrackerModel", "TrackerSystem"],
      swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]),
  ],
  swiftLanguageModes: [.v6]
)
