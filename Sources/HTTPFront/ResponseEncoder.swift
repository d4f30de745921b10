// SPDX-License-Identifier: Apache-2.0
// Writes response heads and bodies straight into one buffer.

import NIOCore

/// How the body of a response is delimited.
enum ResponseFraming {
    case sized
    case chunked
    /// By the end of the connection, for HTTP/1.0 clients.
    case untilClose
}

enum ResponseEncoder {
    static let continueLine: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
    static let lastChunk: StaticString = "0\r\n\r\n"

    /// Whether a status never has a body (RFC 9112, 6.3).
    static func isBodyless(_ status: Int) -> Bool { status == 204 || status == 304 }

    /// Writes a complete response whose body is known.
    static func write(
        _ response: HTTPResponse, body: [UInt8], isHead: Bool, connection: StaticString?,
        dateLine: [UInt8], to buffer: inout ByteBuffer
    ) {
        writeHead(
            response, length: body.count, isHead: isHead, framing: .sized, connection: connection,
            dateLine: dateLine, to: &buffer)
        if !isHead, !isBodyless(response.status) { buffer.writeBytes(body) }
    }

    /// Writes a head with its empty line; `length` counts for `sized` only.
    static func writeHead(
        _ response: HTTPResponse, length: Int, isHead: Bool, framing: ResponseFraming,
        connection: StaticString?, dateLine: [UInt8], to buffer: inout ByteBuffer
    ) {
        writeStatusLine(response.status, to: &buffer)
        var hasLength = isBodyless(response.status)
        for (name, value) in response.headers {
            switch name.utf8.count {
            case 4 where isEqual(name, "date"): continue
            case 10 where isEqual(name, "connection"): continue
            case 17 where isEqual(name, "transfer-encoding"): continue
            case 14 where isEqual(name, "content-length"):
                guard isHead, framing == .sized, length == 0, !hasLength else { continue }
                hasLength = true
            default: break
            }
            writeField(name, value, to: &buffer)
        }
        buffer.writeBytes(dateLine)
        if let connection { buffer.writeStaticString(connection) }
        switch framing {
        case .sized where !hasLength:
            buffer.writeStaticString("content-length: ")
            buffer.writeString(String(length))
            buffer.writeStaticString("\r\n")
        case .chunked: buffer.writeStaticString("transfer-encoding: chunked\r\n")
        default: break
        }
        buffer.writeStaticString("\r\n")
    }

    /// Writes one chunk; an empty piece writes nothing, for that would end the body.
    static func writeChunk(_ bytes: [UInt8], to buffer: inout ByteBuffer) {
        guard !bytes.isEmpty else { return }
        buffer.writeString(String(bytes.count, radix: 16))
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(bytes)
        buffer.writeStaticString("\r\n")
    }

    private static func writeField(_ name: String, _ value: String, to buffer: inout ByteBuffer) {
        guard !name.isEmpty, name.utf8.allSatisfy(ASCII.isToken) else { return }
        buffer.writeString(name)
        buffer.writeStaticString(": ")
        let start = buffer.writerIndex
        let count = buffer.writeString(value)
        buffer.writeStaticString("\r\n")
        buffer.neutraliseControls(at: start, count: count)
    }

    private static func isEqual(_ name: String, _ lowercase: StaticString) -> Bool {
        var position = 0
        for byte in name.utf8 {
            if ASCII.lowercase(byte) != lowercase.utf8Start[position] { return false }
            position += 1
        }
        return true
    }

    private static func writeStatusLine(_ status: Int, to buffer: inout ByteBuffer) {
        if status == 200 {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
            return
        }
        buffer.writeStaticString("HTTP/1.1 ")
        // A status outside three digits would break the line, and is a bug of the application.
        buffer.writeString(String((200...599).contains(status) ? status : 500))
        buffer.writeStaticString(" ")
        buffer.writeStaticString(reason(status))
        buffer.writeStaticString("\r\n")
    }

    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 417: "Expectation Failed"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}

extension ByteBuffer {
    /// Puts spaces where a value holds control characters, so that none can split a response.
    fileprivate mutating func neutraliseControls(at start: Int, count: Int) {
        let from = start - readerIndex
        let isClean = withUnsafeReadableBytes {
            !ASCII.hasControl(UnsafeRawBufferPointer(rebasing: $0[from..<from + count]))
        }
        guard !isClean else { return }
        withUnsafeMutableReadableBytes { bytes in
            for position in from..<from + count
            where bytes[position] < 0x20 && bytes[position] != ASCII.tab || bytes[position] == 0x7F
            {
                bytes[position] = ASCII.space
            }
        }
    }
}
