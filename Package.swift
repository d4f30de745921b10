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

/// A product of swift-nio.
func nio(_ product: String) -> Target.Dependency {
    .product(name: product, package: "swift-nio")
}

let package = Package(
    name: "Martlet",
    platforms: [.macOS(.v26)],
    dependencies: [],
    targets: [
        room("Basics"),
        room("Chronology", ["Basics"]),
        room("LambdaService", ["Basics"], path: "Sources/Services/Lambda"),
        .target(name: "CSandbox"),
        room(
            "FunctionRuntime", ["Basics", "Chronology", "LambdaService", "CSandbox"],
            resources: [
                .embedInCode("Bootstraps/bootstrap.py"),
                .embedInCode("Bootstraps/martlet_faults.py"),
                .embedInCode("Bootstraps/bootstrap.mjs"),
            ]),
        tests(
            "FunctionRuntimeTests", ["Basics", "Chronology", "LambdaService", "FunctionRuntime"]),
    ]
)
