// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableExperimentalFeature("Lifetimes"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")

/// A layer of the library; it may depend only on layers named before it.
func layer(_ name: String, on dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func command(_ name: String, on dependencies: [Target.Dependency], exclude: [String] = [])
  -> Target
{
  .executableTarget(
    name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func tests(
  _ name: String, on dependencies: [Target.Dependency], resources: [Resource] = [],
  exclude: [String] = []
)
  -> Target
{
  .testTarget(
    name: name, dependencies: dependencies, exclude: exclude, resources: resources,
    swiftSettings: settings)
}

let package = Package(
  name: "TrackerState",
  products: [
    .library(
      name: "TrackerState",
      targets: [
        "TrackerModel", "TrackerCodec", "TrackerFile", "TrackerSelection", "TrackerMerge",
        "TrackerState",
      ]),
    .executable(name: "tracker", targets: ["tracker"]),
    .executable(name: "tracker-merge", targets: ["tracker-merge"]),
    .executable(name: "tracker-dump", targets: ["tracker-dump"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    layer("TrackerModel", on: []),
    layer("TrackerSystem", on: ["TrackerModel"]),
    layer("TrackerCodec", on: ["TrackerModel", "CZlib"]),
    layer("TrackerFile", on: ["TrackerModel", "TrackerSystem", "TrackerCodec"]),
    layer(
      "TrackerSelection", on: ["TrackerModel", "TrackerSystem", "TrackerCodec", "TrackerFile"]),
    layer("TrackerMerge", on: ["TrackerModel", "TrackerSystem", "TrackerCodec", "TrackerFile"]),
    layer(
      "TrackerState",
      on: [
        "TrackerModel", "TrackerSystem", "TrackerCodec", "TrackerFile", "TrackerSelection",
      ]),
    layer("TrackerInterchange", on: ["TrackerModel", "TrackerSystem", "TrackerCodec"]),
    layer("TrackerChart", on: []),
    layer(
      "TrackerCommands",
      on: [
        "TrackerModel", "TrackerSystem", "TrackerCodec", "TrackerFile", "TrackerSelection",
        "TrackerMerge", "TrackerState", "TrackerInterchange", "TrackerChart", argumentParser,
      ]),
    command("tracker", on: ["TrackerCommands"]),
    command("tracker-merge", on: ["TrackerCommands"]),
    command("tracker-dump", on: ["TrackerCommands"]),
    command(
      "digits-training",
      on: [
        "TrackerModel", "TrackerSystem", "TrackerFile", "TrackerSelection", "TrackerState",
        "TrackerChart", argumentParser,
      ],
      exclude: ["Data"]),
    tests("TrackerModelTests", on: ["TrackerModel"]),
    tests(
      "TrackerInterchangeTests",
      on: ["TrackerModel", "TrackerSystem", "TrackerCodec", "TrackerInterchange"]),
    tests("TrackerChartTests", on: ["TrackerChart"]),
    tests(
      "DigitsTrainingTests",
      on: ["digits-training", "TrackerModel", "TrackerSystem", "TrackerState", "TrackerChart"]),
    tests("TrackerCodecTests", on: ["TrackerCodec", "TrackerModel"]),
    tests("ConformanceTests", on: ["TrackerFile", "TrackerCodec", "TrackerModel"]),
    tests(
      "FuzzTests",
      on: ["TrackerFile", "TrackerCodec", "TrackerModel", "TrackerInterchange"],
      exclude: ["Corpus"]),
    tests(
      "TrackerFileTests", on: ["TrackerFile", "TrackerSystem", "TrackerCodec", "TrackerModel"]),
    tests(
      "TrackerSelectionTests",
      on: [
        "TrackerSelection", "TrackerMerge", "TrackerFile", "TrackerSystem", "TrackerCodec",
        "TrackerModel",
      ]),
    tests(
      "TrackerCommandsTests",
      on: [
        "tracker", "tracker-dump", "tracker-merge", "digits-training", "TrackerCommands",
        "TrackerModel",
        "TrackerSystem", "TrackerCodec", "TrackerFile", "TrackerMerge", "TrackerState",
        "TrackerInterchange",
      ]),
    tests(
      "TrackerStateTests",
      on: ["TrackerState", "TrackerFile", "TrackerSystem", "TrackerCodec", "TrackerModel"]),
    tests(
      "TrackerMergeTests",
      on: [
        "TrackerMerge", "TrackerState", "TrackerFile", "TrackerSystem", "TrackerCodec",
        "TrackerModel",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
