// SPDX-License-Identifier: Apache-2.0
// Patterns for ARNs. Each of the six parts is matched by itself, so that a `*` in one part never
// swallows a colon and reaches into the next; only the last part may hold colons.

/// A pattern for an ARN, or for everything.
struct ARNPattern: Hashable, Sendable {
    /// Empty for the pattern that matches everything.
    private let parts: [PolicyText]

    private static let partCount = 6

    var matchesAll: Bool { parts.isEmpty }

    /// The keys of the variables in it.
    var variableKeys: [ConditionKey] { parts.flatMap(\.variableKeys) }

    /// Whether a variable stands before the last part, where a `Resource` may have none.
    var hasEarlyVariable: Bool { parts.dropLast().contains { !$0.variableKeys.isEmpty } }

    /// Whether a variable in it has neither a value nor a fallback.
    func lacksValue(_ variable: (ConditionKey) -> String?) -> Bool {
        parts.contains { $0.lacksValue(variable) }
    }

    /// Reads `*` or an ARN pattern; trailing parts left out match anything, as on AWS.
    ///
    /// Returns `nil` when the text is not in ARN form.
    init?(_ text: String, syntax: PolicyText.Syntax) throws(MalformedPolicy) {
        var open: [[PolicyText.Part]] = [[]]
        for part in try PolicyText.parts(of: text, syntax: syntax) {
            guard case .literal(let bytes) = part else {
                open[open.count - 1].append(part)
                continue
            }
            let pieces = bytes.split(
                separator: UInt8(ascii: ":"), maxSplits: Self.partCount - open.count,
                omittingEmptySubsequences: false)
            for (position, piece) in pieces.enumerated() {
                if position > 0 { open.append([]) }
                if !piece.isEmpty { open[open.count - 1].append(.literal(Array(piece))) }
            }
        }
        if open == [[.star]] {
            parts = []
            return
        }
        guard open[0] == [.literal(Array("arn".utf8))], open.count >= 3
        else { return nil }
        while open.count < Self.partCount { open.append([.star]) }
        parts = open.map(PolicyText.init)
    }

    /// Whether it matches an ARN split by `ARNParts`; what is no ARN is matched by `*` alone.
    func matches(_ arn: ARNParts, variable: (ConditionKey) -> String?) -> Bool {
        if parts.isEmpty { return true }
        guard arn.ranges.count == parts.count else { return false }
        for (part, range) in zip(parts, arn.ranges)
        where !part.matches(arn.bytes, in: range, variable: variable) {
            return false
        }
        return true
    }
}

/// An ARN as bytes with the borders of its parts.
struct ARNParts: Sendable {
    let bytes: [UInt8]
    /// Six ranges, or none where the text is not an ARN.
    let ranges: [Range<Int>]

    init(_ text: String) {
        bytes = Array(text.utf8)
        var ranges: [Range<Int>] = []
        var start = 0
        for (position, byte) in bytes.enumerated() {
            guard ranges.count < 5, byte == UInt8(ascii: ":") else { continue }
            ranges.append(start..<position)
            start = position + 1
        }
        ranges.append(start..<bytes.count)
        self.ranges = ranges.count == 6 && text.hasPrefix("arn:") ? ranges : []
    }
}
