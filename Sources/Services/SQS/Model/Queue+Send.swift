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
            let entry = DeduplicationEntry(
                messageID: message.messageID, position: position,
                expiresAt: now.adding(seconds: Int64(limits.deduplicationSeconds)))
            changes.append(.remembered(key, entry))
        }
        let delay = command.delaySeconds ?? configuration.delaySeconds
        let lease =
            delay == 0
            ? nil : Lease(visibleAt: now.adding(seconds: Int64(delay)), sentAt: message.sentAt)
        let accepted = AcceptedMessage(
            groupID: isFIFO ? message.groupID ?? "" : nil, sentAt: message.sentAt,
            record: encode(message))
        changes.append(.accepted(position, accepted, lease))
        let outcome = SendOutcome(
            messageID: message.messageID, position: position, isDuplicate: false)
        return (outcome, changes)
    }

    /// Decides on a message handed over from another queue; `nil` if it was accepted before.
    ///
    /// Messages handed over keep their id and, on standard queues, their enqueue time, so they
    /// get a lease: retention of the window relies on enqueue times in position order.
    package func decideTransfer(
        _ transfer: TransferID, _ message: Message, now: Timestamp,
        encode: (Message) -> [UInt8]
    ) -> [QueueChange]? {
        guard !transfersAccepted.contains(transfer) else { return nil }
        var message = message
        if isFIFO { message.sentAt = now }
        let accepted = AcceptedMessage(
            groupID: isFIFO ? message.groupID ?? "" : nil, sentAt: message.sentAt,
            record: encode(message))
        let lease = isFIFO ? nil : Lease(visibleAt: .distantPast, sentAt: message.sentAt)
        return [.transferAccepted(transfer), .accepted(header.nextPosition, accepted, lease)]
    }

    /// The scope in which a message's deduplication id must be new; `nil` without an id.
    package func deduplicationKey(of message: Message) -> DeduplicationKey? {
        guard let identifier = message.deduplicationID else { return nil }
        return DeduplicationKey(
            group: configuration.deduplicatesByGroup ? message.groupID : nil,
            identifier: identifier)
    }
}
