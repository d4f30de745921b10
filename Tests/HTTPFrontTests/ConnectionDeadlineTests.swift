// SPDX-License-Identifier: Apache-2.0
// Time limits of a connection, on an event loop whose clock the tests turn.

import Basics
import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPFront

/// One connection without a socket.
struct Wire {
    let channel: EmbeddedChannel

    init(application: any HTTPApplication = EchoApplication(), limits: HTTPLimits = HTTPLimits())
        throws
    {
        let loop = EmbeddedEventLoop()
        let resources = LoopResources(eventLoop: loop) { Timestamp(milliseconds: 0) }
        let handler = ConnectionHandler(
            application: application, limits: limits, resources: resources,
            connection: ConnectionContext(id: 1, tag: "wire"), onClose: {})
        channel = EmbeddedChannel(handler: handler, loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    func send(_ text: String) throws {
        try channel.writeInbound(ByteBuffer(string: text))
        channel.embeddedEventLoop.run()
    }

    func pass(_ time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }

    /// Everything sent since the last call.
    func received() throws -> String {
        var text = ""
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) {
            text += String(buffer: bytes)
        }
        return text
    }

    var isOpen: Bool { channel.isActive }
}

@Suite struct ConnectionDeadlineTests {
    static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"

    @Test func aClientThatSaysNothingIsCutWithoutAWord() throws {
        let wire = try Wire()
        wire.pass(.seconds(9))
        #expect(wire.isOpen)
        wire.pass(.seconds(1))
        #expect(!wire.isOpen)
        #expect(try wire.received() == "")
    }

    @Test func aHeadThatDripsIsRefusedAfterTenSeconds() throws {
        let wire = try Wire()
        try wire.send(Self.get)
        _ = try wire.received()
        wire.pass(.seconds(60))
        try wire.send("GET / HTTP/1.1\r\n")
        for _ in 0..<9 {
            wire.pass(.seconds(1))
            try wire.send("X: y\r\n")
        }
        #expect(try wire.received() == "")
        wire.pass(.seconds(1))
        #expect(try wire.received().hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        wire.pass(.seconds(2))
        #expect(!wire.isOpen)
    }

    @Test func anIdleConnectionIsClosedAndUseKeepsItOpen() throws {
        let wire = try Wire()
        for _ in 0..<3 {
            try wire.send(Self.get)
            #expect(try wire.received().hasSuffix("GET / 0"))
            wire.pass(.seconds(74))
            #expect(wire.isOpen)
        }
        wire.pass(.seconds(1))
        #expect(!wire.isOpen)
    }

    @Test func aBodyBelowTheRateIsRefusedAfterTheGrace() throws {
        let wire = try Wire()
        try wire.send(Self.post)
        for _ in 0..<29 {
            wire.pass(.seconds(1))
            try wire.send("x")
        }
        #expect(try wire.received() == "")
        wire.pass(.seconds(1))
        #expect(try wire.received().hasPrefix("HTTP/1.1 408 "))
    }

    @Test func aBodyAboveTheRateMayTakeLong() throws {
        let wire = try Wire()
        try wire.send(Self.post)
        for _ in 0..<66 {
            try wire.send(String(repeating: "x", count: 1500))
            wire.pass(.seconds(1))
        }
        #expect(wire.isOpen)
        #expect(try wire.received() == "")
        try wire.send(String(repeating: "x", count: 1000))
        #expect(try wire.received().hasSuffix("POST / 100000"))
    }

    @Test func aClientThatDoesNotReadIsCut() throws {
        let wire = try Wire()
        wire.channel.isWritable = false
        try wire.send(Self.get)
        wire.pass(.seconds(29))
        #expect(wire.isOpen)
        #expect(try wire.received() == "")
        wire.pass(.seconds(1))
        #expect(!wire.isOpen)
    }

    @Test func aClientThatReadsAgainIsServed() throws {
        let wire = try Wire()
        wire.channel.isWritable = false
        try wire.send(Self.get)
        #expect(try wire.received() == "")
        wire.channel.isWritable = true
        wire.channel.pipeline.fireChannelWritabilityChanged()
        #expect(try wire.received().hasSuffix("GET / 0"))
        wire.pass(.seconds(40))
        #expect(wire.isOpen)
    }

    @Test func aStreamWaitsForAClientThatDoesNotRead() throws {
        let wire = try Wire(application: StreamApplication())
        try wire.channel.writeInbound(ByteBuffer(string: "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n"))
        wire.channel.isWritable = false
        wire.channel.embeddedEventLoop.run()
        #expect(try wire.received().hasSuffix("\r\n\r\n7\r\nline 0\n\r\n"))
        wire.pass(.seconds(29))
        #expect(try wire.received() == "")
        wire.channel.isWritable = true
        wire.channel.pipeline.fireChannelWritabilityChanged()
        wire.channel.embeddedEventLoop.run()
        #expect(try wire.received().hasSuffix("line 2\n\r\n0\r\n\r\n"))
    }

    @Test func aStreamToAClientThatNeverReadsIsCut() throws {
        let wire = try Wire(application: StreamApplication())
        try wire.channel.writeInbound(ByteBuffer(string: "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n"))
        wire.channel.isWritable = false
        wire.channel.embeddedEventLoop.run()
        wire.pass(.seconds(30))
        #expect(!wire.isOpen)
    }

    @Test func theApplicationMayTakeAsLongAsItLikes() throws {
        let gate = Gate()
        let wire = try Wire(application: gate)
        try wire.send(Self.get)
        wire.pass(.hours(1))
        #expect(wire.isOpen)
        gate.open()
        wire.channel.embeddedEventLoop.run()
        #expect(try wire.received().hasSuffix("\r\n\r\nlate"))
        wire.pass(.seconds(75))
        #expect(!wire.isOpen)
    }

    @Test func tlsIsClosedAtOnceAndHTTP2IsToldSo() throws {
        let tls = try Wire()
        try tls.send("\u{16}\u{03}\u{01}\u{02}\u{00}")
        #expect(!tls.isOpen)
        #expect(try tls.received() == "")
        let http2 = try Wire()
        try http2.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        #expect(try http2.received().hasPrefix("HTTP/1.1 505 HTTP Version Not Supported\r\n"))
    }
}
