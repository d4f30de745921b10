// SPDX-License-Identifier: Apache-2.0
// What the tests of the listener share: a small application and a blocking-free client.

import Basics
import HTTPFront
import NIOCore
import NIOPosix

/// Answers with a line that says what arrived.
struct EchoApplication: HTTPApplication {
    var bodyBytesMax = 1 << 20

    func admit(_ head: HTTPRequestHead) -> HeadDecision {
        if head.rawPath == "/refused" {
            return .answer(HTTPResponse(status: 403, body: Array("refused".utf8)))
        }
        return .accept(bodyBytesMax: bodyBytesMax)
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        let line = "\(request.method.name) \(request.rawPath) \(request.body.count)"
        return HTTPResponse(status: 200, body: Array(line.utf8))
    }
}

/// Collects everything a server sends until it closes.
final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private var received = ByteBuffer()
    private let promise: EventLoopPromise<String>

    init(_ promise: EventLoopPromise<String>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.succeed(String(buffer: received))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// Runs `body` with a server on loop-back and tears everything down.
func withServer(
    limits: HTTPLimits = HTTPLimits(), application: any HTTPApplication = EchoApplication(),
    _ body: (HTTPServer, HTTPListener, MultiThreadedEventLoopGroup) async throws -> Void
) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = try await HTTPServer(group: group, limits: limits) {
        Timestamp(milliseconds: 784_887_151_000)
    }
    let listener = try await server.bind(
        host: "127.0.0.1", port: 0, tag: "test", application: application)
    do {
        try await body(server, listener, group)
    } catch {
        await listener.close(within: .seconds(1))
        try await group.shutdownGracefully()
        throw error
    }
    await listener.close(within: .seconds(1))
    try await group.shutdownGracefully()
}

/// Sends `text` and answers everything that comes back until the server closes.
func exchange(_ text: String, with listener: HTTPListener, on group: MultiThreadedEventLoopGroup)
    async throws -> String
{
    let loop = group.next()
    let promise = loop.makePromise(of: String.self)
    let channel = try await ClientBootstrap(group: group).channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Collector(promise))
        }
    }.connect(host: "127.0.0.1", port: listener.port ?? 0).get()
    try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    return try await promise.futureResult.get()
}
