// SPDX-License-Identifier: Apache-2.0
// Why a queue's state does not allow a command. The operations turn these into AWS's errors.

/// A command the queue refuses; nothing changed.
package enum QueueRefusal: Error, Hashable, Sendable {
    case receiptHandleInvalid
    case receiptHandleExpired
    case messageNotInFlight
    /// The visibility timeout asked for would end more than 12 hours after the receive.
    case visibilityBeyondLimit(seconds: Int)
    /// The message was deleted, or expired.
    case messageGone
    case tooManyInFlight
    case purgeInProgress
    /// A move task out of the queue is active already.
    case moveActive
    /// No move task of that id, or none that can still be cancelled.
    case moveUnknown
    case moveEnded
    /// The queue was deleted after the caller found it.
    case queueDeleted
}
