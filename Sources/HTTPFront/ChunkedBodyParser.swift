// SPDX-License-Identifier: Apache-2.0
// The chunked transfer coding (RFC 9112, 7.1), strictly. Extensions and trailers are checked,
// bounded and dropped: nothing here has a use for them.

import NIOCore

/// The state of one chunked body being read.
struct ChunkedBodyParser {
    enum Step {
        case incomplete(consumed: Int)
        case complete(consumed: Int)
        case rejected(HTTPRejection)
    }

    private enum Phase {
        case sizeLine
        case data(remaining: Int)
        case dataEnd
        case trailers
    }

    private let bodyBytesMax: Int
    private var phase = Phase.sizeLine
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerCount = 0

    init(bodyBytesMax: Int) { self.bodyBytesMax = bodyBytesMax }

    /// Takes what it can from `bytes`; what it does not consume has to come again, with more.
    mutating func scan(
        _ bytes: UnsafeRawBufferPointer, into body: inout [UInt8], limits: HTTPLimits
    ) -> Step {
        var position = 0
        do throws(HTTPRejection) {
            while true {
                switch phase {
                case .data(let remaining):
                    let count = min(remaining, bytes.count - position)
                    body.append(contentsOf: bytes[position..<position + count])
                    position += count
                    phase = count == remaining ? .dataEnd : .data(remaining: remaining - count)
                    if count < remaining { return .incomplete(consumed: position) }
                case .dataEnd:
                    guard let line = try nextLine(bytes, &position, bytesMax: 0) else {
                        return .incomplete(consumed: position)
                    }
                    guard line.isEmpty else { throw .malformed("bad end of a chunk") }
                    phase = .sizeLine
                case .sizeLine:
                    let bound = limits.chunkLineBytesMax
                    guard let line = try nextLine(bytes, &position, bytesMax: bound) else {
                        return .incomplete(consumed: position)
                    }
                    let size = try readSize(line, of: bytes, limits: limits)
                    guard size <= bodyBytesMax - body.count else { throw .bodyTooLarge }
                    phase = size == 0 ? .trailers : .data(remaining: size)
                case .trailers:
                    let bound = limits.trailerBytesMax
                    guard let line = try nextLine(bytes, &position, bytesMax: bound) else {
                        return .incomplete(consumed: position)
                    }
                    if line.isEmpty { return .complete(consumed: position) }
                    try readTrailer(line, of: bytes, limits: limits)
                }
            }
        } catch {
            return .rejected(error)
        }
    }

    /// The next line without its CRLF, or `nil` while it has not ended.
    private func nextLine(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int, bytesMax: Int
    ) throws(HTTPRejection) -> Range<Int>? {
        // The bound also bounds the work of looking at an unfinished line again.
        let window = bytes[position..<min(bytes.count, position + bytesMax + 2)]
        guard let end = window.firstIndex(of: ASCII.lineFeed) else {
            guard window.count < bytesMax + 2 else { throw .malformed("chunk line too long") }
            return nil
        }
        guard end > position, bytes[end - 1] == ASCII.carriageReturn else {
            throw .malformed("line feed without carriage return")
        }
        defer { position = end + 1 }
        return position..<end - 1
    }

    private mutating func readSize(
        _ line: Range<Int>, of bytes: UnsafeRawBufferPointer, limits: HTTPLimits
    ) throws(HTTPRejection) -> Int {
        var position = line.lowerBound
        var size = 0
        while position < line.upperBound, let digit = ASCII.hexValue(bytes[position]) {
            guard position - line.lowerBound < 15 else { throw .malformed("bad chunk size") }
            size = size << 4 | Int(digit)
            position += 1
        }
        guard position > line.lowerBound else { throw .malformed("bad chunk size") }
        guard position < line.upperBound else { return size }
        // White space before `;` is allowed by the grammar and read differently by proxies.
        guard bytes[position] == UInt8(ascii: ";"),
            !ASCII.hasControl(UnsafeRawBufferPointer(rebasing: bytes[position..<line.upperBound]))
        else { throw .malformed("bad chunk size") }
        extensionBytes += line.upperBound - position
        guard extensionBytes <= limits.chunkExtensionBytesMax else {
            throw .malformed("too many chunk extensions")
        }
        return size
    }

    private mutating func readTrailer(
        _ line: Range<Int>, of bytes: UnsafeRawBufferPointer, limits: HTTPLimits
    ) throws(HTTPRejection) {
        trailerBytes += line.count + 2
        trailerCount += 1
        guard trailerBytes <= limits.trailerBytesMax, trailerCount <= limits.fieldCountMax else {
            throw HTTPRejection(status: 431, reason: "trailers too large")
        }
        _ = try FieldLine.parse(line, of: bytes)
    }
}
