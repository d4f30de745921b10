// SPDX-License-Identifier: Apache-2.0
// What the decoder accepts, and that it makes no difference how the bytes are cut.

import NIOCore
import Testing

@testable import HTTPFront

/// What a decoder made of some bytes, as comparable text.
func decode(
    _ pieces: [ArraySlice<UInt8>], limits: HTTPLimits = HTTPLimits(), bodyBytesMax: Int = 1 << 16
) -> [String] {
    var decoder = RequestDecoder(limits: limits, connection: ConnectionContext(id: 1, tag: "t"))
    var events: [String] = []
    for piece in pieces {
        decoder.append(ByteBuffer(bytes: piece))
        while let event = decoder.next() {
            switch event {
            case .head(let head):
                events.append(describe(head))
                if let rejection = decoder.accept(bodyBytesMax: bodyBytesMax) {
                    events.append("rejected \(rejection.status) \(rejection.reason)")
                }
            case .body(let body): events.append("body \(String(decoding: body, as: UTF8.self))")
            case .rejected(let rejection):
                events.append("rejected \(rejection.status) \(rejection.reason)")
            }
        }
    }
    return events
}

func decode(_ text: String, limits: HTTPLimits = HTTPLimits()) -> [String] {
    decode([Array(text.utf8)[...]], limits: limits)
}

private func describe(_ head: HTTPRequestHead) -> String {
    var text = "\(head.method.name) \(head.rawPath)|\(head.rawQuery ?? "-")|\(head.version)"
    text += "|\(head.host ?? "-")|\(head.contentLength.map(String.init) ?? "chunked")"
    text += "|\(head.keepsAlive ? "keep" : "close")\(head.expectsContinue ? "|waits" : "")"
    for position in 0..<head.fields.count {
        let field = head.fields[position]
        text += "|\(String(decoding: field.name, as: UTF8.self))"
        text += "=\(String(decoding: field.value, as: UTF8.self))"
    }
    return text
}

@Suite struct RequestDecoderTests {
    static let accepted: [(text: String, events: [String])] = [
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            ["GET /|-|http11|a|0|keep|Host=a", "body "]
        ),
        (
            "POST /a%20b/../c?x=1&y=?z HTTP/1.1\r\nhost:  a:80 \r\nContent-Length: 3\r\n\r\nabc",
            [
                "POST /a%20b/../c|x=1&y=?z|http11|a:80|3|keep|host=a:80|Content-Length=3",
                "body abc",
            ]
        ),
        (
            "PUT //k? HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3;n=v\r\nabc\r\nA\r\n0123456789\r\n000\r\nX-T: 1\r\n\r\n",
            [
                "PUT //k||http11|a|chunked|keep|Host=a|Transfer-Encoding=chunked",
                "body abc0123456789",
            ]
        ),
        (
            "\r\nGET /a HTTP/1.1\r\nHost: x\r\nEmpty:\r\nTabs:\t \tv \t\r\n\r\n"
                + "GET /b HTTP/1.0\r\n\r\nGET /c HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
            [
                "GET /a|-|http11|x|0|keep|Host=x|Empty=|Tabs=v", "body ",
                "GET /b|-|http10|-|0|close", "body ",
                "GET /c|-|http10|-|0|keep|Connection=Keep-Alive", "body ",
            ]
        ),
        (
            "GET http://b.example:8080/p?q HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n",
            [
                "GET /p|q|http11|b.example:8080|0|close|Host=b.example:8080|Connection=x, Close",
                "body ",
            ]
        ),
        (
            "GET HTTPS://b?q HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: [::1]:9\r\n\r\n",
            [
                "GET /|q|http11|b|0|keep|Host=b", "body ",
                "OPTIONS *|-|http11|[::1]:9|0|keep|Host=[::1]:9", "body ",
            ]
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi",
            [
                "POST /|-|http11|a|2|keep|waits|Host=a|Expect=100-Continue|Content-Length=2",
                "body hi",
            ]
        ),
        (
            "PROPFIND / HTTP/1.1\r\nHost:\r\nX: caf\u{e9}\r\n\r\n",
            ["PROPFIND /|-|http11||0|keep|Host=|X=caf\u{e9}", "body "]
        ),
    ]

    @Test(arguments: accepted.indices)
    func requestIsReadAsSent(position: Int) {
        #expect(decode(Self.accepted[position].text) == Self.accepted[position].events)
    }

    @Test(arguments: accepted.indices)
    func cutsOfAcceptedRequestsMakeNoDifference(position: Int) {
        expectCutsMakeNoDifference(Self.accepted[position].text)
    }

    @Test(arguments: SmugglingTests.vectors)
    func cutsOfRefusedRequestsMakeNoDifference(vector: SmugglingTests.Vector) {
        expectCutsMakeNoDifference(vector.text)
    }

    private func expectCutsMakeNoDifference(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = decode([bytes[...]])
        // The few long ones are cut at every 1,000th byte: the work grows with the square.
        for cut in stride(from: 0, to: bytes.count, by: bytes.count > 3000 ? 1000 : 1) {
            #expect(decode([bytes[..<cut], bytes[cut...]]) == whole, "cut at \(cut)")
        }
        #expect(decode(bytes.indices.map { bytes[$0...$0] }) == whole, "byte by byte")
        for size in 2...7 {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                bytes[$0..<min($0 + size, bytes.count)]
            }
            #expect(decode(pieces) == whole, "pieces of \(size)")
        }
    }

    @Test func tokenTableIsTheGrammars() {
        let marks = Set("!#$%&'*+-.^_`|~".utf8)
        for byte in UInt8.min...UInt8.max {
            let isAlphanumeric =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte)
            #expect(ASCII.isToken(byte) == (isAlphanumeric || marks.contains(byte)), "\(byte)")
        }
    }

    @Test func fieldsAreFoundInAnyCaseAndJoinedInOrder() {
        let request = HTTPRequest(
            target: "/p?q",
            headers: [("X-Amz-Date", "1"), ("accept", "a"), ("Accept", "b"), ("x", "")],
            body: [1])
        #expect(request.header("x-AMZ-date") == "1")
        #expect(request.fields.joined("ACCEPT") == "a, b")
        #expect(request.fields.joined("accept", separator: ",") == "a,b")
        #expect(request.fields.first("x") == "")
        #expect(request.header("absent") == nil)
        #expect(request.fields.joined("absent") == nil)
        #expect(request.fields.matches("accept", "A"))
        #expect(!request.fields.matches("accept", "b"))
        #expect(request.rawPath == "/p" && request.rawQuery == "q")
    }

    @Test func nothingFollowsARejection() {
        let text = "GET / HTTP/9.9\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(decode(text) == ["rejected 505 only HTTP/1.1 and HTTP/1.0 are spoken"])
    }

    @Test func aBodyIsNotReadBeforeItIsAccepted() {
        var decoder = RequestDecoder(
            limits: HTTPLimits(), connection: ConnectionContext(id: 1, tag: "t"))
        let text = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde"
        decoder.append(ByteBuffer(string: text))
        guard case .head = decoder.next() else {
            Issue.record("no head")
            return
        }
        let early = decoder.next()
        #expect(early == nil)
        #expect(decoder.accept(bodyBytesMax: 4)?.status == 413)
        let late = decoder.next()
        #expect(late == nil)
    }
}
