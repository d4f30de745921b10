// SPDX-License-Identifier: Apache-2.0
// Reads the regular expressions that filter patterns allow: letters, digits, the symbols
// `_ # = @ / ; , - : ` and blank, and the operators `^ $ ? [ ] { } | \ * + .`.

struct LinearRegexParser {
    typealias CharacterSet = LinearRegex.CharacterSet

    let bytes: [UInt8]
    private var position = 0
    private var stepCount = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func sequences() throws(FilterPatternError) -> [LinearRegex.Sequence] {
        guard !bytes.isEmpty else { throw FilterPatternError() }
        var result = [try sequence()]
        while current == UInt8(ascii: "|") {
            position += 1
            result.append(try sequence())
        }
        guard position == bytes.count else { throw FilterPatternError() }
        return result
    }

    private mutating func sequence() throws(FilterPatternError) -> LinearRegex.Sequence {
        var result = LinearRegex.Sequence()
        if current == UInt8(ascii: "^") {
            result.fromStart = true
            position += 1
        }
        while let byte = current, byte != UInt8(ascii: "|") {
            if byte == UInt8(ascii: "$") {
                position += 1
                guard current == nil || current == UInt8(ascii: "|") else {
                    throw FilterPatternError()
                }
                result.toEnd = true
                break
            }
            try appendQuantified(try atom(byte), to: &result)
        }
        return result
    }

    private mutating func atom(_ byte: UInt8) throws(FilterPatternError) -> CharacterSet {
        position += 1
        switch byte {
        case UInt8(ascii: "."): return CharacterSet().inverted
        case UInt8(ascii: "["): return try bracketed()
        case UInt8(ascii: "\\"): return try escaped()
        default:
            guard Self.isPlain(byte) else { throw FilterPatternError() }
            return Self.only(byte)
        }
    }

    private mutating func escaped() throws(FilterPatternError) -> CharacterSet {
        guard let byte = current, byte < 0x80 else { throw FilterPatternError() }
        position += 1
        switch byte {
        case UInt8(ascii: "d"): return Self.digits
        case UInt8(ascii: "D"): return Self.digits.inverted
        case UInt8(ascii: "s"): return Self.blanks
        case UInt8(ascii: "S"): return Self.blanks.inverted
        case UInt8(ascii: "w"): return Self.wordCharacters
        case UInt8(ascii: "W"): return Self.wordCharacters.inverted
        default:
            guard !Self.isLetterOrDigit(byte) else { throw FilterPatternError() }
            return Self.only(byte)
        }
    }

    /// The inside of a bracket expression, after its `[`.
    private mutating func bracketed() throws(FilterPatternError) -> CharacterSet {
        var result = CharacterSet()
        var isInverted = false
        var isEmpty = true
        if current == UInt8(ascii: "^") {
            isInverted = true
            position += 1
        }
        while let byte = current {
            position += 1
            if byte == UInt8(ascii: "]"), !isEmpty { return isInverted ? result.inverted : result }
            guard byte < 0x80 else { throw FilterPatternError() }
            isEmpty = false
            if byte == UInt8(ascii: "\\") {
                result.formUnion(try escaped())
            } else if current == UInt8(ascii: "-"), position + 1 < bytes.count,
                bytes[position + 1] != UInt8(ascii: "]")
            {
                let last = bytes[position + 1]
                guard byte <= last, last < 0x80, last != UInt8(ascii: "\\") else {
                    throw FilterPatternError()
                }
                position += 2
                for member in byte...last { result.insert(member) }
            } else {
                result.insert(byte)
            }
        }
        throw FilterPatternError()
    }

    private mutating func appendQuantified(
        _ characters: CharacterSet, to sequence: inout LinearRegex.Sequence
    ) throws(FilterPatternError) {
        var step = LinearRegex.Step(characters: characters)
        switch current {
        case UInt8(ascii: "*"):
            step.isOptional = true
            step.repeats = true
        case UInt8(ascii: "+"): step.repeats = true
        case UInt8(ascii: "?"): step.isOptional = true
        case UInt8(ascii: "{"):
            try appendCounted(step, to: &sequence)
            return
        default:
            try append(step, to: &sequence)
            return
        }
        position += 1
        try append(step, to: &sequence)
    }

    /// `{n}`, `{n,}` and `{n,m}`.
    private mutating func appendCounted(
        _ step: LinearRegex.Step, to sequence: inout LinearRegex.Sequence
    ) throws(FilterPatternError) {
        position += 1
        guard let least = number() else { throw FilterPatternError() }
        var most: Int? = least
        if current == UInt8(ascii: ",") {
            position += 1
            most = number()
        }
        guard current == UInt8(ascii: "}"), most ?? least >= least else {
            throw FilterPatternError()
        }
        position += 1
        for _ in 0..<least { try append(step, to: &sequence) }
        var optional = step
        optional.isOptional = true
        guard let most else {
            optional.repeats = true
            try append(optional, to: &sequence)
            return
        }
        for _ in least..<most { try append(optional, to: &sequence) }
    }

    private mutating func append(
        _ step: LinearRegex.Step, to sequence: inout LinearRegex.Sequence
    ) throws(FilterPatternError) {
        stepCount += 1
        guard stepCount <= LinearRegex.stepsMax else { throw FilterPatternError() }
        sequence.steps.append(step)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let byte = current, byte >= 0x30, byte <= 0x39, (value ?? 0) <= 1000 {
            value = (value ?? 0) * 10 + Int(byte - 0x30)
            position += 1
        }
        return value
    }

    private static func only(_ byte: UInt8) -> CharacterSet {
        var result = CharacterSet()
        result.insert(byte)
        return result
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || "_#=@/;,-: ".utf8.contains(byte)
    }

    private static func set(_ members: (UInt8) -> Bool) -> CharacterSet {
        var result = CharacterSet()
        for byte in 0..<128 as Range<UInt8> where members(byte) { result.insert(byte) }
        return result
    }

    private static let digits = set { $0 >= 0x30 && $0 <= 0x39 }
    private static let blanks = set(PatternScanner.isBlank)
    private static let wordCharacters = set { isLetterOrDigit($0) || $0 == UInt8(ascii: "_") }
}
