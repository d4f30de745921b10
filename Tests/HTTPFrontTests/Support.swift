// SPDX-License-Identifier: Apache-2.0
// What the tests of the listener share: a small application and a server around it.

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

extension HTTPLimits {
    /// Without a deadline that a test's own slowness could miss.
    static var patient: HTTPLimits {
        var limits = HTTPLimits()
        limits.headTimeout = .hours(1)
        limits.idleTimeout = .hours(1)
        limits.rateGrace = .hours(1)
        return limits
    }
}

/// Runs `body` with a server on loop-back and tears everything down.
///
/// Unless a test brings its own limits, closed connections do not wait long for slow clients, and
/// a test that waits long for its turn on a busy machine is not a slow client.
func withServer(
    limits: HTTPLimits? = nil, application: any HTTPApplication = EchoApplication(),
    _ body: (HTTPServer, HTTPListener, MultiThreadedEventLoopGroup) async throws -> Void
) async throws {
    var quick = HTTPLimits.patient
    quick.lingerTimeout = .milliseconds(50)
    let limits = limits ?? quick
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
