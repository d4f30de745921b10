// SPDX-License-Identifier: Apache-2.0
// Choosing what a receive gets, and what goes to the dead-letter queue instead.

package import Basics

/// A receive, validated.
package struct ReceiveCommand: Sendable {
    package var limit: Int
    /// `nil` takes the queue's visibility timeout.
    package var visibilitySeconds: Int?

    package init(limit: Int, visibilitySeconds: Int? = nil) {
        self.limit = limit
        self.visibilitySeconds = visibilitySeconds
    }
}

/// A message a receive hands out.
package struct Delivery: Sendable {
    package let position: MessagePosition
    package let lease: Lease
    /// The stored message.
    package let record: [UInt8]
}

/// What a receive comes to.
package enum ReceiveDecision: Sendable {
    /// Nothing may be received now.
    case empty
    /// Records must be made resident first; then decide again.
    case needsRecords([MessagePosition])
    /// The window must be paged in first; then decide again.
    case needsWindow
    /// The changes hand out the deliveries and start the moves to the dead-letter queue.
    case take([Delivery], leaving: [MessagePosition], changes: [QueueChange])
}

extension Queue {
    /// Messages that one decision starts to move to the dead-letter queue at most.
    private static let leavingMax = 1_000

    /// Decides on a receive.
    ///
    /// `settle` and `expire` have run for `now`.
    ///
    /// Mutates derived state only (heaps are popped and refilled), so that a decision whose
    /// changes are not stored leaves the queue as it was.
    package mutating func decideReceive(
        _ command: ReceiveCommand, now: Timestamp, nonce: () -> UInt64
    ) throws(QueueRefusal) -> ReceiveDecision {
        guard inFlightCount < (isFIFO ? limits.inFlightFIFOMax : limits.inFlightStandardMax) else {
            // AWS refuses on standard queues and answers nothing on FIFO queues.
            if isFIFO { return .empty }
            throw .tooManyInFlight
        }
        return isFIFO
            ? decideFIFO(command, now: now, nonce: nonce)
            : decideStandard(command, now: now, nonce: nonce)
    }

    private mutating func decideStandard(
        _ command: ReceiveCommand, now: Timestamp, nonce: () -> UInt64
    ) -> ReceiveDecision {
        var picks = Picks()
        var popped: [MessagePosition] = []
        defer { for position in popped { ready.insert(position) } }
        let fresh = window.makeIterator()
        var nextFresh = fresh.next()
        while picks.count < command.limit, picks.leaving.count < Self.leavingMax {
            dropStaleReady()
            if let position = ready.first, position < (nextFresh?.position ?? windowEnd) {
                ready.popFirst()
                // A position listed twice would be handed out twice.
                guard popped.last != position, let entry = entries[position] else { continue }
                popped.append(position)
                pick(position, entry, now: now, command: command, nonce: nonce, into: &picks)
            } else if let entry = nextFresh {
                nextFresh = fresh.next()
                picks.take(
                    entry.position, record: entry.record,
                    lease: firstLease(entry.sentAt, now: now, command: command, nonce: nonce))
            } else if hasUnloadedFresh {
                return .needsWindow
            } else if let position = ready.first {
                ready.popFirst()
                guard popped.last != position, let entry = entries[position] else { continue }
                popped.append(position)
                pick(position, entry, now: now, command: command, nonce: nonce, into: &picks)
            } else {
                break
            }
        }
        return picks.decision
    }

    private mutating func decideFIFO(
        _ command: ReceiveCommand, now: Timestamp, nonce: () -> UInt64
    ) -> ReceiveDecision {
        var picks = Picks()
        for position in groups.candidates(limit: command.limit) {
            guard let entry = entries[position] else { continue }
            pick(position, entry, now: now, command: command, nonce: nonce, into: &picks)
        }
        return picks.decision
    }

    private func pick(
        _ position: MessagePosition, _ entry: Entry, now: Timestamp, command: ReceiveCommand,
        nonce: () -> UInt64, into picks: inout Picks
    ) {
        if let policy = configuration.redrivePolicy, !isRedriveSuspended,
            Int(entry.lease.receiveCount) >= policy.maxReceiveCount
        {
            var lease = entry.lease
            lease.isLeaving = true
            picks.leave(position, lease)
            return
        }
        guard let record = records[position] else {
            picks.missing.append(position)
            return
        }
        var lease = firstLease(entry.lease.sentAt, now: now, command: command, nonce: nonce)
        lease.receiveCount = entry.lease.receiveCount &+ 1
        lease.firstReceivedAt = entry.lease.firstReceivedAt ?? now
        picks.take(position, record: record, lease: lease)
    }

    private func firstLease(
        _ sentAt: Timestamp, now: Timestamp, command: ReceiveCommand, nonce: () -> UInt64
    ) -> Lease {
        let visibility = command.visibilitySeconds ?? configuration.visibilitySeconds
        // A timeout of 0 hands the message out and leaves it visible.
        var lease = Lease(
            visibleAt: visibility == 0 ? now : now.adding(seconds: Int64(visibility)),
            sentAt: sentAt)
        lease.receiveCount = 1
        lease.firstReceivedAt = now
        lease.receivedAt = now
        lease.nonce = nonce()
        return lease
    }

    private mutating func dropStaleReady() {
        while let first = ready.first, entries[first]?.standing != .ready { ready.popFirst() }
    }

    /// What a receive has gathered so far.
    private struct Picks {
        var deliveries: [Delivery] = []
        var leaving: [MessagePosition] = []
        var missing: [MessagePosition] = []
        var changes: [QueueChange] = []

        var count: Int { deliveries.count + missing.count }
        var isEmpty: Bool { deliveries.isEmpty && leaving.isEmpty && missing.isEmpty }

        mutating func take(_ position: MessagePosition, record: [UInt8], lease: Lease) {
            deliveries.append(Delivery(position: position, lease: lease, record: record))
            changes.append(.leased(position, lease))
        }

        mutating func leave(_ position: MessagePosition, _ lease: Lease) {
            leaving.append(position)
            changes.append(.leased(position, lease))
        }

        var decision: ReceiveDecision {
            if !missing.isEmpty { return .needsRecords(missing) }
            if changes.isEmpty { return .empty }
            return .take(deliveries, leaving: leaving, changes: changes)
        }
    }
}
