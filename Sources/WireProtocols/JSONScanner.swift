// SPDX-License-Identifier: Apache-2.0
// The lexical side of JSON over a byte buffer: every access is checked against its end, nothing
// recurses, and all that is malformed ends as a `WireReadError`.

import Basics
import WireModel

/// A cursor over JSON text.
struct JSONScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    private(set) var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    static let malformed = WireReadError("Unable to parse the request body as JSON")

    // MARK: Structure

    /// The next byte that is not white space, without taking it; 0 at the end.
    var peek: UInt8 {
        mutating get {
            skipSpace()
            return position < bytes.count ? bytes[position] : 0
        }
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    mutating func end() throws(WireReadError) {
        skipSpace()
        guard position == bytes.count else { throw Self.malformed }
    }

    mutating func open(_ bracket: UInt8, as kind: String) throws(WireReadError) {
        guard peek == bracket else { throw mismatch(kind) }
        position += 1
    }

    /// Whether another entry follows in the container that `close` ends; takes the separator.
    mutating func entry(before close: UInt8, isFirst: inout Bool) throws(WireReadError) -> Bool {
        let next = peek
        if isFirst {
            isFirst = false
            guard next == close else { return true }
            position += 1
            return false
        }
        if next == close {
            position += 1
            return false
        }
        guard next == UInt8(ascii: ",") else { throw Self.malformed }
        position += 1
        return true
    }

    mutating func colon() throws(WireReadError) {
        guard peek == UInt8(ascii: ":") else { throw Self.malformed }
        position += 1
        skipSpace()
    }

    /// Takes a `null` if one is next.
    mutating func null() throws(WireReadError) -> Bool {
        guard peek == UInt8(ascii: "n") else { return false }
        try word("null")
        return true
    }

    private mutating func word(_ word: StaticString) throws(WireReadError) {
        let count = word.utf8CodeUnitCount
        guard bytes.count - position >= count else { throw Self.malformed }
        for offset in 0..<count where bytes[position + offset] != word.utf8Start[offset] {
            throw Self.malformed
        }
        position += count
    }

    /// What the client sent where something else was due, in the words of AWS's parser.
    mutating func mismatch(_ kind: String) -> WireReadError {
        let token: String
        switch peek {
        case UInt8(ascii: "\""): token = "STRING_VALUE"
        case UInt8(ascii: "{"):
            return WireReadError("Start of structure or map found where not expected.")
        case UInt8(ascii: "["): return WireReadError("Start of list found where not expected")
        case UInt8(ascii: "t"): token = "TRUE_VALUE"
        case UInt8(ascii: "f"): token = "FALSE_VALUE"
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): token = "NUMBER_VALUE"
        default: return Self.malformed
        }
        return WireReadError("\(token) can not be converted to a \(kind)")
    }

    // MARK: Strings

    /// A key without escapes, as its bytes; `nil` (and nothing taken) if it has some.
    mutating func plainKey() throws(WireReadError) -> Slice<UnsafeBufferPointer<UInt8>>? {
        guard peek == UInt8(ascii: "\"") else { throw Self.malformed }
        let start = position + 1
        let end = stringStop(from: start)
        guard end < bytes.count else { throw Self.malformed }
        guard bytes[end] == UInt8(ascii: "\"") else {
            guard bytes[end] == UInt8(ascii: "\\") else { throw Self.malformed }
            return nil
        }
        position = end + 1
        return bytes[start..<end]
    }

    mutating func key() throws(WireReadError) -> String {
        guard peek == UInt8(ascii: "\"") else { throw Self.malformed }
        return try string("Key")
    }

    mutating func string(_ kind: String) throws(WireReadError) -> String {
        guard peek == UInt8(ascii: "\"") else { throw mismatch(kind) }
        let start = position + 1
        let end = stringStop(from: start)
        guard end < bytes.count else { throw Self.malformed }
        if bytes[end] == UInt8(ascii: "\"") {
            position = end + 1
            return try valid(UnsafeBufferPointer(rebasing: bytes[start..<end]))
        }
        let text = try unescaped()
        return try text.withUnsafeBufferPointer { buffer throws(WireReadError) in
            try valid(buffer)
        }
    }

    private func valid(_ buffer: UnsafeBufferPointer<UInt8>) throws(WireReadError) -> String {
        guard let text = String(validating: buffer, as: UTF8.self) else {
            throw WireReadError("The request body is not valid UTF-8")
        }
        return text
    }

    private func stringStop(from start: Int) -> Int { JSONText.stop(in: bytes, from: start) }

    /// The bytes of a string with escapes; the cursor is at its opening quote.
    private mutating func unescaped() throws(WireReadError) -> [UInt8] {
        var text: [UInt8] = []
        // Most texts fit; what is longer grows as it is read, not on the word of the length.
        text.reserveCapacity(min(bytes.count - position, 2_048))
        position += 1
        while true {
            let stop = stringStop(from: position)
            guard stop < bytes.count else { throw Self.malformed }
            text.append(contentsOf: bytes[position..<stop])
            position = stop + 1
            switch bytes[stop] {
            case UInt8(ascii: "\""): return text
            case UInt8(ascii: "\\"): try escape(into: &text)
            default: throw Self.malformed
            }
        }
    }

    private mutating func next() throws(WireReadError) -> UInt8 {
        guard position < bytes.count else { throw Self.malformed }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func escape(into text: inout [UInt8]) throws(WireReadError) {
        switch try next() {
        case UInt8(ascii: "\""): text.append(0x22)
        case UInt8(ascii: "\\"): text.append(0x5C)
        case UInt8(ascii: "/"): text.append(0x2F)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try escapedScalar()
            for unit in String(Character(scalar)).utf8 { text.append(unit) }
        default: throw Self.malformed
        }
    }

    private mutating func escapedScalar() throws(WireReadError) -> Unicode.Scalar {
        var code = try hexQuad()
        if (0xD800..<0xDC00).contains(code) {
            guard try next() == UInt8(ascii: "\\"), try next() == UInt8(ascii: "u") else {
                throw Self.malformed
            }
            let low = try hexQuad()
            guard (0xDC00..<0xE000).contains(low) else { throw Self.malformed }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw Self.malformed }
        return scalar
    }

    private mutating func hexQuad() throws(WireReadError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Hex.digit(try next()) else { throw Self.malformed }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    mutating func base64() throws(WireReadError) -> [UInt8] {
        guard peek == UInt8(ascii: "\"") else { throw mismatch("Blob") }
        let start = position + 1
        let end = stringStop(from: start)
        guard end < bytes.count else { throw Self.malformed }
        var decoded: [UInt8]?
        if bytes[end] == UInt8(ascii: "\"") {
            position = end + 1
            decoded = Base64Bytes.decode(UnsafeBufferPointer(rebasing: bytes[start..<end]))
        } else {
            decoded = try unescaped().withUnsafeBufferPointer { Base64Bytes.decode($0) }
        }
        guard let decoded else { throw WireReadError("Blob is not valid base64") }
        return decoded
    }

    // MARK: Words and numbers

    mutating func boolean() throws(WireReadError) -> Bool {
        switch peek {
        case UInt8(ascii: "t"):
            try word("true")
            return true
        case UInt8(ascii: "f"):
            try word("false")
            return false
        default: throw mismatch("Boolean")
        }
    }

    /// The extent of a number; a number's grammar is checked on the way.
    private mutating func number(_ kind: String) throws(WireReadError)
        -> (text: Range<Int>, isInteger: Bool)
    {
        let first = peek
        guard first == UInt8(ascii: "-") || isDigit(first) else { throw mismatch(kind) }
        let start = position
        if first == UInt8(ascii: "-") { position += 1 }
        let integer = position
        skipDigits()
        guard position > integer, bytes[integer] != 0x30 || position == integer + 1 else {
            throw Self.malformed
        }
        var isInteger = true
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            let fraction = position
            skipDigits()
            guard position > fraction else { throw Self.malformed }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < bytes.count, bytes[position] == 0x2B || bytes[position] == 0x2D {
                position += 1
            }
            let exponent = position
            skipDigits()
            guard position > exponent else { throw Self.malformed }
        }
        return (start..<position, isInteger)
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private mutating func skipDigits() {
        while position < bytes.count, isDigit(bytes[position]) { position += 1 }
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    mutating func integer() throws(WireReadError) -> Int64 {
        let (range, isInteger) = try number("Integer")
        if isInteger {
            var value: Int64 = 0
            let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
            for byte in bytes[range].dropFirst(isNegative ? 1 : 0) {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.subtractingReportingOverflow(Int64(byte - 0x30))
                guard !overflow, !carry else { throw WireReadError("Number is out of range") }
                value = sum
            }
            guard isNegative || value != .min else { throw WireReadError("Number is out of range") }
            return isNegative ? value : -value
        }
        guard let value = Double(text(range)), let exact = Int64(exactly: value) else {
            throw WireReadError("NUMBER_VALUE can not be converted to an Integer")
        }
        return exact
    }

    mutating func double() throws(WireReadError) -> Double {
        guard let value = Double(text(try number("Double").text)), value.isFinite else {
            throw WireReadError("Number is out of range")
        }
        return value
    }

    /// Seconds since the epoch with a fraction; milliseconds are rounded to the nearest.
    mutating func timestamp() throws(WireReadError) -> Timestamp {
        guard let value = Double(text(try number("Timestamp").text)) else { throw Self.malformed }
        return try ScalarText.timestamp(epochSeconds: value)
    }

    // MARK: Whole values

    /// Passes over one value, checking its grammar.
    mutating func skipValue() throws(WireReadError) {
        var closers: [UInt8] = []
        var isFirst = false
        while true {
            switch peek {
            case UInt8(ascii: "{"):
                position += 1
                closers.append(UInt8(ascii: "}"))
                isFirst = true
            case UInt8(ascii: "["):
                position += 1
                closers.append(UInt8(ascii: "]"))
                isFirst = true
            default: try skipScalar()
            }
            guard closers.count < JSONValue.depthMax else { throw Self.malformed }
            while let close = closers.last {
                if try entry(before: close, isFirst: &isFirst) {
                    if close == UInt8(ascii: "}") {
                        _ = try key()
                        try colon()
                    }
                    break
                }
                closers.removeLast()
            }
            if closers.isEmpty { return }
        }
    }

    private mutating func skipScalar() throws(WireReadError) {
        switch peek {
        case UInt8(ascii: "\""): _ = try string("String")
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try boolean()
        case UInt8(ascii: "n"): try word("null")
        case 0: throw Self.malformed
        default: _ = try number("Number")
        }
    }

    mutating func document() throws(WireReadError) -> JSONValue {
        skipSpace()
        let start = position
        try skipValue()
        do {
            return try JSONValue(parsing: UnsafeBufferPointer(rebasing: bytes[start..<position]))
        } catch {
            throw Self.malformed
        }
    }
}
