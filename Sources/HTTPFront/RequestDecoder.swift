// SPDX-License-Identifier: Apache-2.0
// Turns the bytes of a connection into requests, whatever the pieces they come in. Knows nothing
// of channels, time or responses.

import NIOCore

/// A strict decoder of HTTP/1.x requests.
///
/// Feed it with `append`, then call `next` until it answers `nil`. After a `head` it waits for
/// `accept`; after `rejected` it only answers `nil`.
struct RequestDecoder {
    enum Event {
        case head(HTTPRequestHead)
        /// The body, complete; a request without one ends with an empty body.
        case body([UInt8])
        case rejected(HTTPRejection)
    }

    private enum Phase {
        case head
        case undecided(length: Int?)
        case sized(remaining: Int)
        case chunked
        case failed
    }

    private var input = ByteBuffer()
    private var phase = Phase.head
    private var parser = RequestHeadParser()
    private var body: [UInt8] = []
    private var chunks = ChunkedBodyParser(bodyBytesMax: 0)
    private let limits: HTTPLimits
    private let connection: ConnectionContext
    /// Body bytes taken in since the connection began, wrapping; for judging a slow client.
    private(set) var bodyBytesSeen: UInt64 = 0

    init(limits: HTTPLimits, connection: ConnectionContext) {
        self.limits = limits
        self.connection = connection
    }

    /// Bytes that wait for their turn.
    var bufferedBytes: Int { input.readableBytes }
    /// Whether part of a head has arrived.
    var isInsideHead: Bool {
        if case .head = phase { input.readableBytes > 0 } else { false }
    }
    /// Whether a body is being read.
    var isInsideBody: Bool {
        switch phase {
        case .sized, .chunked: true
        default: false
        }
    }

    mutating func append(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 {
            input = bytes
        } else {
            if input.readerIndex > 0 { input.discardReadBytes() }
            input.writeImmutableBuffer(bytes)
        }
    }

    /// Lets the body of the head just given follow, or refuses it by its announced length.
    mutating func accept(bodyBytesMax: Int) -> HTTPRejection? {
        guard case .undecided(let length) = phase else { return nil }
        if let length {
            guard length <= bodyBytesMax else {
                phase = .failed
                return .bodyTooLarge
            }
            phase = .sized(remaining: length)
        } else {
            chunks = ChunkedBodyParser(bodyBytesMax: bodyBytesMax)
            phase = .chunked
        }
        return nil
    }

    mutating func next() -> Event? {
        switch phase {
        case .head: nextHead()
        case .sized(let remaining): nextSized(remaining)
        case .chunked: nextChunked()
        case .undecided, .failed: nil
        }
    }

    private mutating func fail(_ rejection: HTTPRejection) -> Event {
        phase = .failed
        return .rejected(rejection)
    }

    private mutating func consume(_ count: Int) {
        input.moveReaderIndex(forwardBy: count)
        // Letting go of the storage lets the channel use it for the next read.
        if input.readableBytes == 0 { input = ByteBuffer() }
    }

    private mutating func nextHead() -> Event? {
        guard input.readableBytes > 0 else { return nil }
        switch Self.scan(input, with: &parser, limits: limits) {
        case .incomplete: return nil
        case .rejected(let rejection): return fail(rejection)
        case .complete(let length):
            do throws(HTTPRejection) {
                let head = try finishHead(length)
                consume(length)
                phase = .undecided(length: head.contentLength)
                return .head(head)
            } catch {
                return fail(error)
            }
        }
    }

    private static func scan(
        _ input: ByteBuffer, with parser: inout RequestHeadParser, limits: HTTPLimits
    ) -> RequestHeadParser.Step {
        input.withUnsafeReadableBytes { parser.scan($0, limits: limits) }
    }

    private mutating func finishHead(_ length: Int) throws(HTTPRejection) -> HTTPRequestHead {
        let bytes = input.withUnsafeReadableBytes { Array($0[..<length]) }
        var entries: [HTTPFields.Entry] = []
        swap(&entries, &parser.entries)
        defer { parser = RequestHeadParser() }
        let contentLength = try parser.framing.bodyLength(version: parser.version)
        if let host = parser.framing.hostPosition {
            if let authority = parser.target.authority {
                entries[host].valueStart = UInt32(truncatingIfNeeded: authority.lowerBound)
                entries[host].valueEnd = UInt32(truncatingIfNeeded: authority.upperBound)
            }
        } else if parser.version == .http11 {
            throw .malformed("no Host field")
        }
        return HTTPRequestHead(
            method: parser.method, version: parser.version,
            fields: HTTPFields(buffer: bytes, entries: entries), contentLength: contentLength,
            expectsContinue: parser.framing.expectsContinue && parser.version == .http11
                && contentLength != 0,
            connection: connection, path: parser.target.path, query: parser.target.query,
            authority: parser.target.authority,
            keepsAlive: parser.framing.keepsAlive(version: parser.version))
    }

    private mutating func nextSized(_ remaining: Int) -> Event? {
        let count = min(remaining, input.readableBytes)
        if count > 0 {
            // Room is made as bytes come, never on the word of the announced length.
            input.withUnsafeReadableBytes { body.append(contentsOf: $0[..<count]) }
            bodyBytesSeen &+= UInt64(count)
            consume(count)
        }
        guard count == remaining else {
            phase = .sized(remaining: remaining - count)
            return nil
        }
        return finishBody()
    }

    private mutating func nextChunked() -> Event? {
        guard input.readableBytes > 0 else { return nil }
        let before = body.count
        let step = Self.scan(input, with: &chunks, into: &body, limits: limits)
        bodyBytesSeen &+= UInt64(body.count - before)
        switch step {
        case .incomplete(let consumed):
            consume(consumed)
            return nil
        case .complete(let consumed):
            consume(consumed)
            return finishBody()
        case .rejected(let rejection):
            return fail(rejection)
        }
    }

    private static func scan(
        _ input: ByteBuffer, with parser: inout ChunkedBodyParser, into body: inout [UInt8],
        limits: HTTPLimits
    ) -> ChunkedBodyParser.Step {
        input.withUnsafeReadableBytes { parser.scan($0, into: &body, limits: limits) }
    }

    private mutating func finishBody() -> Event {
        var finished: [UInt8] = []
        swap(&finished, &body)
        phase = .head
        return .body(finished)
    }
}

extension HTTPRejection {
    static let bodyTooLarge = HTTPRejection(status: 413, reason: "request body too large")
}
