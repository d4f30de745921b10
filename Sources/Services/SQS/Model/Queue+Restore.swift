// SPDX-License-Identifier: Apache-2.0
// Entrances for loading: stored facts become resident state.

import Basics

extension Queue {
    /// Takes a stored header; the window begins at the first fresh message.
    mutating func restore(header: QueueHeader) {
        self.header = header
        storedHeader = header
        windowEnd = header.freshHead
    }

    /// Takes a stored message that was accepted after the stored header was written, in position
    /// order and after all leases.
    mutating func restoreTail(_ position: MessagePosition) {
        header.nextPosition = position.next
        guard !isFIFO, entries[position] == nil else { return }
        if header.freshCount == 0 {
            header.freshHead = position
            windowEnd = position
        }
        header.freshCount += 1
    }

    /// Takes remembered deduplication ids in the order of their expiry.
    mutating func restore(remembered: [(DeduplicationKey, DeduplicationEntry)]) {
        for (key, entry) in remembered { deduplication.remember(key, entry) }
    }

    mutating func restore(transfer: TransferID) { transfersAccepted.insert(transfer) }
}

// MARK: Leaving

extension Queue {
    /// The first message on its way to the dead-letter queue.
    mutating func nextLeaving() -> (position: MessagePosition, lease: Lease)? {
        while let position = leaving.first {
            if let entry = entries[position], entry.lease.isLeaving {
                return (position, entry.lease)
            }
            leaving.popFirst()
        }
        return nil
    }

    /// Gives a message back that its dead-letter queue did not take.
    ///
    /// Redrive rests until the policy is set again, so that the message can be received
    /// meanwhile instead of going back and forth.
    mutating func decideGiveBack(_ position: MessagePosition) -> [QueueChange] {
        guard let entry = entries[position], entry.lease.isLeaving else { return [] }
        isRedriveSuspended = true
        var lease = entry.lease
        lease.isLeaving = false
        lease.visibleAt = .distantPast
        return [.leased(position, lease)]
    }
}
