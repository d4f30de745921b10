// SPDX-License-Identifier: Apache-2.0
// The regular expressions of filter patterns: AWS allows neither groups nor references in them,
// so an expression is a choice of sequences, and matching is a walk with a set of states that
// never goes back.

/// An expression as AWS's filter patterns allow it, compiled.
///
/// Searching takes time proportional to the text times the number of states, which is bounded.
struct LinearRegex: Hashable, Sendable {
    /// One character of the text, and whether it may be missing or come again.
    struct Step: Hashable, Sendable {
        var characters: CharacterSet
        var isOptional = false
        var repeats = false
    }

    /// One alternative.
    struct Sequence: Hashable, Sendable {
        var steps: [Step] = []
        var fromStart = false
        var toEnd = false
    }

    /// ASCII characters, and all others together.
    struct CharacterSet: Hashable, Sendable {
        var low: UInt64 = 0
        var high: UInt64 = 0
        var beyondASCII = false

        func contains(_ byte: UInt8) -> Bool {
            if byte < 64 { return low >> UInt64(byte) & 1 == 1 }
            if byte < 128 { return high >> UInt64(byte - 64) & 1 == 1 }
            return beyondASCII
        }

        mutating func insert(_ byte: UInt8) {
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
        }

        mutating func formUnion(_ other: CharacterSet) {
            low |= other.low
            high |= other.high
            beyondASCII = beyondASCII || other.beyondASCII
        }

        var inverted: CharacterSet {
            CharacterSet(low: ~low, high: ~high, beyondASCII: !beyondASCII)
        }
    }

    /// States of all alternatives together.
    static let stepsMax = 256

    let sequences: [Sequence]

    init(_ pattern: ArraySlice<UInt8>) throws(FilterPatternError) {
        var parser = LinearRegexParser(bytes: Array(pattern))
        sequences = try parser.sequences()
    }

    /// Whether the expression is found anywhere in `text`.
    func matches(_ text: ArraySlice<UInt8>) -> Bool {
        sequences.contains { $0.matches(text) }
    }
}

extension LinearRegex.Sequence {
    func matches(_ text: ArraySlice<UInt8>) -> Bool {
        var states = [Bool](repeating: false, count: steps.count + 1)
        var next = states
        enter(0, &states)
        if states[steps.count], !toEnd || text.isEmpty { return true }
        for byte in text where byte & 0xC0 != 0x80 {
            for index in next.indices { next[index] = false }
            for index in steps.indices where states[index] {
                guard steps[index].characters.contains(byte) else { continue }
                if steps[index].repeats { enter(index, &next) }
                enter(index + 1, &next)
            }
            if !fromStart { enter(0, &next) }
            swap(&states, &next)
            if states[steps.count], !toEnd { return true }
        }
        return states[steps.count]
    }

    /// Marks a state and those reached from it without reading.
    private func enter(_ index: Int, _ states: inout [Bool]) {
        var index = index
        while !states[index] {
            states[index] = true
            guard index < steps.count, steps[index].isOptional else { return }
            index += 1
        }
    }
}
