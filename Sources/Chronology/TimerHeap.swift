// SPDX-License-Identifier: Apache-2.0
// Pending virtual timers in firing order: by time, then by when they were asked for. A pure
// structure; the clock around it holds the lock.

import Basics

/// A binary heap with lazy cancellation: O(log n) to add, O(1) to cancel.
struct TimerHeap {
    struct Entry {
        let due: Timestamp
        let identifier: UInt64
    }

    private var entries: [Entry] = []
    private var actions: [UInt64: @Sendable () -> Void] = [:]
    private var lastIdentifier: UInt64 = 0

    /// When the earliest live timer is due.
    mutating func nextDue() -> Timestamp? {
        dropCancelled()
        return entries.first?.due
    }

    /// Adds a timer and returns its identifier.
    mutating func add(due: Timestamp, action: @escaping @Sendable () -> Void) -> UInt64 {
        lastIdentifier += 1
        actions[lastIdentifier] = action
        entries.append(Entry(due: due, identifier: lastIdentifier))
        siftUp(entries.count - 1)
        return lastIdentifier
    }

    /// Forgets a timer; `false` when it has fired already.
    @discardableResult
    mutating func cancel(_ identifier: UInt64) -> Bool {
        guard actions.removeValue(forKey: identifier) != nil else { return false }
        // Cancelled entries leave lazily; a mass cancellation must not keep their memory.
        if entries.count > 64, entries.count > 2 * actions.count { compact() }
        return true
    }

    /// Takes the earliest timer if it is due at `now`.
    mutating func popDue(at now: Timestamp) -> (@Sendable () -> Void)? {
        dropCancelled()
        guard let first = entries.first, first.due <= now else { return nil }
        removeFirst()
        return actions.removeValue(forKey: first.identifier)
    }

    private mutating func dropCancelled() {
        while let first = entries.first, actions[first.identifier] == nil { removeFirst() }
    }

    private mutating func compact() {
        let live = entries.filter { actions[$0.identifier] != nil }
        entries = []
        for entry in live {
            entries.append(entry)
            siftUp(entries.count - 1)
        }
    }

    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        left.due == right.due ? left.identifier < right.identifier : left.due < right.due
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.precedes(entries[child], entries[parent]) else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func removeFirst() {
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if Self.precedes(entries[child], entries[least]) { least = child }
            }
            guard least != parent else { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
