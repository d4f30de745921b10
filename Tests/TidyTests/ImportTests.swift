// SPDX-License-Identifier: Apache-2.0
// What a file may import, by the layer it stands on. The core never sees a socket or a file.

import Testing

/// Files that meet the operating system on behalf of a layer that otherwise does not.
private let systemFiles: Set<String> = []

private let systemModules: Set<String> = [
    "Glibc", "Musl", "Darwin", "SystemPackage", "Dispatch", "FoundationNetworking", "Network",
    "AsyncHTTPClient",
]

private func forbiddenImports(_ file: SourceFile) -> [Violation] {
    guard file.isProduct, !file.isGenerated else { return [] }
    let layer = Layers.layer(of: file.room)
    let isCore = layer.map { Layers.height($0) <= 3 && $0 != .engine } ?? true
    let isService = layer == .service
    return imports(file).compactMap { module, line in
        var reason: String?
        if module == "Foundation", file.room != "ModelGenerator" {
            reason = "Foundation costs 17 ms at start; import FoundationEssentials, better nothing"
        } else if isCore, module.hasPrefix("NIO") || systemModules.contains(module) {
            reason = "the core does no I/O: \(module) belongs to the edge or to an engine"
        } else if isCore, Layers.layer(of: module) == .engine {
            reason = "only Platform and tests know a storage engine"
        } else if isService, Layers.layer(of: module) == .service, module != file.room {
            reason = "a service never imports another service"
        }
        guard let reason, !systemFiles.contains(file.path) else { return nil }
        return Violation(path: file.path, line: line, message: "import \(module): \(reason)")
    }
}

/// The modules a file imports, with `import struct A.B` counted as `A`.
private func imports(_ file: SourceFile) -> [(module: String, line: Int)] {
    let kinds: Set<String> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]
    let tokens = file.tokens
    return tokens.indices.compactMap { index in
        guard tokens[index].isWord("import"), index + 1 < tokens.count else { return nil }
        let next = tokens[index + 1]
        if kinds.contains(next.text), index + 2 < tokens.count {
            return (tokens[index + 2].text, next.line)
        }
        return (next.text, next.line)
    }
}

@Suite struct ImportTests {
    @Test func noLayerImportsWhatItMustNotSee() { #expect(check(forbiddenImports) == []) }

    @Test func exceptionsAreStillNeeded() {
        for path in systemFiles where Repository.exists(path) {
            let file = Repository.files.first { $0.path == path }
            let modules = file.map { imports($0).map(\.module) } ?? []
            #expect(!systemModules.isDisjoint(with: modules), "\(path): drop its exception")
        }
    }

    @Test(arguments: [
        ("Sources/Services/SQS/A.swift", "import NIOCore"),
        ("Sources/Services/SQS/A.swift", "import LogsService"),
        ("Sources/ServiceKit/A.swift", "package import Glibc"),
        ("Sources/Storage/A.swift", "import RocksStorage"),
        ("Sources/Delivery/A.swift", "import struct Dispatch.DispatchTime"),
        ("Sources/Gateway/A.swift", "import Foundation"),
        ("Sources/Basics/A.swift", "import FoundationNetworking"),
    ])
    func seesAPlanted(_ path: String, _ text: String) {
        #expect(forbiddenImports(SourceFile(path, text)).count == 1)
    }

    @Test(arguments: [
        ("Sources/Gateway/A.swift", "import NIOCore"),
        ("Sources/RocksStorage/A.swift", "import CRocksDB\nimport Glibc"),
        ("Sources/Services/SQS/A.swift", "import SQSWire // import NIO\nimport Synchronization"),
    ])
    func letsPass(_ path: String, _ text: String) {
        #expect(forbiddenImports(SourceFile(path, text)) == [])
    }
}
