// SPDX-License-Identifier: Apache-2.0
// Filter patterns as FilterLogEvents takes them: which of the three dialects one is written in.

/// A compiled filter pattern.
///
/// Matching takes time linear in the event; compiling is bounded by the pattern's length.
enum FilterPattern: Sendable {
    /// The empty pattern.
    case everything
    case terms(TermFilter)
    case json(JSONFilter)
    case fields(FieldFilter)

    /// Compiles a pattern, or says why it is none.
    init(_ text: String) throws(FilterPatternError) {
        var scanner = PatternScanner(text)
        scanner.skipBlanks()
        switch scanner.current {
        case nil: self = .everything
        case UInt8(ascii: "{"): self = .json(try JSONFilter(&scanner))
        case UInt8(ascii: "["): self = .fields(try FieldFilter(&scanner))
        default: self = .terms(try TermFilter(&scanner))
        }
        scanner.skipBlanks()
        guard scanner.isAtEnd else { throw FilterPatternError() }
    }

    /// Whether the event's message is what the pattern asks for.
    func matches(_ message: [UInt8]) -> Bool {
        switch self {
        case .everything: true
        case .terms(let filter): filter.matches(message[...])
        case .json(let filter): filter.matches(message)
        case .fields(let filter): filter.matches(message)
        }
    }
}
