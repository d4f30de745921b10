// SPDX-License-Identifier: Apache-2.0
// What a simulated history looked like from outside: what clients and functions began, what they
// were answered, what went wrong, and what was found at the end. Checkers read nothing else.

package import Basics

/// A message as a receive showed it.
package struct ReceivedMessage: Hashable, Sendable {
    package var body: String
    package var messageID: String
    package var group: String?
    /// The queue's own order, of FIFO queues only.
    package var sequence: String?

    package init(
        _ body: String, messageID: String, group: String? = nil, sequence: String? = nil
    ) {
        self.body = body
        self.messageID = messageID
        self.group = group
        self.sequence = sequence
    }
}

/// What may be put wrong.
package enum FaultKind: String, CaseIterable, Sendable {
    case functionError = "function error"
    case functionTimeout = "function time-out"
    case partialFailure = "partial batch failure"
    case failedWrite = "failed write"
    case failedSync = "failed sync"
    case slowSync = "slow sync"
    case full = "full"
    case clockJump = "clock jump"
    case crash = "crash"
}

/// One thing that happened.
///
/// Calls and runs are numbered; an end without an answer means that nobody knows what became of
/// it. A body is a message's name: no two messages have the same, unless one was sent again.
package enum HistoryEvent: Sendable {
    case sendBegan(call: Int, queue: String, body: String, group: String?, deduplicationID: String?)
    case sendEnded(call: Int, messageID: String?)
    case receiveBegan(call: Int, queue: String, visibilitySeconds: Int)
    case receiveEnded(call: Int, messages: [ReceivedMessage]?)
    /// `receive` is the call that handed out the receipt handle.
    case deleteBegan(call: Int, queue: String, body: String, receive: Int)
    case deleteEnded(call: Int, acknowledged: Bool)
    /// The client gives a message back at once.
    case releaseBegan(call: Int, queue: String, body: String, receive: Int)
    case releaseEnded(call: Int, acknowledged: Bool)
    case invokeBegan(call: Int, key: String)
    case invokeEnded(call: Int, acknowledged: Bool)
    /// A function starts on messages of a queue, or on the one event of an invocation.
    case runBegan(run: Int, function: String, bodies: [String])
    /// Which of them it has dealt with.
    case runEnded(run: Int, done: [String])
    case fault(FaultKind)
    /// Found when all had come to rest.
    case found(queue: String, body: String)
}

/// An event and the virtual time it happened at.
package struct HistoryEntry: Sendable {
    package let at: Timestamp
    package let event: HistoryEvent

    package init(_ at: Timestamp, _ event: HistoryEvent) {
        self.at = at
        self.event = event
    }
}

/// Something that must not happen.
package struct Violation: Hashable, Sendable, CustomStringConvertible {
    /// Which rule, in a few words that are the same for every message.
    package let rule: String
    /// The message or invocation.
    package let subject: String
    package let detail: String

    package init(_ rule: String, _ subject: String, _ detail: String = "") {
        self.rule = rule
        self.subject = subject
        self.detail = detail
    }

    package var description: String { "\(subject): \(rule)\(detail.isEmpty ? "" : ", \(detail)")" }
}

extension HistoryEvent: CustomStringConvertible {
    package var description: String {
        switch self {
        case .sendBegan(let call, let queue, let body, let group, let deduplicationID):
            "#\(call) send \"\(body)\" to \(queue)" + (group.map { " group \($0)" } ?? "")
                + (deduplicationID.map { " deduplication \($0)" } ?? "")
        case .sendEnded(let call, let messageID):
            "#\(call) sent" + (messageID.map { " as \($0)" } ?? ": no answer")
        case .receiveBegan(let call, let queue, let seconds):
            "#\(call) receive from \(queue), hidden \(seconds) s"
        case .receiveEnded(let call, let messages):
            "#\(call) received "
                + (messages.map { "\($0.map(\.body))" } ?? "no answer")
        case .deleteBegan(let call, let queue, let body, let receive):
            "#\(call) delete \"\(body)\" from \(queue), received by #\(receive)"
        case .deleteEnded(let call, let acknowledged):
            "#\(call) deleted\(acknowledged ? "" : ": no answer")"
        case .releaseBegan(let call, let queue, let body, let receive):
            "#\(call) give back \"\(body)\" to \(queue), received by #\(receive)"
        case .releaseEnded(let call, let acknowledged):
            "#\(call) given back\(acknowledged ? "" : ": no answer")"
        case .invokeBegan(let call, let key): "#\(call) invoke for \(key)"
        case .invokeEnded(let call, let acknowledged):
            "#\(call) invoked\(acknowledged ? "" : ": no answer")"
        case .runBegan(let run, let function, let bodies): "run \(run) of \(function) on \(bodies)"
        case .runEnded(let run, let done): "run \(run) has done \(done)"
        case .fault(let kind): "-- \(kind.rawValue)"
        case .found(let queue, let body): "at the end \"\(body)\" is in \(queue)"
        }
    }
}
