// SPDX-License-Identifier: Apache-2.0
// A client over a real socket that lets a test wait for what it expects instead of for time.

import HTTPFront
import NIOCore
import NIOPosix

/// One client connection.
final class Client: Sendable {
    private let channel: any Channel
    private let inbox: NIOLoopBound<Inbox>

    init(_ listener: HTTPListener, on group: MultiThreadedEventLoopGroup) async throws {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: listener.port ?? 0)
        (channel, inbox) = try await Self.connect(to: address, on: group)
    }

    init(path: String, on group: MultiThreadedEventLoopGroup) async throws {
        (channel, inbox) = try await Self.connect(
            to: SocketAddress(unixDomainSocketPath: path), on: group)
    }

    private static func connect(
        to address: SocketAddress, on group: MultiThreadedEventLoopGroup
    ) async throws -> (any Channel, NIOLoopBound<Inbox>) {
        let channel = try await ClientBootstrap(group: group)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Inbox(loop: channel.eventLoop))
                }
            }.connect(to: address).get()
        let inbox = try await channel.eventLoop.submit {
            let inbox = try channel.pipeline.syncOperations.handler(type: Inbox.self)
            return NIOLoopBound(inbox, eventLoop: channel.eventLoop)
        }.get()
        return (channel, inbox)
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// Sends without caring whether the other side still takes it.
    func push(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

    /// Everything received, once it contains `text`; fails if the connection ends before.
    func receive(until text: String) async throws -> String {
        try await wait { $0.contains(text) }
    }

    /// Everything received, once the server has ended its side.
    func receiveAll() async throws -> String { try await wait { _ in false } }

    private func wait(_ isEnough: @escaping @Sendable (String) -> Bool) async throws -> String {
        let inbox = inbox
        return try await channel.eventLoop.flatSubmit { inbox.value.wait(isEnough) }.get()
    }

    func endSending() async throws { try await channel.close(mode: .output).get() }
    func close() async throws { try await channel.close().get() }
}

/// What a client received so far, and who waits for more.
final class Inbox: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private var received = ""
    private var isEnded = false
    private var error: (any Error)?
    private let loop: any EventLoop
    private var waiter: (isEnough: (String) -> Bool, promise: EventLoopPromise<String>)?

    init(loop: any EventLoop) { self.loop = loop }

    func wait(_ isEnough: @escaping (String) -> Bool) -> EventLoopFuture<String> {
        let promise = loop.makePromise(of: String.self)
        waiter = (isEnough, promise)
        check()
        return promise.futureResult
    }

    private func check() {
        guard let (isEnough, promise) = waiter else { return }
        if isEnough(received) || isEnded && error == nil {
            waiter = nil
            promise.succeed(received)
        } else if let error {
            waiter = nil
            promise.fail(error)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        check()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return }
        isEnded = true
        check()
    }

    func channelInactive(context: ChannelHandlerContext) {
        isEnded = true
        check()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.error = error
        context.close(promise: nil)
        check()
    }
}
