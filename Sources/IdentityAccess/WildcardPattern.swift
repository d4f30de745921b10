// SPDX-License-Identifier: Apache-2.0
// Matching with `*` and `?`. Policies come from outside, so the matcher's time is bounded by the
// product of the two lengths and it never recurses.

/// A text in which `*` stands for any run of characters and `?` for exactly one.
struct WildcardPattern: Hashable, Sendable {
    /// A literal byte, or one of the two marks above the byte range.
    private(set) var tokens: [UInt16] = []

    private static let star: UInt16 = 256
    private static let question: UInt16 = 257

    /// Whether the pattern matches every text.
    var matchesAll: Bool { tokens == [Self.star] }

    mutating func append(literal bytes: some Sequence<UInt8>) {
        for byte in bytes { tokens.append(UInt16(byte)) }
    }

    mutating func appendStar() {
        if tokens.last != Self.star { tokens.append(Self.star) }
    }

    mutating func appendQuestion() { tokens.append(Self.question) }

    /// Matches a part of `bytes` whole.
    ///
    /// On a mismatch only the most recent `*` is widened, which is enough since an earlier one
    /// could do no better.
    func matches(_ bytes: [UInt8], in range: Range<Int>) -> Bool {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return false }
        var position = range.lowerBound
        var token = 0
        var retryToken = -1
        var retryPosition = 0
        while position < range.upperBound {
            if token < tokens.count, tokens[token] == Self.star {
                retryToken = token
                retryPosition = position
                token += 1
            } else if token < tokens.count, tokens[token] == Self.question {
                position = Self.endOfCharacter(at: position, in: bytes, before: range.upperBound)
                token += 1
            } else if token < tokens.count, tokens[token] == UInt16(bytes[position]) {
                position += 1
                token += 1
            } else if retryToken >= 0 {
                retryPosition += 1
                position = retryPosition
                token = retryToken + 1
            } else {
                return false
            }
        }
        while token < tokens.count, tokens[token] == Self.star { token += 1 }
        return token == tokens.count
    }

    func matches(_ bytes: [UInt8]) -> Bool { matches(bytes, in: 0..<bytes.count) }

    /// The byte after the UTF-8 sequence that starts at `position`.
    private static func endOfCharacter(
        at position: Int, in bytes: [UInt8], before end: Int
    ) -> Int {
        var next = position + 1
        while next < end, bytes[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}
