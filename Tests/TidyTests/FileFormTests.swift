// SPDX-License-Identifier: Apache-2.0
// How a file begins, who may see what it declares, and words that do not belong in it.

import Testing

private func header(_ file: SourceFile) -> [Violation] {
    let marks = ["swift": "//", "c": "//", "h": "//", "py": "#"]
    let ending = String(file.path.split(separator: ".").last ?? "")
    guard let mark = marks[ending] else { return [] }
    let lines = file.lines.filter { !$0.hasPrefix("#!") && !$0.hasPrefix("// swift-tools-version") }
    let licence = "\(mark) SPDX-License-Identifier: Apache-2.0"
    guard let first = lines.first, first == licence else {
        return [Violation(path: file.path, line: 1, message: "the first line is `\(licence)`")]
    }
    let second = lines.count > 1 ? lines[1] : ""
    let says =
        second.hasPrefix(mark + " ") || second.hasPrefix("\"\"\"") || second.hasPrefix("r\"\"\"")
    // A suite's name says what a test file owns; its behaviours are its test's names.
    let needsPurpose =
        !file.isGenerated && file.path.contains("/") && !file.path.hasPrefix("Tests/")
    guard says || !needsPurpose else {
        return [Violation(path: file.path, line: 2, message: "say what this file owns")]
    }
    return []
}

private func publicAccess(_ file: SourceFile) -> [Violation] {
    guard file.isSwift else { return [] }
    let tokens = file.tokens
    return tokens.indices.compactMap { index in
        let isAccess = tokens[index].isWord("public") || tokens[index].isWord("open")
        guard isAccess, index + 1 < tokens.count, tokens[index + 1].kind == .word,
            tokens[index + 1].line == tokens[index].line,
            index == 0 || !tokens[index - 1].isMark(".")
        else { return nil }
        let message = "`\(tokens[index].text)`: use `package`"
        return Violation(path: file.path, line: tokens[index].line, message: message)
    }
}

/// Words that tie the text to a machine, or leave something for later.
///
/// Put together here, so that this file does not hold them.
private let strayWords: [String] = [
    "/" + "work/", "/" + "root/", "/" + "opt/swift", "py" + "pi.org", "npm" + "js.org",
    "deb." + "debian.org", "TO" + "DO", "FIX" + "ME", "HA" + "CK",
]

private func strayWords(_ file: SourceFile) -> [Violation] {
    guard !file.isGenerated else { return [] }
    let mayNameHosts = file.path == "Package.swift" || file.path.hasSuffix(".md")
    let words = mayNameHosts ? strayWords : strayWords + ["git" + "hub.com"]
    var violations: [Violation] = []
    for (index, line) in file.lines.enumerated() {
        for word in words where line.contains(word) {
            let message = "`\(word)` does not belong in the repository"
            violations.append(Violation(path: file.path, line: index + 1, message: message))
        }
    }
    return violations
}

@Suite struct FileFormTests {
    @Test func everyFileBeginsWithLicenceAndPurpose() { #expect(check(header) == []) }

    @Test func nothingIsPublic() { #expect(check(publicAccess) == []) }

    @Test func noWordIsStray() { #expect(check(strayWords) == []) }

    @Test(arguments: [
        ("A.swift", "import Basics\n"), ("A.swift", "// SPDX-License-Identifier: MIT\n// A.\n"),
        ("A.swift", "// SPDX-License-Identifier: Apache-2.0\nimport Basics\n"),
        ("a.py", "import os\n"), ("a.py", "# SPDX-License-Identifier: Apache-2.0\nimport os\n"),
    ])
    func seesAPlantedHeader(_ name: String, _ text: String) {
        #expect(header(SourceFile("Sources/Basics/\(name)", text)).count == 1)
    }

    @Test(arguments: [
        "public struct A {}", "open class A {}", "public import A", "public(set) var a",
    ])
    func seesAPlantedAccess(_ text: String) {
        let found = publicAccess(SourceFile("Sources/Basics/A.swift", text))
        #expect(found.count == (text.hasPrefix("public(") ? 0 : 1))
    }

    @Test(arguments: ["/" + "work/main", "see git" + "hub.com/a/b", "// TO" + "DO: later"])
    func seesAPlantedWord(_ text: String) {
        #expect(strayWords(SourceFile("Sources/Basics/A.swift", text)).count == 1)
    }

    @Test func letsPass() {
        let text =
            "// SPDX-License-Identifier: Apache-2.0\n// Owns A.\nlet a = b.public; open(file)\n"
        let file = SourceFile("Sources/Basics/A.swift", text)
        #expect(header(file) + publicAccess(file) + strayWords(file) == [])
    }
}
