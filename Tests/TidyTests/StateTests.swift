// SPDX-License-Identifier: Apache-2.0
// Mutable state outside a World: it would couple worlds that must be independent.

import Testing

private func ambientState(_ file: SourceFile) -> [Violation] {
    guard file.isProduct else { return [] }
    let tokens = file.tokens
    var violations: [Violation] = []
    var depth = 0
    for index in tokens.indices {
        let token = tokens[index]
        if token.isMark("{") { depth += 1 }
        if token.isMark("}") { depth -= 1 }
        if token.isWord("nonisolated"), index + 2 < tokens.count, tokens[index + 2].isWord("unsafe")
        {
            violations.append(
                Violation(
                    path: file.path, line: token.line, message: "nonisolated(unsafe) hides a race"))
        }
        guard token.isWord("var"), isStored(tokens, after: index) else { continue }
        if depth == 0 || isStatic(tokens, before: index) {
            let message = "a mutable static or global; state hangs from a World"
            violations.append(Violation(path: file.path, line: token.line, message: message))
        }
    }
    return violations
}

/// Whether modifiers directly before `var` include `static`.
private func isStatic(_ tokens: [Token], before index: Int) -> Bool {
    var position = index - 1
    while position >= 0, tokens[position].kind == .word || tokens[position].touches {
        if tokens[position].isWord("static") { return true }
        guard tokens[position].line == tokens[index].line else { return false }
        position -= 1
    }
    return false
}

/// Whether the declaration has storage: a `{` before any `=` or the next line means computed.
private func isStored(_ tokens: [Token], after index: Int) -> Bool {
    var depth = 0
    for position in (index + 1)..<tokens.count {
        let token = tokens[position]
        if token.isMark("(") || token.isMark("[") { depth += 1 }
        if token.isMark(")") || token.isMark("]") { depth -= 1 }
        guard depth == 0 else { continue }
        if token.isMark("{") { return false }
        if token.isMark("=") { return true }
        if token.isMark("}") || declares(token) { return true }
    }
    return true
}

private func declares(_ token: Token) -> Bool {
    token.kind == .word
        && [
            "var", "let", "func", "static", "struct", "enum", "class", "init", "package", "private",
        ]
        .contains(token.text)
}

@Suite struct StateTests {
    @Test func stateHangsFromAWorld() { #expect(check(ambientState) == []) }

    @Test(arguments: [
        "enum A { static var b = 1 }", "enum A { package static var b: [Int: B] = [:] }",
        "enum A { static var b: Int\nlet c = 1 }", "var a = 1", "nonisolated(unsafe) let a = B()",
        "enum A { static private(set) var b = 1 }",
    ])
    func seesAPlanted(_ text: String) {
        #expect(ambientState(SourceFile("Sources/Basics/A.swift", text)).count == 1)
    }

    @Test(arguments: [
        "enum A { static var b: Int { 1 } }", "struct A { var b = 1 }", "func a() { var b = 1 }",
        "enum A { static let b = 1 }", "protocol A { static var b: [Int] { get } }",
    ])
    func letsPass(_ text: String) {
        #expect(ambientState(SourceFile("Sources/Basics/A.swift", text)) == [])
    }
}
