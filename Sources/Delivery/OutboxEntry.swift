// SPDX-License-Identifier: Apache-2.0
// What waits in the outbox, and what its handler may answer. Storing, timing and starting are
// `Outbox`'s business.

package import Basics
package import Chronology
package import Journal

/// Names an entry for good: ids rise and are never used again, so that a target can remember
/// which it has accepted.
package struct OutboxID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (left: OutboxID, right: OutboxID) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The id after `last` at `now`: above all that were given out before, this run or earlier,
    /// because virtual time never goes back.
    static func next(after last: OutboxID, now: Timestamp) -> OutboxID {
        let floor = UInt64(clamping: now.milliseconds) << 20
        return OutboxID(rawValue: max(last.rawValue &+ 1, floor))
    }
}

/// Something to be delivered, before it has a place in the outbox.
package struct OutboxDraft: Sendable {
    /// Name of the handler registered for it; stored.
    package let handler: String
    /// Deliveries of one lane share a bound; a slow lane delays no other.
    package let lane: String
    /// The handler's own record.
    package let content: [UInt8]
    /// The journal record it follows from.
    package let cause: JournalID

    package init(handler: String, lane: String, content: [UInt8], cause: JournalID) {
        self.handler = handler
        self.lane = lane
        self.content = content
        self.cause = cause
    }
}

/// What the outbox keeps resident of an entry; the content stays in the store.
struct OutboxHeader: Hashable, Sendable {
    let id: OutboxID
    let handler: String
    let lane: String
    let acceptedAt: Timestamp
    var dueAt: Timestamp
    /// Attempts that counted.
    var attempts = 0
    /// Attempts that did not get as far as counting, since the last that did.
    var deferrals = 0
    let cause: JournalID
}

/// One attempt at an entry.
package struct Delivery: Sendable {
    package let id: OutboxID
    package let lane: String
    package let content: [UInt8]
    package let acceptedAt: Timestamp
    /// Counted attempts before this one.
    package let attempts: Int
    /// Uncounted attempts since the last counted one.
    package let deferrals: Int
    package let cause: JournalID
    /// The activity this attempt is counted in; waits on tickets of it are rest.
    package let activity: Activity

    package init(
        id: OutboxID, lane: String, content: [UInt8], acceptedAt: Timestamp, attempts: Int,
        deferrals: Int, cause: JournalID, activity: Activity
    ) {
        self.id = id
        self.lane = lane
        self.content = content
        self.acceptedAt = acceptedAt
        self.attempts = attempts
        self.deferrals = deferrals
        self.cause = cause
        self.activity = activity
    }
}

/// What becomes of an entry after an attempt.
package enum DeliveryVerdict: Sendable {
    /// It leaves the outbox, in the commit that brings its successors in.
    case done(followedBy: [OutboxDraft])
    /// It is tried again; `counts` says whether this attempt counted.
    case again(at: Timestamp, counts: Bool)

    package static let done = DeliveryVerdict.done(followedBy: [])
}

/// Delivers entries of one kind.
package protocol DeliveryHandler: Sendable {
    /// Tries to deliver; called again after a crash, so the target must bear repetition.
    nonisolated(nonsending)
        func attempt(_ delivery: Delivery) async -> DeliveryVerdict

    /// The entry is gone for good: whatever the target remembers of its id may go too.
    nonisolated(nonsending)
        func removed(_ delivery: Delivery) async
}

extension DeliveryHandler {
    nonisolated(nonsending)
        package func removed(_ delivery: Delivery) async
    {}
}
