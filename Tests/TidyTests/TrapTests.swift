// SPDX-License-Identifier: Apache-2.0
// What would end the process: one trap takes every service down with it.

import Testing

private let trappingCalls: Set<String> = [
    "fatalError", "precondition", "preconditionFailure", "assertionFailure", "abort", "exit",
]

/// Files that may end the process: the executables' own.
private let mayExit: Set<String> = ["martlet", "ModelGenerator"]

private func traps(_ file: SourceFile) -> [Violation] {
    guard file.isProduct else { return [] }
    let tokens = file.tokens
    return tokens.indices.compactMap { index in
        guard let found = trap(tokens, index, in: file) else { return nil }
        return Violation(path: file.path, line: tokens[index].line, message: found)
    }
}

private func trap(_ tokens: [Token], _ index: Int, in file: SourceFile) -> String? {
    let token = tokens[index]
    let before = index > 0 ? tokens[index - 1] : nil
    let after = index + 1 < tokens.count ? tokens[index + 1] : nil
    if token.isMark("!"), token.touches, let before {
        if after?.isMark("=") == true, after?.touches == true { return nil }
        if before.isWord("try") || before.isWord("as") { return "\(before.text)! traps; throw" }
        let isValue = before.kind != .mark || ")]}>".contains(before.text)
        return isValue ? "a force-unwrap or implicitly unwrapped type traps; bind or throw" : nil
    }
    if token.kind == .word, trappingCalls.contains(token.text), after?.isMark("(") == true {
        let isMember = before?.isMark(".") == true || before?.isWord("func") == true
        if isMember || token.text == "exit" && mayExit.contains(file.room) { return nil }
        return "\(token.text) ends the process; throw InternalFailure"
    }
    if token.isWord("unowned"), after?.isMark("(") == true {
        return "unowned(unsafe) is memory unsafe"
    }
    return nil
}

@Suite struct TrapTests {
    @Test func nothingTraps() { #expect(check(traps) == []) }

    @Test(arguments: [
        "let a = b!", "let a = b[0]!.c", "try! a()", "let a = b as! C", "fatalError()",
        "let a: Int!",
        "precondition(a > 0)", "assertionFailure(\"a\")", "unowned(unsafe) let a: B", "exit(1)",
        "f(\"\\(a!)\")",
    ])
    func seesAPlanted(_ text: String) {
        #expect(traps(SourceFile("Sources/Basics/A.swift", text)).count == 1)
    }

    @Test(arguments: [
        "if !a { }", "a != b", "f(!a)", "let a = \"b!\"", "// fatalError()", "world.exit(1)",
        "let a = try? b()", "return !a", "[!a]",
    ])
    func letsPass(_ text: String) {
        #expect(traps(SourceFile("Sources/Basics/A.swift", text)) == [])
    }
}
