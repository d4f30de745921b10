// SPDX-License-Identifier: Apache-2.0
// Choosing what a receive gets, and what goes to the dead-letter queue instead.

package import Basics

/// A receive, validated.
package struct ReceiveCommand: Sendable {
    package var limit: Int
    /// `nil` takes the queue's visibility timeout.
    package var visibilitySeconds: Int?
    /// Under which a receive of a FIFO queue can be repeated.
    package var attemptID: String?
    /// A long poll, which a full queue answers nothing instead of an error.
    package var waits = false

    package init(limit: Int, visibilitySeconds: Int? = nil, attemptID: String? = nil) {
        self.limit = limit
        self.visibilitySeconds = visibilitySeconds
        self.attemptID = attemptID
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
        if isFIFO, let repetition = decideRepetition(command, now: now) { return repetition }
        guard inFlightCount < inFlightMax else {
            // AWS refuses short polls of standard queues and answers everybody else nothing.
            if isFIFO || command.waits { return .empty }
            throw .tooManyInFlight
        }
        var command = command
        command.limit = min(command.limit, inFlightMax - inFlightCount)
        return isFIFO
            ? decideFIFO(command, now: now, nonce: nonce)
            : decideStandard(command, now: now, nonce: nonce)
    }

    private mutating func decideStandard(
        _ command: ReceiveCommand, now: Timestamp, nonce: () -> UInt64
    ) -> ReceiveDecision {
        var picks = Picks()
        var walk = VisibleWalk(
            noisy: tenants.noisy(inFlight: inFlightCount, now: now), fresh: window)
        defer { end(walk) }
        while picks.count < command.limit, picks.leaving.count < Self.leavingMax {
            switch next(&walk) {
            case .end: return picks.decision
            case .needsWindow: return .needsWindow
            case .entry(let position, let entry):
                pick(position, entry, now: now, command: command, nonce: nonce, into: &picks)
            case .fresh(let entry):
                var lease = firstLease(entry.sentAt, now: now, command: command, nonce: nonce)
                lease.tenant = entry.group
                picks.take(entry.position, record: entry.record, lease: lease)
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
        if picks.missing.isEmpty {
            picks.changes += attemptChanges(command, picks.deliveries, now: now)
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
        lease.tenant = entry.lease.tenant
        picks.take(position, record: record, lease: lease)
    }

    private func firstLease(
        _ sentAt: Timestamp, now: Timestamp, command: ReceiveCommand, nonce: () -> UInt64
    ) -> Lease {
        var lease = Lease(visibleAt: visibilityEnd(command, now: now), sentAt: sentAt)
        lease.receiveCount = 1
        lease.firstReceivedAt = now
        lease.receivedAt = now
        lease.nonce = nonce()
        return lease
    }

    /// Until when a receive hides its messages; a timeout of 0 leaves them visible.
    func visibilityEnd(_ command: ReceiveCommand, now: Timestamp) -> Timestamp {
        let visibility = command.visibilitySeconds ?? configuration.visibilitySeconds
        return visibility == 0 ? now : now.adding(seconds: Int64(visibility))
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
