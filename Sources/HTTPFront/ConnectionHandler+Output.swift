// SPDX-License-Identifier: Apache-2.0
// Output of a connection: responses are gathered in one buffer and flushed once per read or per
// answer that had to be waited for.

import NIOCore

extension ConnectionHandler {
    /// Writes a response with a known body and goes on to the next request or closes.
    func deliver(_ response: HTTPResponse) {
        guard phase == .reading || phase == .responding else { return }
        guard case .bytes(let body) = response.body else { return }
        let closes = willClose(after: response)
        prepareOutput()
        ResponseEncoder.write(
            response, body: body, isHead: head?.method == .head,
            connection: connectionLine(closes: closes), dateLine: resources.currentDateLine(),
            to: &output)
        if closes { closeAfterFlush() } else { finishRequest() }
    }

    private func willClose(after response: HTTPResponse) -> Bool {
        response.closesConnection || isDraining || !(head?.keepsAlive ?? false)
    }

    private func connectionLine(closes: Bool) -> StaticString? {
        if closes { return "connection: close\r\n" }
        return head?.version == .http10 ? "connection: keep-alive\r\n" : nil
    }

    // MARK: Streams

    /// Writes the head of a streamed response; `false` when no body is to be produced.
    func beginStream(_ response: HTTPResponse) -> Bool {
        guard phase == .responding, let head else { return false }
        if head.method == .head || ResponseEncoder.isBodyless(response.status) {
            var response = response
            response.body = .bytes([])
            deliver(response)
            return false
        }
        phase = .streaming
        framing = head.version == .http10 ? .untilClose : .chunked
        closesAfterStream = willClose(after: response) || framing == .untilClose
        prepareOutput()
        ResponseEncoder.writeHead(
            response, length: 0, isHead: false, framing: framing,
            connection: connectionLine(closes: closesAfterStream),
            dateLine: resources.currentDateLine(), to: &output)
        flush()
        if isDraining { inFlight?.cancel() }
        return true
    }

    /// The writer for a stream on this connection; may be used from any thread.
    static func writer(_ handler: NIOLoopBound<ConnectionHandler>) -> HTTPBodyWriter {
        let loop = handler.value.eventLoop
        return HTTPBodyWriter { bytes in
            try await withCheckedThrowingContinuation { continuation in
                loop.execute { handler.value.write(bytes, continuation) }
            }
        }
    }

    private func write(_ bytes: [UInt8], _ continuation: CheckedContinuation<Void, any Error>) {
        guard phase == .streaming else {
            return continuation.resume(throwing: HTTPConnectionClosed())
        }
        prepareOutput()
        if framing == .chunked {
            ResponseEncoder.writeChunk(bytes, to: &output)
        } else {
            output.writeBytes(bytes)
        }
        flush()
        if hasRoomForOutput() { continuation.resume() } else { writers.append(continuation) }
    }

    func endStream(isComplete: Bool) {
        guard phase == .streaming else { return }
        // An application that ends because it was told to has ended its body in good order.
        guard isComplete || inFlight?.isCancelled == true else {
            context?.close(promise: nil)
            return
        }
        prepareOutput()
        if framing == .chunked { output.writeStaticString(ResponseEncoder.lastChunk) }
        if closesAfterStream || isDraining { closeAfterFlush() } else { finishRequest() }
    }

    func failWriters() {
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume(throwing: HTTPConnectionClosed()) }
    }

    // MARK: The buffer

    /// Makes `output` ready to be written to, with the storage of the last flush if it is free.
    private func prepareOutput() {
        guard output.readableBytes == 0 else { return }
        // A large answer must not leave its size behind on a connection that rests.
        if output.storageCapacity > 16 * 1024 { output = ByteBuffer() } else { output.clear() }
    }

    /// Whether the client keeps up; flushes what piled up in a batch first.
    func hasRoomForOutput() -> Bool {
        guard let channel = context?.channel else { return false }
        if output.readableBytes > limits.unsentBytesMax { flush() }
        guard channel.isWritable else {
            waitForClient()
            return false
        }
        return true
    }

    /// The client took enough: whoever waited for it goes on.
    func resumeOutput() {
        guard deadlines.kind == .writing, phase != .lingering else { return }
        rest()
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
    }

    func flush() {
        guard output.readableBytes > 0, let context else { return }
        let bytes = output
        output.moveReaderIndex(to: output.writerIndex)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// Sends what is gathered and then ends the sending side.
    ///
    /// Input is still read and thrown away for a while: closing on unread bytes resets the
    /// connection, and the client may lose the answer that says what was wrong.
    func closeAfterFlush() {
        guard phase != .lingering, phase != .closed, let context else { return }
        phase = .lingering
        head = nil
        inFlight = nil
        let promise = context.eventLoop.makePromise(of: Void.self)
        let handler = NIOLoopBound(self, eventLoop: eventLoop)
        promise.futureResult.whenComplete { _ in handler.value.finishSending() }
        prepareOutput()
        let bytes = output
        output.moveReaderIndex(to: output.writerIndex)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
        // Most often all is sent by now, and the lingering has begun.
        if phase == .lingering, deadlines.kind != .lingering { waitForClient() }
    }

    private func finishSending() {
        guard phase == .lingering, let context else { return }
        if isInputClosed {
            context.close(promise: nil)
        } else {
            context.close(mode: .output, promise: nil)
            wait(.lingering, for: limits.lingerTimeout)
        }
    }
}
