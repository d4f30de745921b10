// SPDX-License-Identifier: Apache-2.0
// Messages older than the retention period leave, whatever their state but on their way to
// another queue.

package import Basics

extension Queue {
    /// Most messages that one decision expires; the rest follows in the next.
    static let expiredMax = 1_000

    /// The changes that retention has made due.
    ///
    /// `needsWindow` says that fresh messages beyond
    /// the window may be due too.
    package mutating func decideExpiry(now: Timestamp) -> (
        changes: [QueueChange], needsWindow: Bool
    ) {
        let retention = Int64(configuration.retentionSeconds)
        let horizon = now.adding(seconds: -retention)
        var changes: [QueueChange] = []
        var looked: [TimedPosition] = []
        while let first = expiries.first, first.time <= horizon, changes.count < Self.expiredMax {
            expiries.popFirst()
            guard let entry = entries[first.position] else { continue }
            if looked.last == first { continue }
            looked.append(first)
            if !entry.lease.isLeaving { changes.append(.removed(first.position)) }
        }
        // Kept until the removal is folded: a decision alone changes nothing.
        for entry in looked { expiries.insert(entry) }
        var count: UInt64 = 0
        var end = header.freshHead
        for entry in window {
            guard entry.sentAt <= horizon, count < UInt64(Self.expiredMax) else { break }
            count += 1
            end = entry.position.next
        }
        if count > 0 { changes.append(.freshExpired(end: end, count: count)) }
        let isWholeWindowDue = count == UInt64(window.count)
        return (changes, isWholeWindowDue && hasUnloadedFresh && oldestUnloadedMayBeDue(horizon))
    }

    /// Whether a fresh message that is not resident can be older than `horizon`.
    ///
    /// Known only while something resident is younger; a queue that never overflowed its
    /// window answers `false` without a look at the store.
    private func oldestUnloadedMayBeDue(_ horizon: Timestamp) -> Bool {
        guard let last = window.lastElement else { return true }
        return last.sentAt <= horizon
    }

    /// Rebuilds the lazily cleaned heaps once most of what they hold is stale.
    mutating func compactHeaps() {
        let bound = 2 * entries.count + 1_024
        if expiries.count > bound {
            expiries.removeAll()
            for position in entries.keys.sorted() {
                guard let entry = entries[position] else { continue }
                expiries.insert(TimedPosition(time: entry.lease.sentAt, position: position))
            }
        }
        if timeline.count > bound {
            timeline.removeAll()
            for position in entries.keys.sorted() {
                guard let entry = entries[position],
                    entry.standing == .delayed || entry.standing == .inFlight
                else { continue }
                timeline.insert(TimedPosition(time: entry.lease.visibleAt, position: position))
            }
        }
        if ready.count > bound {
            ready.removeAll()
            for position in entries.keys.sorted() {
                guard let entry = entries[position], entry.standing == .ready,
                    entry.group == nil
                else { continue }
                ready.insert(position)
            }
        }
    }
}
