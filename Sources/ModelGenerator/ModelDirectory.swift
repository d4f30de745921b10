// SPDX-License-Identifier: Apache-2.0
// Finding and reading model files in botocore's data directory.

import Basics
import Foundation

/// botocore's `data` directory: `<service>/<version>/service-2.json[.gz]`.
struct ModelDirectory {
    let root: URL

    /// Fails unless the directory belongs to the pinned release: other models, other code.
    func require(version: String?) throws {
        let file = root.deletingLastPathComponent().appendingPathComponent("__init__.py")
        guard let version, let text = try? String(contentsOf: file, encoding: .utf8),
            text.contains("__version__ = '\(version)'")
        else {
            throw GeneratorError(
                "\(root.path) is not the data of botocore \(version ?? "(none pinned)")")
        }
    }

    /// All service directories, in order of their names.
    func serviceNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
            .filter { (try? latestVersion(of: $0)) != nil }
    }

    func service(_ name: String, patches: URL) throws -> ServiceModel {
        let directory = root.appendingPathComponent(name)
            .appendingPathComponent(try latestVersion(of: name))
        var root = try Self.json(at: directory.appendingPathComponent("service-2.json"))
        if FileManager.default.fileExists(atPath: patches.path) {
            root = try Patches.apply(Self.json(at: patches), to: root)
        }
        let paginators = try? Self.json(at: directory.appendingPathComponent("paginators-1.json"))
        return ServiceModel(root: root, paginators: paginators ?? .null)
    }

    func metadata(of name: String) throws -> JSONValue {
        let directory = root.appendingPathComponent(name)
            .appendingPathComponent(try latestVersion(of: name))
        let model = try Self.json(at: directory.appendingPathComponent("service-2.json"))
        return model["metadata"] ?? .null
    }

    private func latestVersion(of name: String) throws -> String {
        let directory = root.appendingPathComponent(name)
        let versions = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter {
            let file = directory.appendingPathComponent($0).appendingPathComponent("service-2.json")
            return Self.exists(file)
        }
        guard let latest = versions.max() else { throw GeneratorError("No model of \(name)") }
        return latest
    }

    private static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path)
            || FileManager.default.fileExists(atPath: url.path + ".gz")
    }

    /// The document at `url`, or at `url` with `.gz` behind.
    static func json(at url: URL) throws -> JSONValue {
        let packed = url.path + ".gz"
        let data =
            FileManager.default.fileExists(atPath: packed)
            ? try unpacked(packed) : try Data(contentsOf: url)
        return try JSONValue(parsing: data)
    }

    /// Unpacks by the system's gzip, which every machine that builds this has.
    private static func unpacked(_ path: String) throws -> Data {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", path]
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw GeneratorError("Cannot unpack \(path)") }
        return data
    }
}
