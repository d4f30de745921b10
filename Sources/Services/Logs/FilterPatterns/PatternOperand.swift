// SPDX-License-Identifier: Apache-2.0
// The right-hand side of a comparison in a filter pattern, and comparing with it.

enum PatternComparison: Hashable, Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual

    /// Whether it asks for an order, which only numbers have.
    var isOrder: Bool {
        switch self {
        case .equal, .notEqual: false
        default: true
        }
    }

    func holds(_ left: Double, _ right: Double) -> Bool {
        switch self {
        case .equal: left == right
        case .notEqual: left != right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        }
    }
}

/// A number, a text with wildcards, or a regular expression.
struct PatternOperand: Hashable, Sendable {
    private enum Form: Hashable, Sendable {
        case text(WildcardText)
        case number(Double, WildcardText)
        case expression(LinearRegex)
    }

    private let form: Form

    /// Reads an operand; a bare one ends where `ends` says.
    init(
        _ scanner: inout PatternScanner, for comparison: PatternComparison,
        until ends: (UInt8) -> Bool
    ) throws(FilterPatternError) {
        switch scanner.current {
        case UInt8(ascii: "\""): form = .text(WildcardText(try scanner.quoted()))
        case UInt8(ascii: "%"): form = .expression(try scanner.regularExpression())
        default:
            let word = scanner.run { PatternScanner.isBlank($0) || ends($0) }
            guard !word.isEmpty, !word.contains(UInt8(ascii: "=")) else {
                throw FilterPatternError()
            }
            let text = String(decoding: word, as: UTF8.self)
            form =
                Self.number(text).map { .number($0, WildcardText(word)) }
                ?? .text(WildcardText(word))
        }
        if comparison.isOrder {
            guard case .number = form else { throw FilterPatternError() }
        }
    }

    /// Whether `text`, which is also `number` where it is one, compares as asked.
    func compares(
        _ text: ArraySlice<UInt8>, number: @autoclosure () -> Double?,
        _ comparison: PatternComparison
    ) -> Bool {
        switch form {
        case .number(let wanted, let pattern):
            if let number = number() { return comparison.holds(number, wanted) }
            if comparison.isOrder { return false }
            return pattern.matches(text) == (comparison == .equal)
        case .text(let pattern): return pattern.matches(text) == (comparison == .equal)
        case .expression(let expression):
            return expression.matches(text) == (comparison == .equal)
        }
    }

    /// A decimal number; not the `inf`, `nan` and hexadecimal forms that Swift reads too.
    static func number(_ text: String) -> Double? {
        let isPlain = text.utf8.allSatisfy {
            ($0 >= 0x30 && $0 <= 0x39) || "+-.eE".utf8.contains($0)
        }
        return isPlain ? Double(text) : nil
    }
}

extension PatternScanner {
    mutating func comparison() throws(FilterPatternError) -> PatternComparison {
        if take("!=") { return .notEqual }
        if take("<=") { return .lessOrEqual }
        if take(">=") { return .greaterOrEqual }
        if take("<") { return .less }
        if take(">") { return .greater }
        if take("=") { return .equal }
        throw FilterPatternError()
    }
}
