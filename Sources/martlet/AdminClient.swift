// SPDX-License-Identifier: Apache-2.0
// How the commands talk to a running server: one HTTP request over a plain socket.

import ArgumentParser
import Basics

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where the server is.
struct ServerOptions: ParsableArguments {
    @Option(help: "Port of the server; 4566 unless MARTLET_PORT says otherwise.") var port: Int?

    func client() throws -> AdminClient {
        let port = try self.port ?? Settings.number("MARTLET_PORT") ?? Settings.gatewayListen().port
        return AdminClient(port: try Settings.checkedPort(port ?? 4566, from: 1))
    }
}

/// A client of the admin paths on this machine.
struct AdminClient {
    let port: Int

    /// The reply's document; prints and fails on anything but success.
    func call(_ method: String, _ path: String, _ document: JSONObject? = nil) throws -> JSONObject
    {
        var body: [UInt8] = []
        try stream(method, path, document) { body += $0 }
        guard let object = (try? JSONValue(parsing: body))?.objectValue else {
            throw CommandFailure(
                "What answers on port \(port) is no Martlet. Name its port with --port.")
        }
        return object
    }

    /// Hands out the reply's body piece by piece.
    func stream(
        _ method: String, _ path: String, _ document: JSONObject?,
        _ take: ([UInt8]) throws -> Void
    ) throws {
        let descriptor = try connect()
        defer { close(descriptor) }
        let body = document.map { JSONValue.object($0).bytes } ?? []
        var request = "\(method) \(path) HTTP/1.0\r\nHost: 127.0.0.1:\(port)\r\n"
        request += "X-Martlet-Request: 1\r\nContent-Length: \(body.count)\r\n\r\n"
        try send(Array(request.utf8) + body, on: descriptor)
        var head: [UInt8] = []
        var inBody = false
        var failure: Int?
        var failed: [UInt8] = []
        while let piece = receive(on: descriptor) {
            var piece = piece
            if !inBody {
                head += piece
                guard let end = Self.headEnd(head) else { continue }
                inBody = true
                let status = Self.status(head)
                if !(200..<300).contains(status) { failure = status }
                piece = Array(head[end...])
            }
            if failure != nil { failed += piece } else { try take(piece) }
        }
        if let failure {
            let message = (try? JSONValue(parsing: failed))?["error"]?.stringValue
            throw CommandFailure(
                message ?? "The server on port \(port) answered \(failure). Is it a Martlet?")
        }
    }

    private func connect() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(clamping: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, connected == 0 else {
            if descriptor >= 0 { close(descriptor) }
            throw CommandFailure(
                "No Martlet answers on port \(port). Start one with `martlet serve`, or name its port "
                    + "with --port.")
        }
        return descriptor
    }

    private func send(_ bytes: [UInt8], on descriptor: Int32) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw CommandFailure("The server closed the connection.") }
            sent += count
        }
    }

    private func receive(on descriptor: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        let mark: [UInt8] = [13, 10, 13, 10]
        guard bytes.count >= 4 else { return nil }
        for start in 0...(bytes.count - 4) where Array(bytes[start..<start + 4]) == mark {
            return start + 4
        }
        return nil
    }

    private static func status(_ head: [UInt8]) -> Int {
        let line = String(decoding: head.prefix(64), as: UTF8.self)
        let parts = line.split(separator: " ")
        return parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    }
}
