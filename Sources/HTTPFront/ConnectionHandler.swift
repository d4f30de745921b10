// SPDX-License-Identifier: Apache-2.0
// The shell of one connection: bytes in, requests to the application one at a time, responses
// out in order. Decoding is RequestDecoder's, timing is in `+Deadlines`, output in `+Output`.

import NIOCore

/// Serves one connection; lives on its event loop and is touched nowhere else.
///
/// A request is answered before the next is decoded: requests that are not safe must not overlap
/// (RFC 9112, 9.3.2), and nearly all of AWS's are POST. Later ones wait as bytes, within a bound.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// Between requests or inside one.
        case reading
        /// The application is at work.
        case responding
        /// The application writes a body of unknown length.
        case streaming
        /// The last response is written; input is thrown away until the client closes.
        case lingering
        case closed
    }

    let limits: HTTPLimits
    let application: any HTTPApplication
    let resources: LoopResources
    let connection: ConnectionContext
    let eventLoop: any EventLoop
    private let onClose: () -> Void

    var context: ChannelHandlerContext?
    var decoder: RequestDecoder
    var phase = Phase.reading
    /// The head of the request being read or answered.
    var head: HTTPRequestHead?
    var inFlight: Task<Void, Never>?
    var isDraining = false
    var isInputClosed = false
    var output = ByteBuffer()
    var framing = ResponseFraming.sized
    var closesAfterStream = false
    var writers: [CheckedContinuation<Void, any Error>] = []
    var deadlines = Deadlines()
    private var isDriving = false
    private var isReadHeld = false
    private var hasSniffed = false

    init(
        application: any HTTPApplication, limits: HTTPLimits, resources: LoopResources,
        connection: ConnectionContext, onClose: @escaping () -> Void
    ) {
        self.application = application
        self.limits = limits
        self.resources = resources
        self.connection = connection
        self.onClose = onClose
        eventLoop = resources.executor.eventLoop
        decoder = RequestDecoder(limits: limits, connection: connection)
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        wait(.head, for: limits.headTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) { end() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .lingering, phase != .closed else { return }
        let bytes = unwrapInboundIn(data)
        if !hasSniffed, let first = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) {
            hasSniffed = true
            guard ConnectionProtocol(firstByte: first) == .http1 else {
                context.close(promise: nil)
                return
            }
        }
        decoder.append(bytes)
        drive()
    }

    func channelReadComplete(context: ChannelHandlerContext) { flush() }

    func read(context: ChannelHandlerContext) {
        if wantsInput { context.read() } else { isReadHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        resumeOutput()
        drive()
        flush()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is DrainEvent: drain()
        case ChannelEvent.inputClosed:
            isInputClosed = true
            inFlight?.cancel()
            drive()
            flush()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Life of a request

    /// Decodes and starts requests until one has to be waited for.
    ///
    /// A loop rather than recursion: an application that never waits comes back to it at once.
    func drive() {
        guard !isDriving else { return }
        isDriving = true
        defer { isDriving = false }
        while phase == .reading, hasRoomForOutput() {
            guard let event = decoder.next() else {
                awaitInput()
                break
            }
            switch event {
            case .head(let head): admit(head)
            case .body(let body):
                if let head { launch(HTTPRequest(head: head, body: body)) }
            case .rejected(let rejection): refuse(rejection)
            }
        }
        releaseRead()
    }

    private var wantsInput: Bool {
        switch phase {
        case .reading: context?.channel.isWritable ?? false
        case .responding, .streaming: decoder.bufferedBytes < limits.pipelinedBytesMax
        case .lingering, .closed: true
        }
    }

    private func releaseRead() {
        guard isReadHeld, wantsInput else { return }
        isReadHeld = false
        context?.read()
    }

    private func admit(_ head: HTTPRequestHead) {
        self.head = head
        switch application.admit(head) {
        case .accept(let bodyBytesMax):
            if let rejection = decoder.accept(bodyBytesMax: bodyBytesMax) {
                refuse(rejection)
            } else if head.expectsContinue, decoder.bufferedBytes == 0 {
                output.writeStaticString(ResponseEncoder.continueLine)
                flush()
            }
        case .answer(var response):
            if head.contentLength == 0 {
                // Takes the decoder past the empty body; the next request may follow.
                _ = decoder.accept(bodyBytesMax: 0)
                _ = decoder.next()
            } else {
                response.closesConnection = true
            }
            launch(HTTPRequest(head: head, body: []), answer: response)
        }
    }

    func refuse(_ rejection: HTTPRejection) {
        var response = application.refuse(rejection, head: head)
        response.closesConnection = true
        if case .stream = response.body { response.body = .bytes([]) }
        deliver(response)
    }

    /// Starts the application on this very thread; it hops only if it waits.
    private func launch(_ request: HTTPRequest, answer: HTTPResponse? = nil) {
        phase = .responding
        rest()
        let handler = NIOLoopBound(self, eventLoop: eventLoop)
        let application = application
        let task = Task.immediate(executorPreference: resources.executor) {
            let response =
                if let answer { answer } else { await application.respond(to: request) }
            guard case .stream(let produce) = response.body else {
                return handler.value.deliver(response)
            }
            guard handler.value.beginStream(response) else { return }
            do {
                try await produce(ConnectionHandler.writer(handler))
                handler.value.endStream(isComplete: true)
            } catch {
                handler.value.endStream(isComplete: false)
            }
        }
        guard phase == .responding || phase == .streaming else { return }
        inFlight = task
        if isInputClosed { task.cancel() }
    }

    /// Makes ready for the next request after a response that leaves the connection open.
    func finishRequest() {
        head = nil
        inFlight = nil
        phase = .reading
        deadlines.kind = .none
        if !isDriving {
            drive()
            flush()
        }
    }

    /// No more input will come, or none is to be waited for: sets the deadline that applies.
    private func awaitInput() {
        if isInputClosed {
            closeAfterFlush()
        } else if decoder.isInsideBody {
            waitForBody()
        } else if decoder.isInsideHead {
            if deadlines.kind != .head { wait(.head, for: limits.headTimeout) }
        } else if isDraining {
            flush()
            context?.close(promise: nil)
        } else if deadlines.kind == .none {
            wait(.idle, for: limits.idleTimeout)
        }
    }

    private func drain() {
        isDraining = true
        switch phase {
        case .reading: drive()
        // A body without an end would outlast any deadline.
        case .streaming: inFlight?.cancel()
        case .responding, .lingering, .closed: break
        }
        flush()
    }

    private func end() {
        guard phase != .closed else { return }
        phase = .closed
        rest()
        deadlines.timer?.cancel()
        inFlight?.cancel()
        inFlight = nil
        failWriters()
        onClose()
    }
}

/// Tells a connection to finish what it has and close.
struct DrainEvent: Sendable {}

/// What a connection speaks, by its first byte.
///
/// TLS and HTTP/2 are recognised so that they end at once: the first by closing, the second by
/// the decoder, whose answer to its preface is 505.
enum ConnectionProtocol {
    case http1
    case tls

    init(firstByte: UInt8) {
        // 0x16 is a TLS handshake record; no HTTP method begins with it.
        self = firstByte == 0x16 ? .tls : .http1
    }
}
