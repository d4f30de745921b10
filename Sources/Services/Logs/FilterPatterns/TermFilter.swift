// SPDX-License-Identifier: Apache-2.0
// The plain dialect of filter patterns: words and phrases that an event must, may or must not
// contain.

/// `word "a phrase" -excluded ?either ?or %expression%`.
struct TermFilter: Hashable, Sendable {
    enum Term: Hashable, Sendable {
        case text(Needle)
        case expression(LinearRegex)

        func occurs(in text: ArraySlice<UInt8>) -> Bool {
            switch self {
            case .text(let needle): needle.end(in: text) != nil
            case .expression(let expression): expression.matches(text)
            }
        }
    }

    private var required: [Term] = []
    private var alternatives: [Term] = []
    private var excluded: [Term] = []

    init(_ scanner: inout PatternScanner) throws(FilterPatternError) {
        scanner.skipBlanks()
        while let byte = scanner.current {
            switch byte {
            case UInt8(ascii: "-"):
                scanner.position += 1
                excluded.append(try Self.term(&scanner))
            case UInt8(ascii: "?"):
                scanner.position += 1
                alternatives.append(try Self.term(&scanner))
            default: required.append(try Self.term(&scanner))
            }
            scanner.skipBlanks()
        }
    }

    func matches(_ text: ArraySlice<UInt8>) -> Bool {
        guard required.allSatisfy({ $0.occurs(in: text) }) else { return false }
        guard !excluded.contains(where: { $0.occurs(in: text) }) else { return false }
        // AWS ignores optional terms beside terms of another sort.
        guard required.isEmpty, excluded.isEmpty, !alternatives.isEmpty else { return true }
        return alternatives.contains { $0.occurs(in: text) }
    }

    private static func term(_ scanner: inout PatternScanner) throws(FilterPatternError) -> Term {
        switch scanner.current {
        case UInt8(ascii: "\""): return .text(Needle(try scanner.quoted()))
        case UInt8(ascii: "%"): return .expression(try scanner.regularExpression())
        default:
            let word = Array(scanner.run(until: PatternScanner.isBlank))
            guard !word.isEmpty else { throw FilterPatternError() }
            guard word.allSatisfy(isWordCharacter) else {
                throw FilterPatternError(
                    "Invalid character(s) in term '\(String(decoding: word, as: UTF8.self))'")
            }
            return .text(Needle(word))
        }
    }

    /// Everything else must stand between quotes.
    private static func isWordCharacter(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (byte >= 0x30 && byte <= 0x39) || byte == UInt8(ascii: "_")
            || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
    }
}
