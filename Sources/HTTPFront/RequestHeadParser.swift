// SPDX-License-Identifier: Apache-2.0
// Reads a request head line by line as its bytes arrive (RFC 9112, 2 to 5). It only looks at
// bytes and notes offsets; what the fields say of the body is judged in `+Framing`.

import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The state of one head being read; offsets count from the first byte not yet consumed.
struct RequestHeadParser {
    enum Step {
        case incomplete
        /// The head ends before this offset.
        case complete(length: Int)
        case rejected(HTTPRejection)
    }

    /// The target as offsets, after its form was recognised.
    struct Target {
        var path: Range<Int>
        var query: Range<Int>?
        var authority: Range<Int>?
    }

    private var scanned = 0
    private var lineStart = 0
    private var blankLines = 0
    private var sawRequestLine = false
    var method = HTTPMethod.get
    var version = HTTPVersion.http11
    var target = Target(path: 0..<0)
    var entries: [HTTPFields.Entry] = []
    var framing = Framing()

    /// Goes on reading; `bytes` holds all bytes from the head's first on.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, limits: HTTPLimits) -> Step {
        while scanned < bytes.count, let base = bytes.baseAddress {
            guard
                let found = memchr(base + scanned, Int32(ASCII.lineFeed), bytes.count - scanned)
            else {
                scanned = bytes.count
                break
            }
            let end = UnsafeRawPointer(found) - base
            scanned = end + 1
            guard end > lineStart, bytes[end - 1] == ASCII.carriageReturn else {
                return .rejected(.malformed("line feed without carriage return"))
            }
            let line = lineStart..<end - 1
            if let over = excess(limits) { return .rejected(over) }
            lineStart = scanned
            do throws(HTTPRejection) {
                if try read(line, of: bytes, limits: limits) { return .complete(length: scanned) }
            } catch {
                return .rejected(error)
            }
        }
        return excess(limits).map { .rejected($0) } ?? .incomplete
    }

    private func excess(_ limits: HTTPLimits) -> HTTPRejection? {
        if !sawRequestLine, scanned - lineStart > limits.requestLineBytesMax {
            return HTTPRejection(status: 414, reason: "request line too long")
        }
        return scanned > limits.headBytesMax
            ? HTTPRejection(status: 431, reason: "request head too large") : nil
    }

    /// Takes in one line without its CRLF; `true` at the empty line that ends the head.
    private mutating func read(
        _ line: Range<Int>, of bytes: UnsafeRawBufferPointer, limits: HTTPLimits
    ) throws(HTTPRejection) -> Bool {
        if sawRequestLine {
            if line.isEmpty { return true }
            guard entries.count < limits.fieldCountMax else {
                throw HTTPRejection(status: 431, reason: "too many header fields")
            }
            let entry = try FieldLine.parse(line, of: bytes)
            try framing.note(entry, at: entries.count, of: bytes)
            entries.append(entry)
            return false
        }
        if line.isEmpty {
            // RFC 9112, 2.2: old clients send an empty line after a body.
            blankLines += 1
            guard blankLines <= 2 else { throw .malformed("empty lines before the request") }
            return false
        }
        try readRequestLine(line, of: bytes)
        sawRequestLine = true
        entries.reserveCapacity(16)
        return false
    }

    private mutating func readRequestLine(
        _ line: Range<Int>, of bytes: UnsafeRawBufferPointer
    ) throws(HTTPRejection) {
        var position = line.lowerBound
        while position < line.upperBound, ASCII.isToken(bytes[position]) { position += 1 }
        let name = line.lowerBound..<position
        guard (1...32).contains(name.count), position < line.upperBound,
            bytes[position] == ASCII.space
        else { throw .malformed("bad method") }
        let targetStart = position + 1
        position = targetStart
        while position < line.upperBound, bytes[position] != ASCII.space { position += 1 }
        let targetRange = targetStart..<position
        guard position < line.upperBound else { throw .malformed("bad request line") }
        method = HTTPMethod(String(decoding: bytes[name], as: UTF8.self))
        version = try Self.version(bytes, position + 1..<line.upperBound)
        guard !targetRange.isEmpty,
            ASCII.isTarget(UnsafeRawBufferPointer(rebasing: bytes[targetRange]))
        else { throw .malformed("bad request target") }
        target = try Target(targetRange, of: bytes, method: method)
    }

    private static func version(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(HTTPRejection) -> HTTPVersion {
        let form: StaticString = "HTTP/"
        guard range.count == 8,
            bytes[range].starts(with: UnsafeBufferPointer(start: form.utf8Start, count: 5)),
            bytes[range.lowerBound + 6] == UInt8(ascii: ".")
        else { throw .malformed("bad protocol version") }
        let major = bytes[range.lowerBound + 5]
        let minor = bytes[range.lowerBound + 7]
        guard major &- 0x30 < 10, minor &- 0x30 < 10 else {
            throw .malformed("bad protocol version")
        }
        switch (major, minor) {
        case (0x31, 0x31): return .http11
        case (0x31, 0x30): return .http10
        // The preface of HTTP/2 (RFC 9113, 3.4) is such a line, by design.
        default: throw HTTPRejection(status: 505, reason: "only HTTP/1.1 and HTTP/1.0 are spoken")
        }
    }
}

/// One `name: value` line, of a head or of trailers.
enum FieldLine {
    static func parse(
        _ line: Range<Int>, of bytes: UnsafeRawBufferPointer
    ) throws(HTTPRejection) -> HTTPFields.Entry {
        var position = line.lowerBound
        if bytes[position] == ASCII.space || bytes[position] == ASCII.tab {
            throw .malformed("folded header line")
        }
        while position < line.upperBound, ASCII.isToken(bytes[position]) { position += 1 }
        let name = line.lowerBound..<position
        guard !name.isEmpty, position < line.upperBound, bytes[position] == UInt8(ascii: ":")
        else { throw .malformed("bad header name") }
        var start = position + 1
        var end = line.upperBound
        while start < end, bytes[start] == ASCII.space || bytes[start] == ASCII.tab { start += 1 }
        while end > start, bytes[end - 1] == ASCII.space || bytes[end - 1] == ASCII.tab { end -= 1 }
        guard !ASCII.hasControl(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) else {
            throw .malformed("control character in a header value")
        }
        return HTTPFields.Entry(
            nameStart: UInt32(truncatingIfNeeded: name.lowerBound),
            nameEnd: UInt32(truncatingIfNeeded: name.upperBound),
            valueStart: UInt32(truncatingIfNeeded: start),
            valueEnd: UInt32(truncatingIfNeeded: end))
    }
}

extension HTTPRejection {
    static func malformed(_ reason: String) -> HTTPRejection {
        HTTPRejection(status: 400, reason: reason)
    }
}
