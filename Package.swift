// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Settings every target of this package is held to.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// A library target: its layer is the comment above it, its arrows are `dependencies`.
func room(
    _ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil,
    resources: [Resource]? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path, resources: resources,
        swiftSettings: strict)
}

/// A unit-test target.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "Martlet",
    platforms: [.macOS(.v26)],
    dependencies: [],
    targets: [
        // 0 Ground
        room("Basics"),
        tests("BasicsTests", ["Basics"]),

        // 1 Contracts
        room("WireModel", ["Basics"]),
        room("WireProtocols", ["Basics", "WireModel", "ServiceCatalog"]),
        room("ServiceCatalog", path: "Sources/Generated/ServiceCatalog"),
        room("SQSWire", ["Basics", "WireModel"], path: "Sources/Generated/SQSWire"),
        room("LambdaWire", ["Basics", "WireModel"], path: "Sources/Generated/LambdaWire"),
        room("LogsWire", ["Basics", "WireModel"], path: "Sources/Generated/LogsWire"),
        room("STSWire", ["Basics", "WireModel"], path: "Sources/Generated/STSWire"),
        room("IAMWire", ["Basics", "WireModel"], path: "Sources/Generated/IAMWire"),

        // 6 Apps
        .executableTarget(
            name: "ModelGenerator", dependencies: ["Basics", "WireModel"],
            swiftSettings: strict),
    ]
)
