// SPDX-License-Identifier: Apache-2.0
// A function without a framework: the handler, and the loop that feeds it. What a runtime owes
// Lambda is little: fetch an event, post the answer, begin again.

import Glibc

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The function: greets whoever the event names.
func handle(_ event: Data) throws -> Data {
    struct Event: Decodable {
        let name: String
    }
    struct Answer: Encodable {
        let greeting: String
    }
    let name = try JSONDecoder().decode(Event.self, from: event).name
    return try JSONEncoder().encode(Answer(greeting: "Hello, \(name)!"))
}

/// What goes wrong outside the handler.
struct RuntimeError: Error {
    let message: String
}

/// A kept-alive connection to the Runtime API.
struct RuntimeAPI {
    private let descriptor: Int32
    private let host: String

    init(address: String) throws {
        let parts = address.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1]) else {
            throw RuntimeError(message: "AWS_LAMBDA_RUNTIME_API is \(address)")
        }
        host = address
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        inet_pton(AF_INET, String(parts[0]), &target.sin_addr)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = descriptor
        let connected = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, size) }
        }
        guard connected == 0 else { throw RuntimeError(message: "cannot reach \(address)") }
    }

    /// Sends a request and returns the answer's headers, names in lower case, and body.
    func call(
        _ method: String, _ path: String, body: Data = Data()
    ) throws -> (headers: [String: String], body: Data) {
        let head =
            "\(method) /2018-06-01/runtime/\(path) HTTP/1.1\r\nHost: \(host)\r\n"
            + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
        try send(Data(head.utf8) + body)

        var received = Data()
        let separator = Data("\r\n\r\n".utf8)
        var end = received.firstRange(of: separator)
        while end == nil {
            received.append(try receive())
            end = received.firstRange(of: separator)
        }
        guard let end else { throw RuntimeError(message: "no answer") }
        var headers: [String: String] = [:]
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self)
        for line in lines.split(separator: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        var content = Data(received[end.upperBound...])
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while content.count < length { content.append(try receive()) }
        return (headers, content)
    }

    private func send(_ data: Data) throws {
        var rest = data
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw RuntimeError(message: "the connection broke") }
            rest = rest.dropFirst(count)
        }
    }

    private func receive() throws -> Data {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &chunk, chunk.count)
        guard count > 0 else { throw RuntimeError(message: "the connection ended") }
        return Data(chunk[0..<count])
    }
}

/// The document that Lambda passes on when a handler throws.
struct Failure: Encodable {
    let errorType: String
    let errorMessage: String
}

/// Answers one event after the other until the environment ends.
func serve() throws {
    let address = getenv("AWS_LAMBDA_RUNTIME_API").map { String(cString: $0) } ?? ""
    let api = try RuntimeAPI(address: address)
    while true {
        let event = try api.call("GET", "invocation/next")
        let request = event.headers["lambda-runtime-aws-request-id"] ?? ""
        do {
            let answer = try handle(event.body)
            print("answered \(request)")
            fflush(nil)
            _ = try api.call("POST", "invocation/\(request)/response", body: answer)
        } catch let error as DecodingError {
            let failure = Failure(errorType: "DecodingError", errorMessage: "\(error)")
            let document = try JSONEncoder().encode(failure)
            _ = try api.call("POST", "invocation/\(request)/error", body: document)
        }
    }
}

do {
    try serve()
} catch {
    print("ending: \(error)")
    exit(1)
}
