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
    exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path, exclude: exclude,
        resources: resources, swiftSettings: strict)
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
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        // 0 Ground
        .target(name: "CChecksum"),
        room("Basics", ["CChecksum"]),
        room("Chronology", ["Basics"]),

        // 1 Contracts
        room("WireModel", ["Basics"]),
        room("WireProtocols", ["Basics", "WireModel", "ServiceCatalog"], exclude: ["README.md"]),
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
            ], path: "Sources/Services/SQS", exclude: ["README.md"]),
        room(
            "LambdaService",
            [
                "Basics", "Chronology", "Delivery", "IdentityAccess", "Journal", "LambdaWire",
                "ServiceKit", "Storage", "WireModel",
            ], path: "Sources/Services/Lambda", exclude: ["README.md"]),
        room(
            "IAMService",
            [
                "Basics", "Chronology", "IAMWire", "IdentityAccess", "STSWire", "ServiceKit",
                "Storage", "WireModel",
            ], path: "Sources/Services/IAM", exclude: ["README.md"]),
        room(
            "LogsService",
            [
                "Basics", "Chronology", "IdentityAccess", "LogsWire", "ServiceKit", "Storage",
                "WireModel",
            ], path: "Sources/Services/Logs", exclude: ["README.md"]),

        // Engines: only Platform and tests import them
        .systemLibrary(
            name: "CRocksDB", pkgConfig: "rocksdb",
            providers: [.apt(["librocksdb-dev"]), .brew(["rocksdb"])]),
        room("RocksStorage", ["Storage", "Basics", "CRocksDB", crypto]),

        // 4 Edge
        room("HTTPFront", ["Basics", nio("NIOCore"), nio("NIOPosix")]),
        room(
            "Gateway",
            [
                "Basics", "HTTPFront", "IdentityAccess", "Journal", "ServiceKit", "Signing",
                "WireModel", "WireProtocols",
            ]),
        room(
            "AdminAPI", ["Basics", "Chronology", "Gateway", "HTTPFront", "Journal"]),
        .systemLibrary(
            name: "CArchive", pkgConfig: "libarchive",
            providers: [.apt(["libarchive-dev"]), .brew(["libarchive"])]),
        room("CodeArchive", ["Storage", "CArchive"]),
        .target(name: "CSandbox"),
        room(
            "FunctionRuntime", ["Basics", "Chronology", "LambdaService", "CSandbox"],
            resources: [
                .embedInCode("Bootstraps/bootstrap.py"),
                .embedInCode("Bootstraps/martlet_faults.py"),
                .embedInCode("Bootstraps/bootstrap.mjs"),
            ]),

        // 5 Assembly
        room(
            "Platform",
            [
                "AdminAPI", "Basics", "Chronology", "CodeArchive", "Delivery", "FunctionRuntime",
                "Gateway", "HTTPFront", "IAMService", "IdentityAccess", "Journal",
                "LambdaService", "LogsService", "RocksStorage", "SQSService", "ServiceKit",
                "Storage", "WireModel", "WireProtocols", nio("NIOCore"), nio("NIOPosix"),
            ]),

        // 6 Apps
        .executableTarget(
            name: "martlet",
            dependencies: [
                "Basics", "FunctionRuntime", "Gateway", "Platform",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "ModelGenerator", dependencies: ["Basics", "WireModel"],
            swiftSettings: strict),

        // Testing
        .executableTarget(
            name: "StoreBenchmark", dependencies: ["RocksStorage", "Storage"],
            path: "Benchmarks/StoreBenchmark", swiftSettings: strict),
        .executableTarget(
            name: "BareDurable",
            dependencies: [
                "Basics", "HTTPFront", "RocksStorage", "Storage", nio("NIOCore"), nio("NIOPosix"),
            ],
            path: "Benchmarks/BareDurable", swiftSettings: strict),
        room("StorageTesting", ["Storage", "Basics"]),
        room(
            "Simulator",
            [
                "Basics", "Chronology", "Delivery", "IAMService", "IdentityAccess", "Journal",
                "LambdaService", "LogsService", "SQSService", "ServiceKit", "Storage",
                "WireModel", "WireProtocols",
            ]),
        .executableTarget(
            name: "simulate", dependencies: ["Basics", "Chronology", "ServiceKit", "Simulator"],
            swiftSettings: strict),
        .executableTarget(
            name: "WireEcho",
            dependencies: [
                "Basics", "WireModel", "WireProtocols", "SQSWire", "LambdaWire", "LogsWire",
                "STSWire", "IAMWire",
            ],
            swiftSettings: strict),

        // Tests
        tests("BasicsTests", ["Basics"]),
        tests("ChronologyTests", ["Basics", "Chronology"]),
        tests("WireModelTests", ["Basics", "WireModel"]),
        tests(
            "WireProtocolsTests",
            [
                "Basics", "WireModel", "WireProtocols", "SQSWire", "LambdaWire", "LogsWire",
                "IAMWire",
            ]),
        tests("ModelGeneratorTests", ["Basics", "ModelGenerator"]),
        tests("StorageTests", ["Storage", "StorageTesting", "Basics"]),
        tests("RocksStorageTests", ["RocksStorage", "Storage", "StorageTesting", "Basics"]),
        tests("IdentityAccessTests", ["Basics", "IdentityAccess"]),
        tests("JournalTests", ["Basics", "Journal"]),
        tests("SigningTests", ["Basics", "Signing"]),
        tests(
            "ServiceKitTests",
            [
                "Basics", "Chronology", "IdentityAccess", "Journal", "SQSWire", "ServiceKit",
                "Storage", "StorageTesting", "WireModel", "WireProtocols",
            ]),
        tests(
            "DeliveryTests",
            [
                "Basics", "Chronology", "Delivery", "IdentityAccess", "Journal", "ServiceKit",
                "Storage", "StorageTesting", "WireModel",
            ]),
        tests(
            "SQSServiceTests",
            [
                "Basics", "Chronology", "IdentityAccess", "Journal", "SQSService", "SQSWire",
                "ServiceKit", "Storage", "StorageTesting", "WireModel", "WireProtocols",
            ]),
        tests(
            "SimulatorTests",
            ["Basics", "Chronology", "ServiceKit", "Simulator", "WireModel", "simulate"]),
        tests(
            "LambdaServiceTests",
            [
                "Basics", "Chronology", "Delivery", "IdentityAccess", "Journal", "LambdaService",
                "LambdaWire", "SQSService", "ServiceKit", "Storage", "WireModel", "WireProtocols",
            ]),
        tests(
            "IAMServiceTests",
            [
                "Basics", "Chronology", "IAMService", "IAMWire", "IdentityAccess", "Journal",
                "STSWire", "ServiceKit", "Storage", "WireModel", "WireProtocols",
            ]),
        tests("CodeArchiveTests", ["Basics", "CArchive", "CodeArchive", "Storage"]),
        tests(
            "LogsServiceTests",
            [
                "Basics", "Chronology", "IdentityAccess", "Journal", "LogsService", "LogsWire",
                "ServiceKit", "Storage", "WireModel", "WireProtocols",
            ]),
        tests(
            "HTTPFrontTests",
            ["HTTPFront", "Basics", nio("NIOCore"), nio("NIOPosix"), nio("NIOEmbedded")]),
        tests(
            "FunctionRuntimeTests", ["Basics", "Chronology", "LambdaService", "FunctionRuntime"]),
        tests("TidyTests", []),
    ]
)
