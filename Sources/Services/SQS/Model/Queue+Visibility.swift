// SPDX-License-Identifier: Apache-2.0
// What receipt handles allow: deleting a message, and changing how long it stays hidden.

package import Basics

extension Queue {
    /// Decides on a deletion; no change when there is nothing left to delete.
    ///
    /// A handle of an earlier receive deletes nothing on a standard queue, which the API
    /// reference allows; a FIFO queue refuses handles whose visibility has passed.
    package mutating func decideDelete(_ handle: ReceiptHandle, now: Timestamp) throws(QueueRefusal)
        -> [QueueChange]
    {
        guard handle.cell == cellNumber else { throw .receiptHandleInvalid }
        guard let entry = entries[handle.position], !entry.lease.isLeaving,
            entry.lease.receiveCount > 0
        else { return [] }
        if isFIFO, entry.lease.visibleAt <= now || entry.lease.nonce != handle.nonce {
            throw .receiptHandleExpired
        }
        guard entry.lease.nonce == handle.nonce else { return [] }
        noteProcessed(entry, until: now)
        return [.removed(handle.position)]
    }

    /// Decides on a new visibility timeout, counted from now.
    package func decideChangeVisibility(
        _ handle: ReceiptHandle, seconds: Int, now: Timestamp
    ) throws(QueueRefusal) -> [QueueChange] {
        guard handle.cell == cellNumber else { throw .receiptHandleInvalid }
        guard let entry = entries[handle.position] else { throw .messageGone }
        guard !entry.lease.isLeaving, entry.lease.receiveCount > 0 else {
            throw .messageNotInFlight
        }
        guard entry.lease.nonce == handle.nonce, entry.lease.visibleAt > now else {
            throw isFIFO ? .receiptHandleExpired : .messageNotInFlight
        }
        let visibleAt = now.adding(seconds: Int64(seconds))
        var lease = entry.lease
        let since = lease.receivedAt ?? now
        guard visibleAt.milliseconds(since: since) <= Int64(limits.visibilitySecondsMax) * 1000
        else { throw .visibilityBeyondLimit(seconds: seconds) }
        lease.visibleAt = visibleAt
        return [.leased(handle.position, lease)]
    }

    /// Decides on a purge.
    package func decidePurge(now: Timestamp) throws(QueueRefusal) -> [QueueChange] {
        if let last = header.purgedAt, limits.cooldownSeconds > 0,
            now < last.adding(seconds: Int64(limits.cooldownSeconds))
        {
            throw .purgeInProgress
        }
        return [.purged(at: now)]
    }
}
