// SPDX-License-Identifier: Apache-2.0
// The seam between the listener and whoever answers requests.

/// What becomes of a request once its head is known.
package enum HeadDecision: Sendable {
    /// Read the body, up to so many bytes; a longer one is refused with 413.
    case accept(bodyBytesMax: Int)
    /// Answer at once and read no body.
    ///
    /// A client that waits for `100 Continue` gets this instead; the connection closes if the
    /// request has a body.
    case answer(HTTPResponse)
}

/// Answers requests; one may serve many listeners.
package protocol HTTPApplication: Sendable {
    /// Judges a request by its head. Runs on the connection's event loop and must not block.
    func admit(_ head: HTTPRequestHead) -> HeadDecision

    /// Answers a request. Starts on the connection's event loop and returns there after each wait.
    ///
    /// Called for one request of a connection at a time, in order of arrival. Its task is
    /// cancelled when the client goes away.
    func respond(to request: HTTPRequest) async -> HTTPResponse

    /// Words the answer to a request the listener refuses; the connection closes after it.
    ///
    /// `head` is missing when the head itself was malformed.
    func refuse(_ rejection: HTTPRejection, head: HTTPRequestHead?) -> HTTPResponse
}

extension HTTPApplication {
    package func refuse(_ rejection: HTTPRejection, head: HTTPRequestHead?) -> HTTPResponse {
        HTTPResponse(rejection)
    }
}
