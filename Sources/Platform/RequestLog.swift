// SPDX-License-Identifier: Apache-2.0
// Every request with its answer, for whoever debugs a client. In place only when asked for: the
// journal is the record of calls, this shows what never became one too.

import Basics
import Chronology
import HTTPFront

/// An application that tells of each request of another.
struct RequestLog: HTTPApplication {
    let application: any HTTPApplication
    let time: SystemTime
    /// The text is for people; the fields say the same to programs.
    let sink: @Sendable (_ text: String, _ fields: JSONObject) -> Void

    func admit(_ head: HTTPRequestHead) -> HeadDecision {
        let decision = application.admit(head)
        if case .answer(let response) = decision { tell(head, response, 0) }
        return decision
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        let begin = time.monotonicNanoseconds()
        let response = await application.respond(to: request)
        tell(request.head, response, time.monotonicNanoseconds() &- begin)
        return response
    }

    func refuse(_ rejection: HTTPRejection, head: HTTPRequestHead?) -> HTTPResponse {
        let response = application.refuse(rejection, head: head)
        tell(head, response, 0)
        return response
    }

    private func tell(_ head: HTTPRequestHead?, _ response: HTTPResponse, _ nanoseconds: UInt64) {
        let method = head?.method.name ?? "?"
        let path = String((head?.rawPath ?? "?").prefix(256))
        // Credentials are in other fields; this one names the operation and nothing else.
        let target = String((head?.header("x-amz-target") ?? "").prefix(128))
        let milliseconds = nanoseconds / 1_000_000
        let operation = target.isEmpty ? "" : " \(target)"
        sink(
            "\(method) \(path)\(operation) \(response.status) \(milliseconds) ms",
            [
                "method": .string(method), "path": .string(path), "target": .string(target),
                "status": .integer(Int64(response.status)),
                "milliseconds": .integer(Int64(clamping: milliseconds)),
                "from": .string(head?.connection.tag ?? ""),
            ])
    }
}
