// SPDX-License-Identifier: Apache-2.0
// Arrows between targets, as the manifest draws them.

import Testing

private func upwardArrows(_ manifest: SourceFile) -> [Violation] {
    var violations: [Violation] = []
    func object(_ message: String) {
        violations.append(Violation(path: manifest.path, line: 0, message: message))
    }
    for target in Manifest.targets(in: manifest) {
        guard let layer = Layers.layer(of: target.name) else {
            object("\(target.name) has no place in Tests/TidyTests/Layers.swift")
            continue
        }
        for dependency in target.dependencies {
            guard let below = Layers.layer(of: dependency) else {
                object("\(dependency) has no place in Tests/TidyTests/Layers.swift")
                continue
            }
            if let reason = Layers.objection(target.name, layer, dependency, below) {
                object("\(target.name) depends on \(dependency): \(reason)")
            }
        }
        let mayNetwork = Layers.height(layer) >= 4
        for product in target.products where product.hasPrefix("NIO") && !mayNetwork {
            object("\(target.name) uses \(product): networking belongs to the edge")
        }
    }
    return violations
}

@Suite struct DependencyTests {
    private let manifest = Repository.files.first { $0.path == "Package.swift" }

    @Test func arrowsPointOnlyDownwards() throws {
        let found = upwardArrows(try #require(manifest))
        #expect(found == [])
    }

    @Test func everyFolderOfSourcesIsATarget() throws {
        let targets = Set(Manifest.targets(in: try #require(manifest)).map(\.name))
        #expect(targets.count > 3)
        let rooms = Set(
            Repository.files.filter {
                $0.isSwift && !$0.room.isEmpty && !$0.path.hasPrefix("Examples/")
            }.map(\.room))
        #expect(rooms.subtracting(targets).sorted() == [])
    }

    @Test(arguments: [
        (#"room("Basics", ["Storage"])"#, "only downwards"),
        (#"room("Storage", ["RocksStorage"])"#, "know a storage engine"),
        (#"room("SQSService", ["LogsService"])"#, "another service"),
        (#"room("Gateway", ["SQSService"])"#, "name services"),
        (#"room("ServiceKit", ["SQSService"])"#, "name services"),
        (#"room("SQSService", ["Gateway"])"#, "only downwards"),
        (#"room("RocksStorage", ["ServiceKit"])"#, "only downwards"),
        (#"room("Platform", ["TestKit"])"#, "never depends on what tests it"),
        (#"room("Delivery", [.product(name: "NIOCore", package: "swift-nio")])"#, "the edge"),
        (#"room("Delivery", [nio("NIOPosix"), "Basics"])"#, "the edge"),
        (#".target(name: "Basics", dependencies: ["Storage"])"#, "only downwards"),
        (#"room("Shed")"#, "Shed has no place"),
    ])
    func seesAPlanted(_ line: String, _ reason: String) {
        let planted = SourceFile("Package.swift", "Package(targets: [\(line)])")
        let found = upwardArrows(planted)
        #expect(found.count == 1)
        #expect(found.first?.message.contains(reason) == true)
    }

    @Test func letsLawfulArrowsPass() {
        let planted = SourceFile(
            "Package.swift",
            """
            let package = Package(targets: [
                room("SQSService", ["Basics", "SQSWire", "ServiceKit"], path: "Sources/Services/SQS"),
                room("RocksStorage", ["Storage", "CRocksDB"]),
                room("Platform", ["SQSService", "RocksStorage", "Gateway"]),
                room("Gateway", [nio("NIOPosix"), .product(name: "NIOCore", package: "swift-nio"), "Basics"]),
                tests("SQSServiceTests", ["SQSService", "TestKit", "RocksStorage"]),
            ])
            """)
        #expect(upwardArrows(planted) == [])
        #expect(Manifest.targets(in: planted).map(\.dependencies.count) == [3, 2, 3, 1, 3])
        #expect(Manifest.targets(in: planted).first?.path == "Sources/Services/SQS")
    }
}
