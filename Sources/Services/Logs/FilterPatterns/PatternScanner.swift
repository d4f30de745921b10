// SPDX-License-Identifier: Apache-2.0
// A cursor over the bytes of a filter pattern, with what its three dialects have in common:
// blanks, quoted texts and regular expressions between percent signs.

/// Why a filter pattern is refused, in words for the client.
struct FilterPatternError: Error, Hashable {
    let message: String

    init(_ message: String = "Invalid filter pattern") { self.message = message }
}

/// A position in a pattern.
struct PatternScanner {
    let bytes: [UInt8]
    var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position >= bytes.count }

    /// The byte here, `nil` at the end.
    var current: UInt8? { peek(0) }

    func peek(_ distance: Int) -> UInt8? {
        let index = position + distance
        return bytes.indices.contains(index) ? bytes[index] : nil
    }

    mutating func skipBlanks() {
        while let byte = current, PatternScanner.isBlank(byte) { position += 1 }
    }

    /// Passes over `text` if it is here.
    mutating func take(_ text: StaticString) -> Bool {
        let wanted = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes.count - position >= wanted.count,
            bytes[position..<position + wanted.count].elementsEqual(wanted)
        else { return false }
        position += wanted.count
        return true
    }

    mutating func expect(_ text: StaticString) throws(FilterPatternError) {
        guard take(text) else { throw FilterPatternError() }
    }

    /// Bytes up to the first that `ends` or the end of the pattern.
    mutating func run(until ends: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = position
        while let byte = current, !ends(byte) { position += 1 }
        return bytes[start..<position]
    }

    /// The content of a text between double quotes, of which the first is here.
    ///
    /// A backslash takes the next character literally.
    mutating func quoted() throws(FilterPatternError) -> [UInt8] {
        position += 1
        var content: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return content
            case UInt8(ascii: "\\"):
                guard let escaped = current else { throw FilterPatternError() }
                if escaped != UInt8(ascii: "\""), escaped != UInt8(ascii: "\\") {
                    content.append(byte)
                }
                content.append(escaped)
                position += 1
            default: content.append(byte)
            }
        }
        throw FilterPatternError()
    }

    /// The expression between percent signs, of which the first is here.
    mutating func regularExpression() throws(FilterPatternError) -> LinearRegex {
        position += 1
        let start = position
        while let byte = current, byte != UInt8(ascii: "%") {
            position += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < bytes.count else { throw FilterPatternError() }
        let expression = try LinearRegex(bytes[start..<position])
        position += 1
        return expression
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (byte >= 0x09 && byte <= 0x0D)
    }
}
