// SPDX-License-Identifier: Apache-2.0
// What an application answers. Framing (`Content-Length`, `Transfer-Encoding`, `Connection`) and
// `Date` are the listener's business; fields of these names from the application are left out,
// except `Content-Length` in the answer to a HEAD request.

/// A response.
package struct HTTPResponse: Sendable {
    package enum Body: Sendable {
        /// A body known in full.
        case bytes([UInt8])
        /// A body of unknown length: the closure writes it and returns at its end.
        ///
        /// It runs in the request's task, so it is cancelled when the client goes away and when
        /// the server drains. An error cuts the connection, so that the client sees a torn body.
        case stream(@Sendable (HTTPBodyWriter) async throws -> Void)
    }

    /// The status code, 200 to 599.
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: Body
    /// Whether the connection ends after this response.
    package var closesConnection = false

    package init(
        status: Int, headers: [(name: String, value: String)] = [], body: Body = .bytes([])
    ) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package init(
        status: Int, headers: [(name: String, value: String)] = [], body: [UInt8]
    ) {
        self.init(status: status, headers: headers, body: .bytes(body))
    }
}

/// Why the listener refuses what a client sent.
package struct HTTPRejection: Error, Equatable, Sendable {
    /// The status to answer with; always 4xx or 5xx.
    package let status: Int
    /// A short reason for the client's log; never holds bytes of the request.
    package let reason: String
}

extension HTTPResponse {
    /// The plain answer to something refused.
    package init(_ rejection: HTTPRejection) {
        self.init(
            status: rejection.status, headers: [("content-type", "text/plain")],
            body: Array("\(rejection.reason)\n".utf8))
        closesConnection = true
    }
}
