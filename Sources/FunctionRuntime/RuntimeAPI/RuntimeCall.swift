// SPDX-License-Identifier: Apache-2.0
// The Runtime API's vocabulary, version 2018-06-01: which call a request is, and the answers.

/// A call that a runtime makes.
enum RuntimeCall: Equatable {
    case next
    case response(requestID: String)
    case error(requestID: String)
    case initError
    case unknown

    init(_ request: RuntimeRequest) {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: true)
        guard parts.count >= 4, parts[0] == "2018-06-01", parts[1] == "runtime" else {
            self = .unknown
            return
        }
        switch (request.method, parts[2], parts.count) {
        case ("GET", "invocation", 4) where parts[3] == "next": self = .next
        case ("POST", "invocation", 5) where parts[4] == "response":
            self = .response(requestID: String(parts[3]))
        case ("POST", "invocation", 5) where parts[4] == "error":
            self = .error(requestID: String(parts[3]))
        case ("POST", "init", 4) where parts[3] == "error": self = .initError
        default: self = .unknown
        }
    }
}

/// An answer of the Runtime API as bytes.
enum RuntimeReply {
    static let accepted = json(status: "202 Accepted", #"{"status":"OK"}"#)
    static let continues = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
    static let notFound = bytes(
        status: "404 Not Found", headers: [], type: "text/plain", body: "404 page not found\n".utf8)
    static let unknownRequest = failure(
        status: "400 Bad Request", type: "InvalidRequestID", message: "Invalid request ID")
    static let wrongState = failure(
        status: "403 Forbidden", type: "InvalidStateTransition",
        message: "Transition from one state to another is not allowed")
    static let tooLarge = failure(
        status: "413 Request Entity Too Large", type: "RequestEntityTooLarge",
        message:
            "Exceeded maximum allowed payload size (\(RuntimeRequestParser.bodyBytesMax) bytes).")

    static func malformed(_ error: RuntimeRequestMalformed) -> [UInt8] {
        failure(
            status: "\(error.status) Bad Request", type: "InvalidRequest", message: error.reason)
    }

    /// The next event, with the headers runtimes read.
    static func invocation(headers: [(name: String, value: String)], payload: [UInt8]) -> [UInt8] {
        bytes(status: "200 OK", headers: headers, type: "application/json", body: payload)
    }

    private static func failure(status: String, type: String, message: String) -> [UInt8] {
        json(status: status, #"{"errorMessage":"\#(message)","errorType":"\#(type)"}"#)
    }

    private static func json(status: String, _ body: String) -> [UInt8] {
        bytes(status: status, headers: [], type: "application/json", body: body.utf8)
    }

    private static func bytes(
        status: String, headers: [(name: String, value: String)], type: String,
        body: some Collection<UInt8>
    ) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(body.count + 512)
        output.append(contentsOf: "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\n".utf8)
        for (name, value) in headers {
            output.append(contentsOf: name.utf8)
            output.append(contentsOf: ": ".utf8)
            // Values hold what a caller sent; a line break in one would be a header of its own.
            output.append(contentsOf: value.utf8.lazy.filter { $0 >= 0x20 && $0 != 0x7F })
            output.append(contentsOf: "\r\n".utf8)
        }
        output.append(contentsOf: "Content-Length: \(body.count)\r\n\r\n".utf8)
        output.append(contentsOf: body)
        return output
    }
}
