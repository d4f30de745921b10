// SPDX-License-Identifier: Apache-2.0
// Links and paths in the documents lead somewhere.

import Testing

private func deadReferences(
    _ file: SourceFile, exists: (String) -> Bool, document: (String) -> SourceFile?
) -> [Violation] {
    guard file.path.hasSuffix(".md") else { return [] }
    var violations: [Violation] = []
    for (index, line) in proseLines(file) {
        for target in linkTargets(line) where !leadsSomewhere(target, file, exists, document) {
            let message = "the link \(target) leads nowhere"
            violations.append(Violation(path: file.path, line: index + 1, message: message))
        }
        for path in namedPaths(line) where !exists(path) {
            let message = "\(path) does not exist"
            violations.append(Violation(path: file.path, line: index + 1, message: message))
        }
    }
    return violations
}

/// Lines outside fenced blocks.
private func proseLines(_ file: SourceFile) -> [(Int, Substring)] {
    var isFenced = false
    var lines: [(Int, Substring)] = []
    for (index, line) in file.lines.enumerated() {
        if line.drop(while: { $0 == " " }).hasPrefix("```") {
            isFenced.toggle()
        } else if !isFenced {
            lines.append((index, line))
        }
    }
    return lines
}

private func linkTargets(_ line: Substring) -> [Substring] {
    var targets: [Substring] = []
    var rest = line
    while let start = rest.firstRange(of: "](") {
        rest = rest[start.upperBound...]
        guard let end = rest.firstIndex(of: ")") else { break }
        targets.append(rest[..<end])
        rest = rest[end...]
    }
    return targets
}

/// Paths in back-quotes that begin with a folder of ours and hold no place-holder.
private func namedPaths(_ line: Substring) -> [String] {
    let folders = [
        "Sources/", "Tests/", "Contract/", "Crash/", "docs/", "scripts/", "Examples/", "Models/",
    ]
    let parts = line.split(separator: "`", omittingEmptySubsequences: false)
    return parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }.filter { part in
        folders.contains { part.hasPrefix($0) } && !part.contains { "<>*{… ".contains($0) }
    }
}

private func leadsSomewhere(
    _ target: Substring, _ file: SourceFile, _ exists: (String) -> Bool,
    _ document: (String) -> SourceFile?
) -> Bool {
    if target.hasPrefix("https://") || target.hasPrefix("http://") { return true }
    let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    var path = file.path
    if !parts[0].isEmpty {
        guard let joined = join(folderOf: file.path, parts[0]), exists(joined) else { return false }
        path = joined
    }
    guard parts.count == 2 else { return true }
    let page = path == file.path ? file : document(path)
    return page.map { anchors($0).contains(String(parts[1])) } ?? false
}

private func join(folderOf path: String, _ target: Substring) -> String? {
    var folders = path.split(separator: "/").dropLast().map(String.init)
    for part in target.split(separator: "/") where part != "." {
        if part == ".." {
            guard folders.popLast() != nil else { return nil }
        } else {
            folders.append(String(part))
        }
    }
    return folders.joined(separator: "/")
}

private func anchors(_ file: SourceFile) -> Set<String> {
    Set(
        proseLines(file).filter { $0.1.hasPrefix("#") }.map { _, line in
            let words = line.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
            return String(
                words.compactMap {
                    $0 == " " ? "-" : $0.isLetter || $0.isNumber || "-_".contains($0) ? $0 : nil
                })
        })
}

@Suite struct DocTests {
    @Test func everyReferenceLeadsSomewhere() {
        let found = check {
            deadReferences($0, exists: Repository.exists) { path in
                Repository.files.first { $0.path == path }
            }
        }
        #expect(found == [])
    }

    @Test(arguments: [
        "see [a](gone.md)", "see [a](../../up.md)", "see [a](#gone)", "see [a](other.md#gone)",
        "see `Sources/Gone`",
    ])
    func seesAPlanted(_ text: String) {
        #expect(dead(text).count == 1)
    }

    @Test(arguments: [
        "see [a](other.md#a-heading)", "see [a](#own-one)", "`Sources/Services/<Name>`",
        "[a](https://example.com)", "```\n[a](gone.md)\n```",
    ])
    func letsPass(_ text: String) {
        #expect(dead(text) == [])
    }

    private func dead(_ text: String) -> [Violation] {
        let other = SourceFile("docs/other.md", "# A heading\n")
        let file = SourceFile("docs/a.md", "# Own, one\n\(text)\n")
        return deadReferences(file, exists: { $0 == other.path }) { $0 == other.path ? other : nil }
    }
}
