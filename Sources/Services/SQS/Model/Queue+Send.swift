// SPDX-License-Identifier: Apache-2.0
// Accepting messages: delay, FIFO deduplication, hand-overs from other queues.

package import Basics

/// A message to be accepted, validated and completed but for its place.
package struct SendCommand: Sendable {
    package var message: Message
    /// A per-message delay; `nil` takes the queue's.
    package var delaySeconds: Int?

    package init(message: Message, delaySeconds: Int?) {
        self.message = message
        self.delaySeconds = delaySeconds
    }
}

/// What the sender is told.
package struct SendOutcome: Hashable, Sendable {
    package let messageID: String
    package let position: MessagePosition
    /// The message repeats one accepted within the deduplication interval.
    package let isDuplicate: Bool

    package init(messageID: String, position: MessagePosition, isDuplicate: Bool) {
        self.messageID = messageID
        self.position = position
        self.isDuplicate = isDuplicate
    }
}

extension Queue {
    /// What a request of `sends` messages forgets of the deduplication ids whose time has passed.
    ///
    /// Decided once for a request and stored before its sends: one of them may bring an id anew
    /// that is being forgotten. Two for one keeps the memory from growing, however busy the queue.
    package func decideForgetting(sends: Int, now: Timestamp) -> [QueueChange] {
        guard isFIFO else { return [] }
        let expired = deduplication.expired(now: now, limit: 2 * sends)
        return expired.isEmpty ? [] : [.forgotten(expired)]
    }

    /// Decides on a send at the position that `pending` earlier sends of the same batch leave.
    ///
    /// `encode` makes the stored record; it is called only for messages that are accepted.
    package func decideSend(
        _ command: SendCommand, at position: MessagePosition, now: Timestamp,
        encode: (Message) -> [UInt8]
    ) -> (outcome: SendOutcome, changes: [QueueChange]) {
        let message = command.message
        var changes: [QueueChange] = []
        if isFIFO, let key = deduplicationKey(of: message) {
            if let earlier = deduplication.entry(for: key, now: now) {
                let outcome = SendOutcome(
                    messageID: earlier.messageID, position: earlier.position, isDuplicate: true)
                return (outcome, [])
            }
            changes.append(.remembered(key, memory(of: message, at: position, now: now)))
        }
        let delay = command.delaySeconds ?? configuration.delaySeconds
        changes.append(
            .accepted(
                position, accepted(message, encode),
                firstLease(of: message, delaySeconds: delay, now: now)))
        let outcome = SendOutcome(
            messageID: message.messageID, position: position, isDuplicate: false)
        return (outcome, changes)
    }

    /// Decides on a message handed over from another queue; `nil` if it was accepted before.
    ///
    /// Dead letters keep their id and, on standard queues, their enqueue time, so they get a
    /// lease: retention of the window relies on enqueue times in position order. What a move
    /// task brings (`isNew`) is a message like one that was sent now. A deduplication id is
    /// remembered and never asked for: nothing that was handed over may be lost.
    package func decideTransfer(
        _ transfer: TransferID, _ message: Message, isNew: Bool = false, now: Timestamp,
        encode: (Message) -> [UInt8]
    ) -> [QueueChange]? {
        guard !transfersAccepted.contains(transfer) else { return nil }
        var message = message
        if isFIFO || isNew { message.sentAt = now }
        var changes: [QueueChange] = [.transferAccepted(transfer)]
        if isFIFO, let key = deduplicationKey(of: message) {
            changes.append(
                .remembered(key, memory(of: message, at: header.nextPosition, now: now)))
        }
        var lease: Lease?
        if isNew {
            lease = firstLease(
                of: message, delaySeconds: configuration.delaySeconds, now: now)
        } else if !isFIFO {
            lease = self.lease(of: message, visibleAt: .distantPast)
        }
        changes.append(.accepted(header.nextPosition, accepted(message, encode), lease))
        return changes
    }

    private func accepted(_ message: Message, _ encode: (Message) -> [UInt8]) -> AcceptedMessage {
        AcceptedMessage(
            groupID: isFIFO ? message.groupID ?? "" : message.groupID, sentAt: message.sentAt,
            record: encode(message))
    }

    /// What a message that was sent waits with: nothing, unless it is delayed or waits apart.
    private func firstLease(of message: Message, delaySeconds: Int, now: Timestamp) -> Lease? {
        if delaySeconds > 0 {
            return lease(of: message, visibleAt: now.adding(seconds: Int64(delaySeconds)))
        }
        return waitsApart(message.groupID) ? lease(of: message, visibleAt: .distantPast) : nil
    }

    private func lease(of message: Message, visibleAt: Timestamp) -> Lease {
        var lease = Lease(visibleAt: visibleAt, sentAt: message.sentAt)
        if !isFIFO { lease.tenant = message.groupID }
        return lease
    }

    /// Whether a message of a standard queue is kept where it can be handed out before others.
    ///
    /// A group has some of its messages there; the rest of a backlog lies in the window and the
    /// store in the order it came, and whoever comes after it must not have to wait for it.
    private func waitsApart(_ group: String?) -> Bool {
        guard !isFIFO, entries.count < limits.tenantEntriesMax else { return false }
        guard let group else { return tenants.overflowCount > 0 }
        return tenants.overflow(of: group) == 0
            && tenants.waitingCount(of: group) < limits.tenantWaitingMax
    }

    private func memory(of message: Message, at position: MessagePosition, now: Timestamp)
        -> DeduplicationEntry
    {
        DeduplicationEntry(
            messageID: message.messageID, position: position,
            expiresAt: now.adding(seconds: Int64(limits.deduplicationSeconds)))
    }

    /// The scope in which a message's deduplication id must be new; `nil` without an id.
    package func deduplicationKey(of message: Message) -> DeduplicationKey? {
        guard let identifier = message.deduplicationID else { return nil }
        return DeduplicationKey(
            group: configuration.deduplicatesByGroup ? message.groupID : nil,
            identifier: identifier)
    }
}
