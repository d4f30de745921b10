// SPDX-License-Identifier: Apache-2.0
// Which layer a target stands on. A new target is given its place here, knowingly.

/// A floor of the house; an arrow may only lead to the same floor or one below.
enum Layer: Equatable {
    /// Contracts to applications, 0 to 6, as ARCHITECTURE.md draws them.
    case floor(Int)
    /// A service: on floor 3, and unknown to every other service.
    case service
    /// A storage engine: known to Platform and tests alone.
    case engine
    /// Support for tests: unknown to everything that ships.
    case testing
    /// The repository's tests.
    case tests
}

enum Layers {
    private static let floors: [String: Int] = [
        "CChecksum": 0, "Basics": 0, "Chronology": 0,
        "WireModel": 1, "WireProtocols": 1, "ServiceCatalog": 1, "Storage": 1,
        "ServiceKit": 2, "IdentityAccess": 2, "Signing": 2, "Delivery": 2, "Journal": 2,
        "HTTPFront": 4, "Gateway": 4, "AdminAPI": 4, "FunctionRuntime": 4, "CSandbox": 4,
        "CArchive": 4, "CodeArchive": 4,
        "Platform": 5,
        "martlet": 6, "ModelGenerator": 6,
    ]
    private static let engines: Set<String> = ["RocksStorage", "CRocksDB"]
    private static let testing: Set<String> = [
        "TestKit", "WireEcho", "BareDurable", "StorageTesting", "PlatformTesting", "Simulator",
        "StoreBenchmark", "simulate",
    ]

    /// `nil` for a target nobody has given a place.
    static func layer(of name: String) -> Layer? {
        if name.hasSuffix("Tests") { return .tests }
        if let floor = floors[name] { return .floor(floor) }
        if engines.contains(name) { return .engine }
        if testing.contains(name) { return .testing }
        if name.hasSuffix("Wire") { return .floor(1) }
        if name.hasSuffix("Service") { return .service }
        return nil
    }

    /// Why `target` may not depend on `dependency`; `nil` when it may.
    static func objection(_ target: String, _ from: Layer, _ dependency: String, _ to: Layer)
        -> String?
    {
        switch (from, to) {
        case (.tests, .tests): "no test target is a library"
        case (.tests, _), (.testing, .testing): nil
        case (_, .testing), (_, .tests): "what ships never depends on what tests it"
        case (.testing, _): nil
        case (.service, .service): "a service never depends on another service"
        case (.engine, .engine): nil
        case (.floor(5), .engine), (.floor(5), .service): nil
        // It implements the port through which that service has code run.
        case (.floor(4), .service)
        where (target, dependency) == ("FunctionRuntime", "LambdaService"):
            nil
        case (_, .engine): "only Platform and tests know a storage engine"
        case (.floor(let floor), .service) where floor != 3: "only Platform and tests name services"
        default: height(to) <= height(from) ? nil : "arrows point only downwards"
        }
    }

    /// The floor, for comparing; an engine stands beside the framework, which it never sees.
    static func height(_ layer: Layer) -> Int {
        switch layer {
        case .floor(let floor): floor
        case .service: 3
        case .engine: 1
        case .testing, .tests: 7
        }
    }
}
