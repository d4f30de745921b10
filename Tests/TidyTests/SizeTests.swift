// SPDX-License-Identifier: Apache-2.0
// How long a file and a function may grow. Generated code is exempt.

import Testing

private let fileLinesMax = 700
private let functionLinesMax = 70

/// Known functions over the limit, as path and name.
///
/// This list may only shrink.
private let knownLongFunctions: Set<String> = []

private func longFiles(_ file: SourceFile) -> [Violation] {
    let isCode = ["swift", "py", "c", "h", "js"].contains { file.path.hasSuffix("." + $0) }
    guard isCode, !file.isGenerated, file.lines.count > fileLinesMax + 1 else { return [] }
    let message = "\(file.lines.count - 1) lines; split it by idea at \(fileLinesMax)"
    return [Violation(path: file.path, line: 0, message: message)]
}

private func longFunctions(_ file: SourceFile) -> [Violation] {
    guard file.isSwift, !file.isGenerated else { return [] }
    return functions(file.tokens).compactMap { function in
        let count = function.lastLine - function.firstLine + 1
        guard count > functionLinesMax else { return nil }
        let message = "\(function.name) has \(count) lines, over \(functionLinesMax)"
        return Violation(path: file.path, line: function.firstLine, message: message)
    }
}

private struct FunctionExtent {
    let name: String
    let firstLine: Int
    let lastLine: Int
}

private func functions(_ tokens: [Token]) -> [FunctionExtent] {
    tokens.indices.compactMap { index in
        let token = tokens[index]
        let isCall = index > 0 && tokens[index - 1].isMark(".")
        guard token.isWord("func") || token.isWord("init") || token.isWord("deinit"), !isCall,
            index + 1 < tokens.count, let open = bodyStart(tokens, after: index)
        else { return nil }
        let name = token.text == "func" ? tokens[index + 1].text : token.text
        return FunctionExtent(
            name: name, firstLine: token.line, lastLine: closingLine(tokens, open: open))
    }
}

/// The index of the `{` that opens the body; `nil` for a requirement, which has none.
private func bodyStart(_ tokens: [Token], after start: Int) -> Int? {
    let declarations: Set<String> = [
        "func", "init", "deinit", "var", "let", "case", "struct", "class", "enum", "extension",
        "protocol", "subscript", "associatedtype",
    ]
    var depth = 0
    for index in (start + 1)..<tokens.count {
        let token = tokens[index]
        if token.isMark("(") || token.isMark("[") { depth += 1 }
        if token.isMark(")") || token.isMark("]") { depth -= 1 }
        guard depth == 0 else { continue }
        if token.isMark("{") { return index }
        if token.isMark("}") || token.kind == .word && declarations.contains(token.text) {
            return nil
        }
    }
    return nil
}

private func closingLine(_ tokens: [Token], open: Int) -> Int {
    var depth = 0
    for index in open..<tokens.count {
        if tokens[index].isMark("{") { depth += 1 }
        if tokens[index].isMark("}") {
            depth -= 1
            if depth == 0 { return tokens[index].line }
        }
    }
    return tokens.last?.line ?? 0
}

@Suite struct SizeTests {
    @Test func noFileIsTooLong() { #expect(check(longFiles) == []) }

    @Test func noFunctionIsTooLongButTheKnown() {
        let found = check(longFunctions)
        let names = Set(
            found.map { "\($0.path) \($0.message.split(separator: " ").first ?? "")" })
        #expect(names.subtracting(knownLongFunctions).sorted() == [])
        #expect(knownLongFunctions.subtracting(names).sorted() == [], "mended: drop from the list")
    }

    @Test func seesAPlantedLongFile() {
        let text = String(repeating: "\n", count: fileLinesMax + 1)
        #expect(longFiles(SourceFile("Sources/A/A.swift", text)).count == 1)
        #expect(longFiles(SourceFile("Sources/A/A.swift", String(text.dropFirst()))) == [])
    }

    @Test(arguments: ["func a<T>(b: () -> Void = {}) async throws -> [T] where T: B {", "init() {"])
    func seesAPlantedLongFunction(_ head: String) {
        func planted(_ lines: Int) -> SourceFile {
            let body = String(repeating: "    if a { b() }\n", count: lines - 2)
            return SourceFile("Sources/A/A.swift", "struct A {\n\(head)\n\(body)}\n}\n")
        }
        #expect(longFunctions(planted(functionLinesMax + 1)).map(\.line) == [2])
        #expect(longFunctions(planted(functionLinesMax)) == [])
    }

    @Test func doesNotTakeARequirementForAFunction() {
        let filler = String(repeating: "// x\n", count: 90)
        let text = "protocol A {\n func a()\n func b() -> Int\n}\nstruct B {\n\(filler)}\n"
        #expect(longFunctions(SourceFile("Sources/A/A.swift", text)) == [])
    }
}
