// SPDX-License-Identifier: Apache-2.0
// The generator's command: models and patches in, Sources/Generated out. With --check it
// writes nothing and fails when a file would change.

import Basics
import Foundation

@main
enum ModelGenerator {
    static func main() {
        do {
            try run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("ModelGenerator: \(error)\n".utf8))
            exit(1)
        }
    }

    private static let usage = """
        usage: ModelGenerator [--check] BOTOCORE_DATA_DIRECTORY [REPOSITORY]
        """

    static func run(_ arguments: [String]) throws {
        let isCheck = arguments.contains("--check")
        let paths = arguments.filter { !$0.hasPrefix("--") }
        guard let data = paths.first else { throw GeneratorError(usage) }
        let repository = URL(fileURLWithPath: paths.count > 1 ? paths[1] : ".")
        let models = ModelDirectory(root: URL(fileURLWithPath: data))
        let configuration = try ModelDirectory.json(
            at: repository.appendingPathComponent("Models/models.json"))
        try models.require(version: configuration["botocore"]?.stringValue)
        var outputs: [(path: String, text: String)] = []
        for json in configuration["services"]?.arrayValue ?? [] {
            let choice = try ServiceChoice(json)
            let model = try models.service(
                choice.model,
                patches: repository.appendingPathComponent("Models/patches/\(choice.model).json"))
            for file in try ServiceEmitter(choice: choice, model: model).files() {
                outputs.append(("Sources/Generated/\(choice.target)/\(file.name)", file.text))
            }
        }
        outputs.append(
            ("Sources/Generated/ServiceCatalog/ServiceCatalog.swift", try Catalog.text(of: models)))
        try write(outputs, to: repository, isCheck: isCheck)
    }

    private static func write(
        _ outputs: [(path: String, text: String)], to repository: URL, isCheck: Bool
    ) throws {
        var stale: [String] = []
        for (path, text) in outputs {
            let url = repository.appendingPathComponent(path)
            let old = try? Data(contentsOf: url)
            let new = Data(text.utf8)
            guard old != new else { continue }
            stale.append(path)
            guard !isCheck else { continue }
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try new.write(to: url)
        }
        if isCheck, !stale.isEmpty {
            throw GeneratorError("out of date, run make generate: " + stale.joined(separator: ", "))
        }
        print(isCheck ? "generated code is up to date" : "\(stale.count) files written")
    }
}
