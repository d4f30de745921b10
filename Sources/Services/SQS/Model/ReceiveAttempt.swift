// SPDX-License-Identifier: Apache-2.0
// Receives of FIFO queues that can be repeated: what an attempt got, and when asking again gets
// the same (SQS API reference, ReceiveMessage, `ReceiveRequestAttemptId`).

package import Basics

/// What a receive under an attempt id handed out.
package struct ReceiveAttempt: Hashable, Expiring {
    /// One message as it was handed out.
    package struct Handed: Hashable, Sendable {
        package let position: MessagePosition
        package let nonce: UInt64
        package let visibleAt: Timestamp

        package init(position: MessagePosition, nonce: UInt64, visibleAt: Timestamp) {
            self.position = position
            self.nonce = nonce
            self.visibleAt = visibleAt
        }
    }

    package let handed: [Handed]
    /// Five minutes after the first receive, however often it is repeated.
    package let expiresAt: Timestamp

    package init(handed: [Handed], expiresAt: Timestamp) {
        self.handed = handed
        self.expiresAt = expiresAt
    }

    init(_ deliveries: [Delivery], expiresAt: Timestamp) {
        self.init(
            handed: deliveries.map {
                Handed(position: $0.position, nonce: $0.lease.nonce, visibleAt: $0.lease.visibleAt)
            }, expiresAt: expiresAt)
    }
}

extension Queue {
    /// Decides on a receive that repeats an earlier one; `nil` when it is a new one.
    ///
    /// It is new when a message was deleted, changed or became visible since: AWS documents the
    /// repetition for unchanged messages within their timeout and says nothing of the others.
    func decideRepetition(_ command: ReceiveCommand, now: Timestamp) -> ReceiveDecision? {
        guard let id = command.attemptID, let attempt = attempts.entry(for: id, now: now) else {
            return nil
        }
        var deliveries: [Delivery] = []
        var missing: [MessagePosition] = []
        for handed in attempt.handed {
            guard let entry = entries[handed.position], !entry.lease.isLeaving,
                entry.lease.nonce == handed.nonce, entry.lease.visibleAt == handed.visibleAt,
                handed.visibleAt > now
            else { return nil }
            guard let record = records[handed.position] else {
                missing.append(handed.position)
                continue
            }
            var lease = entry.lease
            lease.visibleAt = visibilityEnd(command, now: now)
            deliveries.append(
                Delivery(position: handed.position, lease: lease, record: record))
        }
        guard missing.isEmpty else { return .needsRecords(missing) }
        let again = ReceiveAttempt(deliveries, expiresAt: attempt.expiresAt)
        return .take(
            deliveries, leaving: [],
            changes: deliveries.map { .leased($0.position, $0.lease) } + [.attempted(id, again)])
    }

    /// What a first receive under an attempt id adds to its changes.
    ///
    /// Two ids are forgotten for one that is remembered, so that memory follows use.
    func attemptChanges(_ command: ReceiveCommand, _ deliveries: [Delivery], now: Timestamp)
        -> [QueueChange]
    {
        guard let id = command.attemptID, !deliveries.isEmpty else { return [] }
        let expired = attempts.expired(now: now, limit: 2)
        let attempt = ReceiveAttempt(
            deliveries, expiresAt: now.adding(seconds: Int64(limits.deduplicationSeconds)))
        return (expired.isEmpty ? [] : [.attemptsForgotten(expired)]) + [.attempted(id, attempt)]
    }
}
