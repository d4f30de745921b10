// SPDX-License-Identifier: Apache-2.0
// Splits Swift text into the tokens the rules look at, so that no rule misfires on a comment or
// string. Knows nothing of grammar; code inside a string's interpolation counts as code.

/// One token of code, or the content of one string literal.
struct Token: Equatable {
    enum Kind { case word, number, string, mark }

    let kind: Kind
    let text: String
    let line: Int
    /// Whether it touches the token before it, without white space or comment between.
    let touches: Bool

    func isMark(_ mark: String) -> Bool { kind == .mark && text == mark }
    func isWord(_ word: String) -> Bool { kind == .word && text == word }
}

/// Reads tokens from bytes.
///
/// Unfinished strings and comments end with the text.
struct SwiftTokens {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var touches = false
    private var tokens: [Token] = []

    static func of(_ text: String) -> [Token] {
        var reader = SwiftTokens(text)
        reader.readCode(untilClosing: false)
        return reader.tokens
    }

    private init(_ text: String) { bytes = Array(text.utf8) }

    private var current: UInt8? { at(0) }

    private func at(_ ahead: Int) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    private mutating func readCode(untilClosing: Bool) {
        var depth = 0
        while let byte = current {
            if untilClosing {
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") {
                    if depth == 0 { return }
                    depth -= 1
                }
            }
            readToken(byte)
        }
    }

    private mutating func readToken(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\n"):
            line += 1
            skipOne()
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
            skipOne()
        case UInt8(ascii: "/") where at(1) == UInt8(ascii: "/"):
            while let next = current, next != UInt8(ascii: "\n") { position += 1 }
            touches = false
        case UInt8(ascii: "/") where at(1) == UInt8(ascii: "*"):
            skipBlockComment()
        case UInt8(ascii: "\""), UInt8(ascii: "#"):
            if !readString() { add(.mark, from: position, to: position + 1) }
        case UInt8(ascii: "`"):
            let end = bytes[(position + 1)...].firstIndex(of: UInt8(ascii: "`")) ?? bytes.count - 1
            add(.word, from: position + 1, to: end)
            position = end + 1
        case _ where Self.startsWord(byte):
            addRun(.word)
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            addRun(.number)
        default:
            add(.mark, from: position, to: position + 1)
        }
    }

    private mutating func skipOne() {
        position += 1
        touches = false
    }

    /// Swift's block comments nest.
    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            guard let byte = current else { return }
            if byte == UInt8(ascii: "\n") { line += 1 }
            if byte == UInt8(ascii: "/"), at(1) == UInt8(ascii: "*") {
                depth += 1
                position += 1
            } else if byte == UInt8(ascii: "*"), at(1) == UInt8(ascii: "/") {
                depth -= 1
                position += 1
            }
            position += 1
        } while depth > 0
        touches = false
    }

    /// Reads a plain, raw or multi-line literal; `false` when a `#` starts something else.
    private mutating func readString() -> Bool {
        var pounds = 0
        while at(pounds) == UInt8(ascii: "#") { pounds += 1 }
        guard at(pounds) == UInt8(ascii: "\"") else { return false }
        let isMultiLine =
            at(pounds + 1) == UInt8(ascii: "\"") && at(pounds + 2) == UInt8(ascii: "\"")
        let quotes = isMultiLine ? 3 : 1
        let startLine = line
        let startTouches = touches
        position += pounds + quotes
        var content: [UInt8] = []
        while let byte = current {
            if byte == UInt8(ascii: "\""), closes(quotes: quotes, pounds: pounds) {
                position += quotes + pounds
                break
            }
            if byte == UInt8(ascii: "\\"), hasPounds(pounds, at: 1) {
                if at(1 + pounds) == UInt8(ascii: "(") {
                    position += 2 + pounds
                    touches = false
                    readCode(untilClosing: true)
                    position += 1
                } else {
                    content.append(contentsOf: bytes[position..<min(position + 2, bytes.count)])
                    if at(1 + pounds) == UInt8(ascii: "\n") { line += 1 }
                    position += 2 + pounds
                }
                continue
            }
            if byte == UInt8(ascii: "\n") {
                line += 1
                if !isMultiLine { break }
            }
            content.append(byte)
            position += 1
        }
        let text = String(decoding: content, as: UTF8.self)
        tokens.append(Token(kind: .string, text: text, line: startLine, touches: startTouches))
        touches = true
        return true
    }

    private func closes(quotes: Int, pounds: Int) -> Bool {
        for offset in 0..<quotes where at(offset) != UInt8(ascii: "\"") { return false }
        return hasPounds(pounds, at: quotes)
    }

    private func hasPounds(_ count: Int, at start: Int) -> Bool {
        for offset in 0..<count where at(start + offset) != UInt8(ascii: "#") { return false }
        return true
    }

    private mutating func addRun(_ kind: Token.Kind) {
        let start = position
        var end = position
        while end < bytes.count, Self.startsWord(bytes[end]) || Self.isDigit(bytes[end]) {
            end += 1
        }
        add(kind, from: start, to: end)
    }

    private mutating func add(_ kind: Token.Kind, from start: Int, to end: Int) {
        let text = String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
        tokens.append(Token(kind: kind, text: text, line: line, touches: touches))
        position = end
        touches = true
    }

    private static func startsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
