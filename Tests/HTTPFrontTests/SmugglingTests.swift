// SPDX-License-Identifier: Apache-2.0
// Requests that two readers could take for different ones, or that are plain wrong: each has to
// be refused with the right status, whatever follows it.

import NIOCore
import Testing

@testable import HTTPFront

@Suite struct SmugglingTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let status: Int
        var testDescription: String { name }
    }

    /// A POST with these lines in its head, and a body that would be a second request.
    private static func post(_ name: String, _ lines: String, status: Int = 400) -> Vector {
        Vector(
            name: name,
            text:
                "POST / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n",
            status: status)
    }

    private static func chunked(_ name: String, _ body: String, status: Int = 400) -> Vector {
        Vector(
            name: name,
            text: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)",
            status: status)
    }

    private static func line(_ name: String, _ line: String, status: Int = 400) -> Vector {
        Vector(name: name, text: "\(line)\r\nHost: a\r\n\r\n", status: status)
    }

    static let vectors: [Vector] = lengths + codings + chunks + fields + lines

    private static let lengths = [
        post("length and coding", "Content-Length: 4\r\nTransfer-Encoding: chunked"),
        post("coding and length", "Transfer-Encoding: chunked\r\nContent-Length: 4"),
        post("zero length and coding", "Content-Length: 0\r\nTransfer-Encoding: chunked"),
        post("two lengths", "Content-Length: 4\r\nContent-Length: 5"),
        post("two equal lengths", "Content-Length: 4\r\nContent-Length: 4"),
        post("length list", "Content-Length: 4, 4"),
        post("signed length", "Content-Length: +4"),
        post("negative length", "Content-Length: -1"),
        post("hexadecimal length", "Content-Length: 0x4"),
        post("empty length", "Content-Length:"),
        post("length in words", "Content-Length: four"),
        post("length with a space", "Content-Length: 1 0"),
        post("fractional length", "Content-Length: 4.0"),
        post("length beyond 64 bits", "Content-Length: 18446744073709551620"),
        post("length of 19 digits", "Content-Length: 9223372036854775807"),
        post("length with underscore", "Content-Length: 1_0"),
        post("length over the bound", "Content-Length: 65537", status: 413),
    ]

    private static let codings = [
        post("identity coding", "Transfer-Encoding: identity"),
        post("coding before chunked", "Transfer-Encoding: gzip, chunked"),
        post("chunked not last", "Transfer-Encoding: chunked, identity"),
        post("chunked twice", "Transfer-Encoding: chunked, chunked"),
        post("two coding fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        post("coding and identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
        post("misspelt coding", "Transfer-Encoding: xchunked"),
        post("coding in quotes", "Transfer-Encoding: \"chunked\""),
        post("coding with parameter", "Transfer-Encoding: chunked;q=1"),
        post("empty coding", "Transfer-Encoding:"),
        post("coding with vertical tab", "Transfer-Encoding: \u{0B}chunked"),
        post("coding after comma", "Transfer-Encoding: ,chunked"),
        post("space before the colon", "Transfer-Encoding : chunked"),
        post("tab before the colon", "Content-Length\t: 4"),
        Vector(
            name: "coding in HTTP/1.0",
            text: "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            status: 400),
    ]

    private static let chunks = [
        chunked("empty chunk size", "\r\nabc\r\n"),
        chunked("chunk size with prefix", "0x3\r\nabc\r\n0\r\n\r\n"),
        chunked("negative chunk size", "-3\r\nabc\r\n"),
        chunked("signed chunk size", "+3\r\nabc\r\n"),
        chunked("space before the chunk size", " 3\r\nabc\r\n"),
        chunked("space after the chunk size", "3 \r\nabc\r\n"),
        chunked("space before an extension", "3 ;a\r\nabc\r\n"),
        chunked("chunk size not hexadecimal", "3g\r\nabc\r\n"),
        chunked("chunk size beyond 60 bits", "1000000000000003\r\nabc\r\n"),
        chunked("chunk size over the bound", "10001\r\n", status: 413),
        chunked("chunk longer than its size", "3\r\nabcd\r\n0\r\n\r\n"),
        chunked("chunk shorter than its size", "5\r\nabc\r\n0\r\n\r\n"),
        chunked("chunk ended by a line feed", "3\r\nabc\n0\r\n\r\n"),
        chunked("size ended by a line feed", "3\nabc\r\n0\r\n\r\n"),
        chunked("carriage return in an extension", "3;a\rb\r\nabc\r\n"),
        chunked("NUL in an extension", "3;a\0b\r\nabc\r\n"),
        chunked("endless extension", "3;" + String(repeating: "a", count: 2000)),
        chunked("last chunk ended by a line feed", "0\r\n\n"),
        chunked("folded trailer", "0\r\nX: 1\r\n 2\r\n\r\n"),
        chunked("trailer without a colon", "0\r\nGET / HTTP/1.1\r\n\r\n"),
        chunked(
            "too many trailers", "0\r\n" + String(repeating: "X: 1\r\n", count: 201) + "\r\n",
            status: 431),
    ]

    private static let fields = [
        post("folded line", "X: 1\r\n folded"),
        post("folded by tab", "X: 1\r\n\tfolded"),
        Vector(name: "fold first", text: "GET / HTTP/1.1\r\n Host: a\r\n\r\n", status: 400),
        post("line feed alone", "X: 1\nContent-Length: 4"),
        post("carriage return alone", "X: 1\rContent-Length: 4"),
        post("two carriage returns", "X: 1\r\r\nY: 1"),
        post("NUL in a value", "X: a\0b"),
        post("escape in a value", "X: a\u{1B}b"),
        post("DEL in a value", "X: a\u{7F}b"),
        post("NUL in a name", "X\0Y: a"),
        post("empty name", ": a"),
        post("no colon", "Content-Length 4"),
        post("name in UTF-8", "N\u{e4}me: a"),
        post("name with a slash", "a/b: c"),
        post("name in brackets", "(a): b"),
        post("second host", "Host: b"),
        post("second equal host", "host: a"),
        post("unknown expectation", "Expect: 200-ok", status: 417),
        post("too many fields", String(repeating: "X: 1\r\n", count: 200) + "Y: 1", status: 431),
        post("head too large", "X: " + String(repeating: "a", count: 66_000), status: 431),
        Vector(name: "no host", text: "GET / HTTP/1.1\r\n\r\n", status: 400),
        Vector(name: "host list", text: "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", status: 400),
        Vector(name: "host with user", text: "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", status: 400),
        Vector(name: "host with path", text: "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", status: 400),
        Vector(name: "host with space", text: "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", status: 400),
    ]

    private static let lines = [
        line("no version", "GET /"),
        line("HTTP/0.9 style", "GET  /"),
        line("lower-case version", "GET / http/1.1"),
        line("version without minor", "GET / HTTP/1"),
        line("version with two digits", "GET / HTTP/1.10"),
        line("version with comma", "GET / HTTP/1,1"),
        line("letters for a version", "GET / HTTP/x.y"),
        line("version with a space behind", "GET / HTTP/1.1 "),
        line("HTTP/1.2", "GET / HTTP/1.2", status: 505),
        line("HTTP/2.0", "GET / HTTP/2.0", status: 505),
        line("HTTP/3.0", "GET / HTTP/3.0", status: 505),
        line("two spaces before the target", "GET  / HTTP/1.1"),
        line("two spaces before the version", "GET /  HTTP/1.1"),
        line("tab for a space", "GET\t/ HTTP/1.1"),
        line("space in the target", "GET /a b HTTP/1.1"),
        line("fragment in the target", "GET /a#b HTTP/1.1"),
        line("control in the target", "GET /a\u{01} HTTP/1.1"),
        line("raw UTF-8 in the target", "GET /\u{e4} HTTP/1.1"),
        line("no slash", "GET a HTTP/1.1"),
        line("asterisk with GET", "GET * HTTP/1.1"),
        line("two asterisks", "OPTIONS ** HTTP/1.1"),
        line("foreign scheme", "GET ftp://a/ HTTP/1.1"),
        line("no authority", "GET http:///x HTTP/1.1"),
        line("user in the target", "GET http://u@a/ HTTP/1.1"),
        line("CONNECT", "CONNECT a:443 HTTP/1.1", status: 501),
        line("method in brackets", "(GET) / HTTP/1.1"),
        line("space before the method", " GET / HTTP/1.1"),
        line("endless method", String(repeating: "A", count: 33) + " / HTTP/1.1"),
        line("no method", "/ HTTP/1.1"),
        line("three empty lines", "\r\n\r\n\r\nGET / HTTP/1.1"),
        line("line feed first", "\nGET / HTTP/1.1"),
        line(
            "target too long", "GET /" + String(repeating: "a", count: 17_000) + " HTTP/1.1",
            status: 414),
        Vector(name: "HTTP/2 preface", text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 505),
        Vector(name: "TLS hello", text: "\u{16}\u{03}\u{01}\r\n", status: 400),
    ]

    @Test(arguments: vectors)
    func ambiguousRequestIsRefused(vector: Vector) throws {
        let events = decode(vector.text)
        let last = try #require(events.last)
        #expect(last.hasPrefix("rejected \(vector.status) "), "\(last)")
        #expect(!events.contains { $0.contains("/x") }, "the body became a request")
    }
}
