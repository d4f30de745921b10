// SPDX-License-Identifier: Apache-2.0
// Parsing of the regular expressions in service models, and their programs for the matcher.
// Look-around, back-references and lazy or possessive repeats are outside the subset.

/// A set of Unicode scalars as ranges and general properties.
struct ScalarSet: Sendable {
    /// A property beyond plain ranges.
    enum Property: Sendable { case letter, separator, number }

    var ranges: [ClosedRange<UInt32>] = []
    var properties: [Property] = []
    /// Sets nested by a negated escape such as `\S` inside brackets.
    var parts: [ScalarSet] = []
    var isNegated = false

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        let isIn =
            ranges.contains { $0.contains(value) }
            || properties.contains { Self.has(scalar, $0) }
            || parts.contains { $0.contains(scalar) }
        return isIn != isNegated
    }

    private static func has(_ scalar: Unicode.Scalar, _ property: Property) -> Bool {
        let category = scalar.properties.generalCategory
        return switch (property, category) {
        case (.letter, .uppercaseLetter), (.letter, .lowercaseLetter),
            (.letter, .titlecaseLetter), (.letter, .modifierLetter), (.letter, .otherLetter),
            (.separator, .spaceSeparator), (.separator, .lineSeparator),
            (.separator, .paragraphSeparator), (.number, .decimalNumber),
            (.number, .letterNumber), (.number, .otherNumber):
            true
        default: false
        }
    }

    static let digits = ScalarSet(ranges: [0x30...0x39])
    static let word = ScalarSet(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarSet(ranges: [0x09...0x0D, 0x20...0x20])
    static let anyButLineEnd = ScalarSet(
        ranges: [0x0A...0x0A, 0x0D...0x0D, 0x85...0x85, 0x2028...0x2029], isNegated: true)

    var negated: ScalarSet {
        var copy = self
        copy.isNegated.toggle()
        return copy
    }
}

/// A parsed pattern.
indirect enum PatternNode: Sendable {
    case empty
    case set(ScalarSet)
    case sequence([PatternNode])
    case choice([PatternNode])
    case `repeat`(PatternNode, min: Int, max: Int?)
    case start, end
}

