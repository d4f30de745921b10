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

/// swift-crypto's one product that rooms use.
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

let package = Package(
    name: "Martlet",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    ],
    targets: [
        // 0 Ground
        room("Basics"),
        room("Chronology", ["Basics"]),

        // 1 Contracts
        room("WireModel", ["Basics"]),
        room("WireProtocols", ["Basics", "WireModel", "ServiceCatalog"]),
        room("Storage", ["Basics"]),

        room("ServiceCatalog", path: "Sources/Generated/ServiceCatalog"),
        room("SQSWire", ["Basics", "WireModel"], path: "Sources/Generated/SQSWire"),
        room("LambdaWire", ["Basics", "WireModel"], path: "Sources/Generated/LambdaWire"),
        room("LogsWire", ["Basics", "WireModel"], path: "Sources/Generated/LogsWire"),
        room("STSWire", ["Basics", "WireModel"], path: "Sources/Generated/STSWire"),
        room("IAMWire", ["Basics", "WireModel"], path: "Sources/Generated/IAMWire"),

        // 2 Framework
        room("IdentityAccess", ["Basics"]),
        room("Signing", ["Basics", crypto]),
        room("Journal", ["Basics", "Chronology"]),
        room(
            "ServiceKit",
            ["Basics", "Chronology", "IdentityAccess", "Journal", "Storage", "WireModel"]),

        room(
            "Delivery",
            [
                "Basics", "Chronology", "IdentityAccess", "Journal", "ServiceKit", "Storage",
                "WireModel",
            ]),

        // 3 Services
        room(
            "SQSService",
            [
                "Basics", "Chronology", "Delivery", "IdentityAccess", "Journal", "ServiceKit",
                "SQSWire", "Storage", "WireModel", crypto,
            ], path: "Sources/Services/SQS"),
        room(
            "LambdaService",
            [
                "Basics", "Chronology", "Delivery", "IdentityAccess", "Journal", "LambdaWire",
                "ServiceKit", "Storage", "WireModel",
            ], path: "Sources/Services/Lambda"),

        // Tests
        tests("BasicsTests", ["Basics"]),
        tests("ChronologyTests", ["Basics", "Chronology"]),
        tests("IdentityAccessTests", ["Basics", "IdentityAccess"]),
        tests("SigningTests", ["Basics", "Signing"]),
        tests(
            "DeliveryTests",
            [
                "Basics", "Chronology", "Delivery", "IdentityAccess", "Journal", "ServiceKit",
                "Storage", "StorageTesting", "WireModel",
            ]),
        tests(
            "LambdaServiceTests",
            [
                "Basics", "Chronology", "Delivery", "IdentityAccess", "Journal", "LambdaService",
                "LambdaWire", "SQSService", "ServiceKit", "Storage", "WireModel", "WireProtocols",
            ]),
        tests("CodeArchiveTests", ["Basics", "CArchive", "CodeArchive", "Storage"]),
        tests("TidyTests", []),

        // 4 Edge
        room(
            "Gateway",
            [
                "Basics", "HTTPFront", "IdentityAccess", "Journal", "ServiceKit", "Signing",
                "WireModel", "WireProtocols",
            ]),
        .systemLibrary(
            name: "CArchive", pkgConfig: "libarchive",
            providers: [.apt(["libarchive-dev"]), .brew(["libarchive"])]),
        room("CodeArchive", ["Storage", "CArchive"]),
        room("HTTPFront", ["Basics", nio("NIOCore"), nio("NIOPosix")]),
        tests(
            "HTTPFrontTests",
            ["HTTPFront", "Basics", nio("NIOCore"), nio("NIOPosix"), nio("NIOEmbedded")]),

        // 6 Apps
        .executableTarget(
            name: "ModelGenerator", dependencies: ["Basics", "WireModel"],
            swiftSettings: strict),
        tests("StorageTests", ["Storage", "StorageTesting", "Basics"]),

        // Engines: only Platform and tests import them
        .systemLibrary(
            name: "CRocksDB", pkgConfig: "rocksdb",
            providers: [.apt(["librocksdb-dev"]), .brew(["rocksdb"])]),
        room("RocksStorage", ["Storage", "Basics", "CRocksDB"]),
        tests("RocksStorageTests", ["RocksStorage", "Storage", "StorageTesting", "Basics"]),

        // Testing
        room("StorageTesting", ["Storage", "Basics"]),
    ]
)
