// SPDX-License-Identifier: Apache-2.0
// Listeners opening, closing and draining; clients going away; streamed bodies.

import Basics
import HTTPFront
import NIOCore
import NIOPosix
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct ServerLifecycleTests {
    static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func closingAnswersWhatIsInFlightAndClosesTheRest() async throws {
        let gate = Gate()
        try await withServer(application: gate) { server, listener, group in
            let busy = try await Client(listener, on: group)
            try await busy.send(Self.get + Self.get)
            await gate.hasArrived(1)
            let idle = try await Client(listener, on: group)
            async let closed: Void = listener.close()
            #expect(try await idle.receiveAll() == "")
            gate.open()
            let all = try await busy.receiveAll()
            #expect(all.contains("connection: close\r\n"))
            #expect(all.split(separator: "late", omittingEmptySubsequences: false).count == 2)
            await closed
            #expect(server.openConnectionCount == 0)
            await #expect(throws: (any Error).self) { try await Client(listener, on: group) }
        }
    }

    @Test func closingCutsWhatOutlastsTheDeadline() async throws {
        let gate = Gate()
        try await withServer(application: gate) { server, listener, group in
            let busy = try await Client(listener, on: group)
            try await busy.send(Self.get)
            await gate.hasArrived(1)
            await listener.close(within: .milliseconds(1))
            #expect(server.openConnectionCount == 0)
            #expect(gate.cancelledCount == 1)
        }
    }

    @Test func closingOneListenerLeavesTheOthersAlone() async throws {
        try await withServer { server, listener, group in
            let other = try await server.bind(
                host: "127.0.0.1", port: 0, tag: "other", application: EchoApplication())
            let client = try await Client(listener, on: group)
            let stranger = try await Client(other, on: group)
            await other.close()
            #expect(try await stranger.receiveAll() == "")
            try await client.send(Self.get)
            #expect(try await client.receive(until: "GET / 0").hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test(arguments: [true, false])
    func aClientThatLeavesCancelsItsRequest(closes: Bool) async throws {
        let gate = Gate()
        try await withServer(application: gate) { server, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send(Self.get)
            await gate.hasArrived(1)
            if closes {
                try await client.close()
            } else {
                // A client that only ends its sending side still gets the answer.
                try await client.endSending()
                #expect(try await client.receiveAll().hasSuffix("late"))
            }
            await listener.close()
            #expect(gate.cancelledCount == 1)
        }
    }

    @Test func aSocketMadeElsewhereIsAdopted() async throws {
        try await withServer { server, other, group in
            // No two tests hold the same port at once.
            let path = "/tmp/martlet-http-\(getpid())-\(other.port ?? 0).sock"
            defer { unlink(path) }
            let descriptor = try listeningSocket(path: path)
            let listener = try await server.adopt(
                listeningDescriptor: descriptor, tag: "sandbox", application: TagApplication())
            #expect(listener.port == nil)
            let client = try await Client(path: path, on: group)
            try await client.send(Self.get)
            _ = try await client.receive(until: "sandbox -")
            await listener.close()
        }
    }

    @Test func anApplicationLearnsWhoAsks() async throws {
        try await withServer(application: TagApplication()) { _, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send(Self.get)
            _ = try await client.receive(until: "test 127.0.0.1")
        }
    }

    @Test func connectionsBeyondTheBoundAreClosedAtOnce() async throws {
        var limits = HTTPLimits.patient
        limits.connectionsMax = 2
        try await withServer(limits: limits) { server, listener, group in
            let first = try await Client(listener, on: group)
            try await first.send(Self.get)
            _ = try await first.receive(until: "GET / 0")
            let second = try await Client(listener, on: group)
            try await second.send(Self.get)
            _ = try await second.receive(until: "GET / 0")
            let third = try await Client(listener, on: group)
            #expect(try await third.receiveAll() == "")
            #expect(server.openConnectionCount == 2)
            try await first.send(Self.get)
            _ = try await first.receive(until: "GET / 0")
        }
    }

    @Test func aStreamArrivesInChunksAndTheConnectionGoesOn() async throws {
        try await withServer(application: StreamApplication()) { _, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
            let all = try await client.receive(until: "0\r\n\r\n")
            #expect(all.contains("transfer-encoding: chunked\r\n"))
            #expect(
                all.hasSuffix(
                    "\r\n\r\n7\r\nline 0\n\r\n7\r\nline 1\n\r\n7\r\nline 2\n\r\n0\r\n\r\n"))
            try await client.send("GET /0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try await client.receiveAll().hasSuffix("\r\n\r\n0\r\n\r\n"))
        }
    }

    @Test func aStreamToAnOldClientEndsWithTheConnection() async throws {
        try await withServer(application: StreamApplication()) { _, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send("GET /2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let all = try await client.receiveAll()
            #expect(all.hasSuffix("connection: close\r\n\r\nline 0\nline 1\n"))
        }
    }

    @Test func anEndlessStreamEndsWhenTheListenerCloses() async throws {
        try await withServer(application: StreamApplication()) { server, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.receive(until: "begun\n")
            async let closed: Void = listener.close()
            #expect(try await client.receiveAll().hasSuffix("\r\n0\r\n\r\n"))
            await closed
            #expect(server.openConnectionCount == 0)
        }
    }

    @Test func aStreamThatFailsIsSeenToBeTorn() async throws {
        try await withServer(application: StreamApplication()) { _, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send("GET /-1 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receiveAll().hasSuffix("\r\n\r\n5\r\ntorn\n\r\n"))
        }
    }

    /// A Unix socket that listens, made without NIO.
    private func listeningSocket(path: String) throws -> CInt {
        #if canImport(Darwin)
            let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #else
            let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        #endif
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0 && listen(descriptor, 8) == 0)
        return descriptor
    }
}

/// Says over which listener and from where it was asked.
private struct TagApplication: HTTPApplication {
    func admit(_ head: HTTPRequestHead) -> HeadDecision { .accept(bodyBytesMax: 0) }
    func respond(to request: HTTPRequest) async -> HTTPResponse {
        let connection = request.connection
        let text = "\(connection.tag) \(connection.peerAddress ?? "-")"
        return HTTPResponse(status: 200, body: Array(text.utf8))
    }
}