/// A recursive descent over a pattern of the models; patterns are ours, texts are not.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

    /// The whole pattern; `nil` if some of it is outside the subset.
    mutating func parse() -> PatternNode? {
        guard let node = choice(), position == scalars.count else { return nil }
        return node
    }

    private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        position += 1
        return true
    }

    private mutating func choice() -> PatternNode? {
        depth += 1
        defer { depth -= 1 }
        guard depth < 50 else { return nil }
        var branches: [PatternNode] = []
        repeat {
            guard let branch = sequence() else { return nil }
            branches.append(branch)
        } while take("|")
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() -> PatternNode? {
        var nodes: [PatternNode] = []
        while let next = peek, next != "|", next != ")" {
            guard let atom = atom(), let node = repeated(atom) else { return nil }
            nodes.append(node)
        }
        return nodes.isEmpty ? .empty : .sequence(nodes)
    }

    private mutating func repeated(_ atom: PatternNode) -> PatternNode? {
        var node = atom
        while let next = peek {
            switch next {
            case "*": node = .repeat(node, min: 0, max: nil)
            case "+": node = .repeat(node, min: 1, max: nil)
            case "?": node = .repeat(node, min: 0, max: 1)
            case "{":
                guard let bounds = bounds() else { return nil }
                node = .repeat(node, min: bounds.min, max: bounds.max)
                continue
            default: return node
            }
            position += 1
            // A second mark makes a repeat lazy or possessive, which whole matches of a lazy
            // one would not notice; no model needs either.
            if let mark = peek, mark == "?" || mark == "+" || mark == "*" { return nil }
        }
        return node
    }

    private mutating func bounds() -> (min: Int, max: Int?)? {
        guard take("{"), let min = number() else { return nil }
        if take("}") { return (min, min) }
        guard take(",") else { return nil }
        if take("}") { return (min, nil) }
        guard let max = number(), max >= min, take("}") else { return nil }
        return (min, max)
    }

    private mutating func number() -> Int? {
        var text = ""
        while let next = peek, ("0"..."9").contains(next), text.count < 6 {
            text.unicodeScalars.append(next)
            position += 1
        }
        return Int(text)
    }

    private mutating func atom() -> PatternNode? {
        guard let next = peek else { return nil }
        position += 1
        switch next {
        case "(":
            if take("?"), !take(":") { return nil }
            guard let inner = choice(), take(")") else { return nil }
            return inner
        case "[": return bracket().map(PatternNode.set)
        case ".": return .set(.anyButLineEnd)
        case "^": return .start
        case "$": return .end
        case "\\": return escape().map(PatternNode.set)
        case "*", "+", "?": return nil
        default: return .set(ScalarSet(ranges: [next.value...next.value]))
        }
    }

    private mutating func bracket() -> ScalarSet? {
        var set = ScalarSet()
        set.isNegated = take("^")
        var isFirst = true
        while let next = peek, next != "]" || isFirst {
            isFirst = false
            guard let low = bracketItem() else { return nil }
            guard let lowValue = low.single, peek == "-", position + 1 < scalars.count,
                scalars[position + 1] != "]"
            else {
                set.parts.append(low)
                continue
            }
            position += 1
            guard let high = bracketItem() else { return nil }
            guard let highValue = high.single else {
                // `[a-\w]`: the dash is a plain one.
                set.parts += [low, high, ScalarSet(ranges: [0x2D...0x2D])]
                continue
            }
            guard lowValue <= highValue else { return nil }
            set.ranges.append(lowValue...highValue)
        }
        guard take("]") else { return nil }
        return set
    }

    private mutating func bracketItem() -> ScalarSet? {
        guard let next = peek else { return nil }
        position += 1
        switch next {
        case "\\": return escape()
        case "[": return nil
        default: return ScalarSet(ranges: [next.value...next.value])
        }
    }

    private mutating func escape() -> ScalarSet? {
        guard let next = peek else { return nil }
        position += 1
        switch next {
        case "d": return .digits
        case "D": return .digits.negated
        case "w": return .word
        case "W": return .word.negated
        case "s": return .space
        case "S": return .space.negated
        case "n": return ScalarSet(ranges: [0x0A...0x0A])
        case "r": return ScalarSet(ranges: [0x0D...0x0D])
        case "t": return ScalarSet(ranges: [0x09...0x09])
        case "x": return hex(2)
        case "u": return supplementary() ?? hex(4)
        case "p": return property()
        case "a"..."z", "A"..."Z", "0"..."9": return nil
        default: return ScalarSet(ranges: [next.value...next.value])
        }
    }

    /// `\u10000` and `\u10FFFF` mean the scalars that they spell, in AWS's models.
    private mutating func supplementary() -> ScalarSet? {
        for (text, value) in [("10FFFF", UInt32(0x10FFFF)), ("10000", 0x10000)]
        where scalars[position...].starts(with: text.unicodeScalars) {
            position += text.count
            return ScalarSet(ranges: [value...value])
        }
        return nil
    }

    private mutating func hex(_ count: Int) -> ScalarSet? {
        guard position + count <= scalars.count else { return nil }
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars[position..<position + count])
        position += count
        return UInt32(text, radix: 16).map { ScalarSet(ranges: [$0...$0]) }
    }

    private mutating func property() -> ScalarSet? {
        guard take("{"), let name = peek else { return nil }
        position += 1
        guard take("}") else { return nil }
        switch name {
        case "L": return ScalarSet(properties: [.letter])
        case "Z": return ScalarSet(properties: [.separator])
        case "N": return ScalarSet(properties: [.number])
        default: return nil
        }
    }
}

extension ScalarSet {
    /// The one scalar value of a set that has just one.
    fileprivate var single: UInt32? {
        guard !isNegated, properties.isEmpty, parts.isEmpty, ranges.count == 1,
            ranges[0].lowerBound == ranges[0].upperBound
        else { return nil }
        return ranges[0].lowerBound
    }
}
