// SPDX-License-Identifier: Apache-2.0
// The files of the repository as the rules see them. A rule takes files, not paths, so that a
// planted violation is a file that was never on disk.

import FoundationEssentials

/// A text file, named by its path from the repository's root.
struct SourceFile: Sendable {
    let path: String
    let text: String
    let tokens: [Token]

    init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
        tokens =
            path.hasSuffix(".swift") && !path.contains("Sources/Generated/")
            ? SwiftTokens.of(text) : []
    }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var isGenerated: Bool { path.hasPrefix("Sources/Generated/") }
    var isProduct: Bool { isSwift && path.hasPrefix("Sources/") }

    /// The target a file under `Sources` or `Tests` belongs to.
    var room: String {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count > 2 else { return "" }
        if parts[1] == "Generated" { return parts[2] }
        if parts[1] == "Services" { return parts[2] + "Service" }
        return parts[1]
    }
}

/// What a rule found, and where; `line` is 0 for a whole file.
struct Violation: CustomStringConvertible, Equatable {
    let path: String
    let line: Int
    let message: String

    var description: String { "\(path):\(line): \(message)" }
}

/// The repository this test was built from.
enum Repository {
    static let root = String(
        #filePath.prefix(#filePath.count - "/Tests/TidyTests/Repository.swift".count))

    /// All text files of ours; read once, in path order.
    static let files: [SourceFile] = {
        var files: [SourceFile] = []
        for top in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
            let isHidden = top.hasPrefix(".") && top != ".ci"
            guard !isHidden else { continue }
            let below = visible(below: root + "/" + top)
            let paths = below.isEmpty ? [top] : below.map { top + "/" + $0 }
            for path in paths where isText(path) {
                guard let data = FileManager.default.contents(atPath: root + "/" + path) else {
                    continue
                }
                files.append(SourceFile(path, String(decoding: data, as: UTF8.self)))
            }
        }
        return files.sorted { $0.path < $1.path }
    }()

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root + "/" + path)
    }

    /// What lies below a folder; a build folder, being hidden, does not count.
    private static func visible(below folder: String) -> [String] {
        var paths: [String] = []
        var open = [""]
        while let base = open.popLast() {
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder + "/" + base)
            for name in names ?? [] where !name.hasPrefix(".") {
                paths.append(base + name)
                open.append(base + name + "/")
            }
        }
        return paths
    }

    private static func isText(_ path: String) -> Bool {
        let ignored = ["__pycache__", "node_modules"]
        if ignored.contains(where: path.contains) { return false }
        let names = ["Makefile", ".ci/run", "Dockerfile"]
        let endings = [
            "swift", "py", "md", "sh", "h", "c", "json", "txt", "ini", "toml", "yml", "js",
        ]
        return names.contains(path) || path.hasPrefix("scripts/")
            || endings.contains { path.hasSuffix("." + $0) }
    }
}

/// Runs a rule over every file of the repository.
func check(_ rule: (SourceFile) -> [Violation]) -> [Violation] { Repository.files.flatMap(rule) }
