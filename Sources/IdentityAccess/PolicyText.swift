// SPDX-License-Identifier: Apache-2.0
// A text of a policy with its wildcards and policy variables told apart once, when the policy is
// read. Values put in place of variables are literal: a `*` in a user's name widens nothing.

/// A pattern that may hold policy variables.
struct PolicyText: Hashable, Sendable {
    enum Part: Hashable, Sendable {
        case literal([UInt8])
        case star
        case question
        /// A condition key with the text that stands in where it is absent.
        case variable(key: ConditionKey, fallback: [UInt8]?)
    }

    /// Which characters mean more than themselves.
    struct Syntax: OptionSet, Sendable {
        let rawValue: Int
        static let wildcards = Syntax(rawValue: 1)
        static let variables = Syntax(rawValue: 2)
    }

    private let parts: [Part]
    /// The whole pattern where it holds no variable.
    private let fixed: WildcardPattern?

    init(_ parts: [Part]) {
        self.parts = parts
        let isFixed = parts.allSatisfy { part in
            if case .variable = part { false } else { true }
        }
        fixed = isFixed ? Self.pattern(of: parts, variable: { _ in nil }) : nil
    }

    /// Tells the parts of `text` apart.
    ///
    /// Throws for a `${` that is not closed or names nothing.
    init(_ text: String, syntax: Syntax) throws(MalformedPolicy) {
        self.init(try Self.parts(of: text, syntax: syntax))
    }

    var matchesAll: Bool { fixed?.matchesAll ?? false }

    /// The keys of the variables in it.
    var variableKeys: [ConditionKey] {
        parts.compactMap { part in
            if case .variable(let key, _) = part { key } else { nil }
        }
    }

    /// Whether a variable in it has neither a value nor a fallback.
    func lacksValue(_ variable: (ConditionKey) -> String?) -> Bool {
        parts.contains { part in
            if case .variable(let key, nil) = part { variable(key) == nil } else { false }
        }
    }

    /// Whether the pattern, variables filled in by `variable`, matches a part of `bytes` whole.
    ///
    /// A variable without value makes the pattern match nothing.
    func matches(
        _ bytes: [UInt8], in range: Range<Int>, variable: (ConditionKey) -> String?
    ) -> Bool {
        if let fixed { return fixed.matches(bytes, in: range) }
        guard let pattern = Self.pattern(of: parts, variable: variable) else { return false }
        return pattern.matches(bytes, in: range)
    }

    private static func pattern(
        of parts: [Part], variable: (ConditionKey) -> String?
    ) -> WildcardPattern? {
        var pattern = WildcardPattern()
        for part in parts {
            switch part {
            case .literal(let bytes): pattern.append(literal: bytes)
            case .star: pattern.appendStar()
            case .question: pattern.appendQuestion()
            case .variable(let key, let fallback):
                if let value = variable(key) {
                    pattern.append(literal: value.utf8)
                } else if let fallback {
                    pattern.append(literal: fallback)
                } else {
                    return nil
                }
            }
        }
        return pattern
    }
}

extension PolicyText {
    static func parts(of text: String, syntax: Syntax) throws(MalformedPolicy) -> [Part] {
        var parts: [Part] = []
        var literal: [UInt8] = []
        let bytes = Array(text.utf8)
        var position = 0
        func flush() {
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = []
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "*"), syntax.contains(.wildcards) {
                flush()
                parts.append(.star)
            } else if byte == UInt8(ascii: "?"), syntax.contains(.wildcards) {
                flush()
                parts.append(.question)
            } else if byte == UInt8(ascii: "$"), syntax.contains(.variables),
                position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "{")
            {
                guard let end = closingBrace(in: bytes, from: position + 2) else {
                    throw MalformedPolicy(.syntax)
                }
                let name = String(decoding: bytes[(position + 2)..<end], as: UTF8.self)
                if ["*", "?", "$"].contains(name) {
                    literal.append(contentsOf: name.utf8)
                } else {
                    flush()
                    parts.append(try variable(name))
                }
                position = end
            } else {
                literal.append(byte)
            }
            position += 1
        }
        flush()
        return parts
    }

    /// The brace that ends a variable; one inside a quoted fallback does not.
    private static func closingBrace(in bytes: [UInt8], from start: Int) -> Int? {
        var isQuoted = false
        for position in start..<bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "'"): isQuoted.toggle()
            case UInt8(ascii: "}") where !isQuoted: return position
            default: break
            }
        }
        return nil
    }

    /// Reads the inside of `${…}`: a key, or a key and a quoted fallback.
    private static func variable(_ inside: String) throws(MalformedPolicy) -> Part {
        guard let comma = inside.firstIndex(of: ",") else {
            return .variable(key: try key(inside[...]), fallback: nil)
        }
        let quoted = inside[inside.index(after: comma)...].trimmed
        guard quoted.utf8.count >= 2, quoted.hasPrefix("'"), quoted.hasSuffix("'") else {
            throw MalformedPolicy(.syntax)
        }
        return .variable(
            key: try key(inside[..<comma].trimmed),
            fallback: Array(quoted.dropFirst().dropLast().utf8))
    }

    private static func key(_ name: Substring) throws(MalformedPolicy) -> ConditionKey {
        guard name.contains(":"), name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7B }) else {
            throw MalformedPolicy(.syntax)
        }
        return try ConditionKey(name)
    }
}

extension Substring {
    /// Without spaces at either end.
    fileprivate var trimmed: Substring {
        var rest = self
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
