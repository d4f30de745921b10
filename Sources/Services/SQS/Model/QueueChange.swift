// SPDX-License-Identifier: Apache-2.0
// Everything that can happen to a queue's stored state. Decisions produce these, the store keeps
// what they say, and the same fold applies them when deciding and when loading.

package import Basics

/// One durable change of a queue.
package enum QueueChange: Sendable {
    /// A message was accepted; with a lease if it is not to be received at once.
    case accepted(MessagePosition, AcceptedMessage, Lease?)
    /// A message was received, returned or had its visibility changed.
    case leased(MessagePosition, Lease)
    /// A message is gone: deleted, expired or handed over.
    case removed(MessagePosition)
    /// Messages never received that are gone, up to but without `end`: retention passed.
    case freshExpired(end: MessagePosition, count: UInt64)
    /// A deduplication id is remembered.
    case remembered(DeduplicationKey, DeduplicationEntry)
    /// Deduplication ids whose time has passed.
    case forgotten([DeduplicationKey])
    /// A receive under an attempt id, first or repeated; or ids whose time has passed.
    case attempted(String, ReceiveAttempt)
    case attemptsForgotten([String])
    /// Every message is gone.
    case purged(at: Timestamp)
    /// The attributes changed.
    case configured(QueueConfiguration)
    /// A transfer from another queue was accepted under this id, or its memory dropped.
    case transferAccepted(TransferID)
    case transferConfirmed(TransferID)
    /// A move task began, went on or ended.
    case moveNoted(MoveTask)
    /// A move task older than those that are listed.
    case moveForgotten(number: UInt64)
}

/// An accepted message in both its forms: the parts the model needs and the stored bytes.
package struct AcceptedMessage: Sendable {
    package var groupID: String?
    package var sentAt: Timestamp
    /// The encoded record, made once for the store and the resident window.
    package var record: [UInt8]

    package init(groupID: String?, sentAt: Timestamp, record: [UInt8]) {
        self.groupID = groupID
        self.sentAt = sentAt
        self.record = record
    }
}

/// Names one hand-over between two queues, so that repeating it changes nothing.
package struct TransferID: Hashable, Comparable, Sendable {
    /// The source's cell number.
    package let source: UInt64
    package let position: MessagePosition

    package init(source: UInt64, position: MessagePosition) {
        self.source = source
        self.position = position
    }

    package static func < (left: TransferID, right: TransferID) -> Bool {
        (left.source, left.position) < (right.source, right.position)
    }
}

extension QueueChange {
    /// Whether every message accepted since the stored header is still there after it, and with a
    /// lease only if it had one from the beginning.
    var keepsTail: Bool {
        switch self {
        case .leased, .removed, .freshExpired, .purged: false
        case .accepted, .remembered, .forgotten, .configured, .transferAccepted,
            .transferConfirmed, .moveNoted, .moveForgotten, .attempted, .attemptsForgotten:
            true
        }
    }
}

/// What a queue's header record says; the rest is found from it.
package struct QueueHeader: Hashable, Sendable {
    /// The position the next message gets.
    package var nextPosition = MessagePosition(1)
    /// No message before this one is fresh (accepted, never received, not delayed).
    package var freshHead = MessagePosition(1)
    package var freshCount: UInt64 = 0
    /// When the queue was last purged.
    package var purgedAt: Timestamp?

    package init() {}
}
