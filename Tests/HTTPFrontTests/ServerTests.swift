// SPDX-License-Identifier: Apache-2.0
// The listener over real sockets: what a client sees.

import Basics
import HTTPFront
import NIOCore
import NIOPosix
import Testing

@Suite struct ServerTests {
    static let head = "HTTP/1.1 200 OK\r\ndate: Tue, 15 Nov 1994 08:12:31 GMT\r\n"
    static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func pipelinedRequestsAreAnsweredInOrderAndTheLastCloses() async throws {
        try await withServer { _, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send(
                "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "POST /b?c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                    + "GET /d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + Self.get)
            let last = "\(Self.head)connection: close\r\ncontent-length: 8\r\n\r\nGET /d 0"
            #expect(
                try await client.receiveAll()
                    == "\(Self.head)content-length: 8\r\n\r\nGET /a 0"
                    + "\(Self.head)content-length: 9\r\n\r\nPOST /b 3\(last)")
        }
    }

    @Test func aThousandPipelinedRequestsAreAllAnswered() async throws {
        try await withServer { _, listener, group in
            let client = try await Client(listener, on: group)
            var text = ""
            for number in 0..<1000 { text += "GET /\(number) HTTP/1.1\r\nHost: x\r\n\r\n" }
            try await client.send(text)
            try await client.endSending()
            let all = try await client.receiveAll()
            let answers = all.split(separator: "\r\n\r\n", omittingEmptySubsequences: false)
            for number in 0..<1000 {
                #expect(answers[number + 1].hasPrefix("GET /\(number) 0"))
            }
        }
    }

    @Test func aConnectionIsKeptAsItsVersionAndClientWant() async throws {
        try await withServer { _, listener, group in
            let old = try await Client(listener, on: group)
            try await old.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let kept = try await old.receive(until: "GET /1 0")
            #expect(kept.contains("connection: keep-alive\r\n"))
            try await old.send("GET /2 HTTP/1.0\r\n\r\n")
            let all = try await old.receiveAll()
            #expect(all.hasSuffix("connection: close\r\ncontent-length: 8\r\n\r\nGET /2 0"))
        }
    }

    @Test func headIsAnsweredWithTheLengthOnly() async throws {
        try await withServer { _, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(
                try await client.receiveAll()
                    == "\(Self.head)connection: close\r\ncontent-length: 8\r\n\r\n")
        }
    }

    @Test func continueIsSaidOnceTheHeadIsAccepted() async throws {
        try await withServer { _, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            let early = try await client.receive(until: "\r\n\r\n")
            #expect(early == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("hi")
            let all = try await client.receive(until: "POST / 2")
            #expect(all.hasPrefix("\(early)\(Self.head)"))
        }
    }

    @Test(arguments: [
        ("POST /refused HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2", 403),
        ("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1048577", 413),
        ("POST / HTTP/1.1\r\nHost: a\r\nExpect: something\r\nContent-Length: 2", 417),
    ])
    func aFinalAnswerComesInsteadOfContinue(head: String, status: Int) async throws {
        try await withServer { _, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send("\(head)\r\n\r\n")
            let all = try await client.receiveAll()
            #expect(all.hasPrefix("HTTP/1.1 \(status) "))
            #expect(all.contains("connection: close\r\n"))
        }
    }

    @Test func anAnswerByTheHeadOfABodilessRequestKeepsTheConnection() async throws {
        try await withServer { _, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send("GET /refused HTTP/1.1\r\nHost: a\r\n\r\n\(Self.get)")
            let all = try await client.receive(until: "GET / 0")
            #expect(all.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
        }
    }

    @Test func aRefusalReachesAClientThatGoesOnSending() async throws {
        try await withServer(limits: .patient) { _, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n")
            for _ in 0..<64 { client.push(ByteBuffer(repeating: 0x78, count: 1 << 16)) }
            let all = try await client.receiveAll()
            #expect(all.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
            #expect(all.hasSuffix("request body too large\n"))
        }
    }

    @Test func aSmugglersConnectionIsClosedAfterTheRefusal() async throws {
        let application = EchoApplication(bodyBytesMax: 1 << 16)
        try await withServer(application: application) { _, listener, group in
            for vector in SmugglingTests.vectors where vector.name != "TLS hello" {
                let client = try await Client(listener, on: group)
                client.push(ByteBuffer(string: vector.text))
                let all = try await client.receiveAll()
                #expect(all.hasPrefix("HTTP/1.1 \(vector.status) "), "\(vector.name)")
                #expect(all.contains("connection: close\r\n"), "\(vector.name)")
                #expect(!all.contains(" 200 OK"), "\(vector.name)")
                try await client.close()
            }
        }
    }

    @Test func controlsInAnswersCannotSplitThem() async throws {
        struct Splitter: HTTPApplication {
            func admit(_ head: HTTPRequestHead) -> HeadDecision { .accept(bodyBytesMax: 0) }
            func respond(to request: HTTPRequest) async -> HTTPResponse {
                HTTPResponse(
                    status: 204,
                    headers: [
                        ("x-a", "1\r\nx-b: 2"), ("x c", "3"), ("Content-Length", "9"),
                        ("Transfer-Encoding", "chunked"), ("Date", "never"), ("x-d", "\u{e4}"),
                    ])
            }
        }
        try await withServer(application: Splitter()) { _, listener, group in
            let client = try await Client(listener, on: group)
            try await client.send(Self.get)
            let all = try await client.receive(until: "\r\n\r\n")
            #expect(
                all == "HTTP/1.1 204 No Content\r\nx-a: 1  x-b: 2\r\nx-d: \u{e4}\r\n"
                    + "date: Tue, 15 Nov 1994 08:12:31 GMT\r\n\r\n")
        }
    }
}
