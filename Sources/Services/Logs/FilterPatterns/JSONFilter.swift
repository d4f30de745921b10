// SPDX-License-Identifier: Apache-2.0
// The dialect of filter patterns for events that are JSON:
// `{ ($.user.id = 1 || $.tags[*] = "a*") && $.error NOT EXISTS }`. Evaluating is
// `JSONFilter+Matching`'s business.

import Basics

/// A condition on a JSON event.
struct JSONFilter: Hashable, Sendable {
    enum Selector: Hashable, Sendable {
        case member(String)
        case element(Int)
        /// `*`: every member or element.
        case each
    }

    enum Test: Hashable, Sendable {
        case compares(PatternComparison, PatternOperand)
        case isTrue, isFalse, isNull
        case exists, notExists
    }

    indirect enum Expression: Hashable, Sendable {
        case all([Expression])
        case any([Expression])
        case test([Selector], Test)
    }

    /// Parentheses within parentheses.
    static let depthMax = 32
    /// Wildcard selectors in one pattern, as on AWS.
    static let wildcardsMax = 3

    let expression: Expression

    init(_ scanner: inout PatternScanner) throws(FilterPatternError) {
        try scanner.expect("{")
        expression = try Self.any(&scanner, depth: 0)
        scanner.skipBlanks()
        try scanner.expect("}")
        guard Self.wildcards(in: expression) <= Self.wildcardsMax else {
            throw FilterPatternError()
        }
    }

    private static func any(
        _ scanner: inout PatternScanner, depth: Int
    ) throws(FilterPatternError) -> Expression {
        var choices = [try all(&scanner, depth: depth)]
        scanner.skipBlanks()
        while scanner.take("||") {
            choices.append(try all(&scanner, depth: depth))
            scanner.skipBlanks()
        }
        return choices.count == 1 ? choices[0] : .any(choices)
    }

    private static func all(
        _ scanner: inout PatternScanner, depth: Int
    ) throws(FilterPatternError) -> Expression {
        var parts = [try primary(&scanner, depth: depth)]
        scanner.skipBlanks()
        while scanner.take("&&") {
            parts.append(try primary(&scanner, depth: depth))
            scanner.skipBlanks()
        }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private static func primary(
        _ scanner: inout PatternScanner, depth: Int
    ) throws(FilterPatternError) -> Expression {
        scanner.skipBlanks()
        if scanner.take("(") {
            guard depth < depthMax else { throw FilterPatternError() }
            let inner = try any(&scanner, depth: depth + 1)
            scanner.skipBlanks()
            try scanner.expect(")")
            return inner
        }
        let path = try selectors(&scanner)
        scanner.skipBlanks()
        return .test(path, try test(&scanner))
    }

    private static func test(_ scanner: inout PatternScanner) throws(FilterPatternError) -> Test {
        if let byte = scanner.current, "=!<>".utf8.contains(byte) {
            let comparison = try scanner.comparison()
            scanner.skipBlanks()
            let operand = try PatternOperand(&scanner, for: comparison) {
                "(){}&|\"".utf8.contains($0)
            }
            return .compares(comparison, operand)
        }
        let first = keyword(&scanner)
        scanner.skipBlanks()
        if first == "EXISTS" { return .exists }
        switch (first, keyword(&scanner)) {
        case ("IS", "TRUE"): return .isTrue
        case ("IS", "FALSE"): return .isFalse
        case ("IS", "NULL"): return .isNull
        case ("NOT", "EXISTS"): return .notExists
        default: throw FilterPatternError()
        }
    }

    private static func keyword(_ scanner: inout PatternScanner) -> String {
        let word = scanner.run { !($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) }
        return String(decoding: word, as: UTF8.self).uppercased()
    }

    /// `$` and what follows it: `.name`, `['name']`, `[0]`, `.*`, `[*]`.
    private static func selectors(
        _ scanner: inout PatternScanner
    ) throws(FilterPatternError) -> [Selector] {
        try scanner.expect("$")
        var path: [Selector] = []
        while let byte = scanner.current {
            if byte == UInt8(ascii: "[") {
                path.append(try bracketed(&scanner))
            } else if byte == UInt8(ascii: ".") {
                scanner.position += 1
                if scanner.current == UInt8(ascii: "[") { continue }
                let name = scanner.run { !isNameByte($0) }
                guard !name.isEmpty else { throw FilterPatternError() }
                let text = String(decoding: name, as: UTF8.self)
                guard text == "*" || !name.contains(UInt8(ascii: "*")) else {
                    throw FilterPatternError()
                }
                path.append(text == "*" ? .each : .member(text))
            } else {
                break
            }
        }
        guard !path.isEmpty else { throw FilterPatternError() }
        return path
    }

    private static func bracketed(
        _ scanner: inout PatternScanner
    ) throws(FilterPatternError) -> Selector {
        try scanner.expect("[")
        var content = scanner.run { $0 == UInt8(ascii: "]") || $0 == UInt8(ascii: "'") }
        var selector: Selector
        if content.isEmpty, scanner.take("'") {
            content = scanner.run { $0 == UInt8(ascii: "'") }
            try scanner.expect("'")
            selector = .member(String(decoding: content, as: UTF8.self))
        } else if content.elementsEqual("*".utf8) {
            selector = .each
        } else {
            guard content.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                let index = Int(String(decoding: content, as: UTF8.self))
            else { throw FilterPatternError() }
            selector = .element(index)
        }
        try scanner.expect("]")
        return selector
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (byte >= 0x30 && byte <= 0x39)
            || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || "_-*@#:/".utf8.contains(byte)
    }

    private static func wildcards(in expression: Expression) -> Int {
        switch expression {
        case .all(let parts), .any(let parts): parts.reduce(0) { $0 + wildcards(in: $1) }
        case .test(let path, _): path.count { $0 == .each }
        }
    }
}
