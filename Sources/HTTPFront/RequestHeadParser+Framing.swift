// SPDX-License-Identifier: Apache-2.0
// The fields that decide where a message ends and what happens to its connection. Two readings of
// them are what request smuggling lives on, so whatever is unclear is refused (RFC 9112, 6).

/// What the fields of a head say of its framing.
struct Framing {
    private(set) var hostPosition: Int?
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var expectsContinue = false
    private var asksToClose = false
    private var asksToKeep = false

    /// Notes a field if it is one of those that count.
    mutating func note(
        _ entry: HTTPFields.Entry, at position: Int, of bytes: UnsafeRawBufferPointer
    ) throws(HTTPRejection) {
        let value = UnsafeRawBufferPointer(rebasing: bytes[entry.value])
        let name = UnsafeRawBufferPointer(rebasing: bytes[entry.name])
        // The length sorts out nearly every other field before a byte is compared.
        switch name.count {
        case 4 where name.equals("host"): try noteHost(value, at: position)
        case 6 where name.equals("expect"): try noteExpect(value)
        case 10 where name.equals("connection"): noteConnection(value)
        case 14 where name.equals("content-length"): try noteLength(value)
        case 17 where name.equals("transfer-encoding"): try noteCoding(value)
        default: break
        }
    }

    /// The body's length, `nil` if chunked, after all fields are known.
    func bodyLength(version: HTTPVersion) throws(HTTPRejection) -> Int? {
        guard isChunked else { return contentLength ?? 0 }
        guard contentLength == nil else {
            throw .malformed("both Content-Length and Transfer-Encoding")
        }
        guard version == .http11 else { throw .malformed("Transfer-Encoding in HTTP/1.0") }
        return nil
    }

    func keepsAlive(version: HTTPVersion) -> Bool {
        !asksToClose && (version == .http11 || asksToKeep)
    }

    private mutating func noteHost(
        _ value: UnsafeRawBufferPointer, at position: Int
    ) throws(HTTPRejection) {
        guard hostPosition == nil else { throw .malformed("several Host fields") }
        guard Authority.isLawful(value) || value.isEmpty else { throw .malformed("bad Host field") }
        hostPosition = position
    }

    private mutating func noteExpect(_ value: UnsafeRawBufferPointer) throws(HTTPRejection) {
        guard value.equals("100-continue") else {
            throw HTTPRejection(status: 417, reason: "unknown expectation")
        }
        expectsContinue = true
    }

    private mutating func noteConnection(_ value: UnsafeRawBufferPointer) {
        for option in value.split(separator: UInt8(ascii: ",")) {
            let option = UnsafeRawBufferPointer(rebasing: option).trimmed
            if option.equals("close") { asksToClose = true }
            if option.equals("keep-alive") { asksToKeep = true }
        }
    }

    private mutating func noteLength(_ value: UnsafeRawBufferPointer) throws(HTTPRejection) {
        // Also refuses equal repetitions, which the grammar allows to merge: no client sends them.
        guard contentLength == nil else { throw .malformed("several Content-Length fields") }
        guard (1...18).contains(value.count) else { throw .malformed("bad Content-Length") }
        var length = 0
        for byte in value {
            guard byte &- 0x30 < 10 else { throw .malformed("bad Content-Length") }
            length = length * 10 + Int(byte &- 0x30)
        }
        contentLength = length
    }

    private mutating func noteCoding(_ value: UnsafeRawBufferPointer) throws(HTTPRejection) {
        guard !isChunked else { throw .malformed("several Transfer-Encoding fields") }
        guard value.equals("chunked") else {
            throw .malformed("only the chunked transfer coding is understood")
        }
        isChunked = true
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are this lower-case ASCII text, in any case.
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for position in 0..<count
        where ASCII.lowercase(self[position]) != text.utf8Start[position] {
            return false
        }
        return true
    }

    /// Without spaces and tabs at both ends.
    var trimmed: UnsafeRawBufferPointer {
        var start = 0
        var end = count
        while start < end, self[start] == ASCII.space || self[start] == ASCII.tab { start += 1 }
        while end > start, self[end - 1] == ASCII.space || self[end - 1] == ASCII.tab { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: self[start..<end])
    }
}
