// SPDX-License-Identifier: Apache-2.0
// One line of the story of a world: a call, an invocation or a delivery, with what caused it.

package import Basics

/// Names a journal record; 0 stands for "none".
package struct JournalID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static let none = JournalID(rawValue: 0)

    package static func < (left: JournalID, right: JournalID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What happened, to what, by whom, and why.
package struct JournalRecord: Sendable {
    package enum Kind: String, Sendable {
        /// An API call, from outside or from a service.
        case call
        /// A function ran.
        case invocation
        /// Something accepted earlier was handed on: a redrive, a destination, a retry.
        case delivery
    }

    package var id: JournalID
    /// The record this one follows from.
    package var cause: JournalID
    package var kind: Kind
    /// Virtual time of the beginning.
    package var time: Timestamp
    package var service: String
    package var operation: String
    package var resource = ""
    package var principal = ""
    package var requestID = ""
    /// HTTP status, or 0 where none applies.
    package var status = 0
    /// Error code, or empty.
    package var error = ""
    package var attempt = 0
    package var durationMicroseconds: Int64 = 0
    package var requestBytes = 0
    package var responseBytes = 0
    /// Requests that AWS bills for a call; 0 for what is no call.
    package var billedRequests = 0
    /// Messages or other things it moved, by name, for following a path.
    package var subjects: [String] = []
    /// The statement that decided on permission, or a short note.
    package var detail = ""

    package init(
        id: JournalID, cause: JournalID, kind: Kind, time: Timestamp, service: String,
        operation: String
    ) {
        self.id = id
        self.cause = cause
        self.kind = kind
        self.time = time
        self.service = service
        self.operation = operation
    }

    /// The record as a JSON object with stable names.
    package var json: JSONValue {
        var object: JSONObject = [
            "id": .integer(Int64(clamping: id.rawValue)),
            "cause": .integer(Int64(clamping: cause.rawValue)),
            "kind": .string(kind.rawValue),
            "time": .string(time.iso8601(fraction: true)),
            "service": .string(service),
            "operation": .string(operation),
            "resource": .string(resource),
            "principal": .string(principal),
            "requestId": .string(requestID),
            "status": .integer(Int64(status)),
            "attempt": .integer(Int64(attempt)),
            "durationMicroseconds": .integer(durationMicroseconds),
            "requestBytes": .integer(Int64(requestBytes)),
            "responseBytes": .integer(Int64(responseBytes)),
            "billedRequests": .integer(Int64(billedRequests)),
        ]
        if !error.isEmpty { object["error"] = .string(error) }
        if !subjects.isEmpty { object["subjects"] = .array(subjects.map { .string($0) }) }
        if !detail.isEmpty { object["detail"] = .string(detail) }
        return .object(object)
    }
}
