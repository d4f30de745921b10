// SPDX-License-Identifier: Apache-2.0
// Bytes to JSON tree. Iterative, so that depth costs heap and is bounded; it never traps and
// refuses everything RFC 8259 refuses.

/// Why a text is not JSON, with the byte offset where that showed.
package struct JSONSyntaxError: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        case unexpectedEnd, unexpectedByte, tooDeep, badString, badNumber, trailingBytes
        case repeatedName
    }
    package let reason: Reason
    package let offset: Int

    package init(reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONValue {
    /// Depth that no AWS document reaches; beyond it the text is refused.
    package static let depthMax = 512

    /// Parses a whole text: one value with nothing but white space around it.
    ///
    /// A name repeated in an object takes the last value, unless `refusesRepeatedNames`.
    package init(
        parsing bytes: some Collection<UInt8>, depthMax: Int = depthMax,
        refusesRepeatedNames: Bool = false
    ) throws(JSONSyntaxError) {
        var parser = JSONParser(bytes: Array(bytes), depthMax: depthMax)
        parser.refusesRepeatedNames = refusesRepeatedNames
        self = try parser.document()
    }

    /// Parses a string's UTF-8.
    package init(parsing text: String, depthMax: Int = depthMax) throws(JSONSyntaxError) {
        try self.init(parsing: text.utf8, depthMax: depthMax)
    }
}

/// The open containers are an explicit stack; there is no recursion.
private struct JSONParser {
    /// A container that is not ended yet; changed where it lies, since a copy of its members for
    /// each further one would make wide texts quadratic.
    private struct Open {
        var items: [JSONValue] = []
        var object = JSONObject()
        /// Of the member whose value comes next; `nil` in an array.
        var name: String?
    }

    let bytes: [UInt8]
    let depthMax: Int
    var refusesRepeatedNames = false
    var position = 0
    private var stack: [Open] = []

    init(bytes: [UInt8], depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
    }

    mutating func document() throws(JSONSyntaxError) -> JSONValue {
        while true {
            skipSpace()
            guard var value = try valueOrOpen() else { continue }
            while true {
                guard !stack.isEmpty else {
                    skipSpace()
                    guard position == bytes.count else { throw error(.trailingBytes) }
                    return value
                }
                guard let closed = try append(value) else { break }
                value = closed
            }
        }
    }

    /// Adds a finished value to the innermost container; the container itself if that ended it.
    private mutating func append(_ value: JSONValue) throws(JSONSyntaxError) -> JSONValue? {
        skipSpace()
        let separator = try next()
        let top = stack.count - 1
        guard let name = stack[top].name else {
            stack[top].items.append(value)
            if separator == UInt8(ascii: "]") { return .array(stack.removeLast().items) }
            guard separator == UInt8(ascii: ",") else { throw error(.unexpectedByte, back: 1) }
            return nil
        }
        if refusesRepeatedNames, stack[top].object[name] != nil { throw error(.repeatedName) }
        stack[top].object[name] = value
        if separator == UInt8(ascii: "}") { return .object(stack.removeLast().object) }
        guard separator == UInt8(ascii: ",") else { throw error(.unexpectedByte, back: 1) }
        skipSpace()
        guard try next() == UInt8(ascii: "\"") else { throw error(.unexpectedByte, back: 1) }
        stack[top].name = try memberName()
        return nil
    }

    /// A scalar or empty container, or `nil` after opening a container.
    private mutating func valueOrOpen() throws(JSONSyntaxError) -> JSONValue? {
        switch try next() {
        case UInt8(ascii: "{"):
            guard stack.count < depthMax else { throw error(.tooDeep) }
            skipSpace()
            switch try next() {
            case UInt8(ascii: "}"): return .object(JSONObject())
            case UInt8(ascii: "\""):
                stack.append(Open(name: try memberName()))
                return nil
            default: throw error(.unexpectedByte, back: 1)
            }
        case UInt8(ascii: "["):
            guard stack.count < depthMax else { throw error(.tooDeep) }
            skipSpace()
            if position < bytes.count, bytes[position] == UInt8(ascii: "]") {
                position += 1
                return .array([])
            }
            stack.append(Open())
            return nil
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("rue", .bool(true))
        case UInt8(ascii: "f"): return try word("alse", .bool(false))
        case UInt8(ascii: "n"): return try word("ull", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            position -= 1
            return try number()
        default: throw error(.unexpectedByte, back: 1)
        }
    }

    private mutating func memberName() throws(JSONSyntaxError) -> String {
        let name = try string()
        skipSpace()
        guard try next() == UInt8(ascii: ":") else { throw error(.unexpectedByte, back: 1) }
        return name
    }

    private mutating func word(_ rest: StaticString, _ value: JSONValue) throws(JSONSyntaxError)
        -> JSONValue
    {
        for expected in UnsafeBufferPointer(start: rest.utf8Start, count: rest.utf8CodeUnitCount) {
            guard try next() == expected else { throw error(.unexpectedByte, back: 1) }
        }
        return value
    }

    /// The rest of a string whose opening quote has been read.
    private mutating func string() throws(JSONSyntaxError) -> String {
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""),
            bytes[position] != UInt8(ascii: "\\"), bytes[position] >= 0x20
        {
            position += 1
        }
        guard position < bytes.count else { throw error(.unexpectedEnd) }
        var text = Array(bytes[start..<position])
        while true {
            let byte = try next()
            switch byte {
            case UInt8(ascii: "\""):
                guard let valid = String(validating: text, as: UTF8.self) else {
                    throw JSONSyntaxError(reason: .badString, offset: start)
                }
                return valid
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw error(.badString, back: 1)
            default: text.append(byte)
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONSyntaxError) {
        switch try next() {
        case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexQuad()
            if (0xD800..<0xDC00).contains(code) {
                guard try next() == UInt8(ascii: "\\"), try next() == UInt8(ascii: "u") else {
                    throw error(.badString, back: 1)
                }
                let low = try hexQuad()
                guard (0xDC00..<0xE000).contains(low) else { throw error(.badString) }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error(.badString) }
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw error(.badString, back: 1)
        }
    }

    private mutating func hexQuad() throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Hex.digit(try next()) else { throw error(.badString, back: 1) }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = position
        skip(UInt8(ascii: "-"))
        let integerStart = position
        skipDigits()
        guard position > integerStart,
            bytes[integerStart] != UInt8(ascii: "0") || position == integerStart + 1
        else { throw error(.badNumber) }
        var isInteger = true
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            let fractionStart = position
            skipDigits()
            guard position > fractionStart else { throw error(.badNumber) }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if !skip(UInt8(ascii: "+")) { skip(UInt8(ascii: "-")) }
            let exponentStart = position
            skipDigits()
            guard position > exponentStart else { throw error(.badNumber) }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw error(.badNumber) }
        return .double(value)
    }

    @discardableResult
    private mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipDigits() {
        while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 {
            position += 1
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

    private mutating func next() throws(JSONSyntaxError) -> UInt8 {
        guard position < bytes.count else { throw error(.unexpectedEnd) }
        defer { position += 1 }
        return bytes[position]
    }

    private func error(_ reason: JSONSyntaxError.Reason, back: Int = 0) -> JSONSyntaxError {
        JSONSyntaxError(reason: reason, offset: position - back)
    }
}
