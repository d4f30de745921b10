// SPDX-License-Identifier: Apache-2.0
// A message as the queue keeps it, and the facts about it that change.

package import Basics

/// Where a message stands in its queue: send order, never reused.
package struct MessagePosition: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (left: MessagePosition, right: MessagePosition) -> Bool {
        left.rawValue < right.rawValue
    }

    package var next: MessagePosition { MessagePosition(rawValue &+ 1) }

    /// The `SequenceNumber` a FIFO queue shows: 20 digits that sort in send order.
    package var sequenceNumber: String {
        let digits = String(rawValue)
        return "1" + String(repeating: "0", count: max(0, 19 - digits.utf8.count)) + digits
    }
}

/// A message attribute's value; exactly one kind is ever set.
package enum MessageAttributeValue: Hashable, Sendable {
    case string(String)
    case binary([UInt8])
}

/// A named, typed attribute of a message.
package struct MessageAttribute: Hashable, Sendable {
    package var name: String
    /// `String`, `Number` or `Binary`, with an optional `.label`.
    package var dataType: String
    package var value: MessageAttributeValue

    package init(name: String, dataType: String, value: MessageAttributeValue) {
        self.name = name
        self.dataType = dataType
        self.value = value
    }

    /// What the attribute adds to the message's size: name, type and value.
    package var sizeBytes: Int {
        let valueBytes =
            switch value {
            case .string(let text): text.utf8.count
            case .binary(let bytes): bytes.count
            }
        return name.utf8.count + dataType.utf8.count + valueBytes
    }
}

/// What a sender gave, fixed when the queue accepted it.
package struct Message: Hashable, Sendable {
    package var messageID: String
    package var body: String
    /// MD5 of the body's UTF-8.
    package var bodyDigest: [UInt8]
    /// In name order.
    package var attributes: [MessageAttribute] = []
    /// The `AWSTraceHeader` system attribute.
    package var traceHeader: String?
    /// What `SenderId` shows: the sender's unique id or account.
    package var senderID: String
    /// When it was first enqueued; retention counts from here.
    package var sentAt: Timestamp
    package var groupID: String?
    package var deduplicationID: String?
    /// The queue it came from, if a redrive policy moved it here.
    package var deadLetterSourceARN: String?
    /// The journal record of the call or delivery that sent it; 0 when unknown.
    package var cause: UInt64 = 0

    /// What counts against limits and is billed: body and attributes.
    package var sizeBytes: Int { attributes.reduce(body.utf8.count) { $0 + $1.sizeBytes } }

    package init(
        messageID: String, body: String, bodyDigest: [UInt8], senderID: String, sentAt: Timestamp
    ) {
        self.messageID = messageID
        self.body = body
        self.bodyDigest = bodyDigest
        self.senderID = senderID
        self.sentAt = sentAt
    }
}

/// What changes about a message after it was accepted.
///
/// A message without a lease has never been received and may be received now.
package struct Lease: Hashable, Sendable {
    /// Hidden from receivers until then.
    package var visibleAt: Timestamp
    /// How often it was received.
    package var receiveCount: UInt32 = 0
    package var firstReceivedAt: Timestamp?
    /// When the latest receive was; the 12 hours of visibility count from there.
    package var receivedAt: Timestamp?
    /// Distinguishes the latest receipt handle from earlier ones.
    package var nonce: UInt64 = 0
    /// Copy of the message's, so that retention needs no look at the message.
    package var sentAt: Timestamp
    /// Being handed to another queue: no reader sees it any more.
    package var isLeaving = false
    /// The move task it leaves for; 0 when it leaves for the dead-letter queue.
    package var moveTask: UInt64 = 0
    /// The message group, on standard queues: what fairness between groups needs of a message.
    package var tenant: String?

    package init(visibleAt: Timestamp, sentAt: Timestamp) {
        self.visibleAt = visibleAt
        self.sentAt = sentAt
    }
}
