// SPDX-License-Identifier: Apache-2.0
// Which entries are to be attempted next: by due time, within each lane's bound. A pure
// structure; the outbox around it holds the lock and the clock.

import Basics

/// The resident order of the outbox.
struct OutboxSchedule: Sendable {
    private struct Lane: Sendable {
        var running = 0
        /// Entries that were due while the lane was full, in due order.
        var waiting: [OutboxHeader] = []
        var waitingHead = 0

        var hasWaiting: Bool { waitingHead < waiting.count }

        mutating func takeWaiting() -> OutboxHeader? {
            guard hasWaiting else { return nil }
            let first = waiting[waitingHead]
            waitingHead += 1
            if waitingHead > 64, waitingHead * 2 > waiting.count {
                waiting.removeFirst(waitingHead)
                waitingHead = 0
            }
            return first
        }
    }

    let runningMax: Int
    let laneMax: Int
    private var heap = DueHeap()
    private var lanes: [String: Lane] = [:]
    /// Lanes that have waiting entries and room for them, in the order in which room appeared.
    private var openLanes: [String] = []
    private(set) var running = 0
    /// Entries known, running ones included.
    private(set) var count = 0

    init(runningMax: Int, laneMax: Int) {
        self.runningMax = max(1, runningMax)
        self.laneMax = max(1, laneMax)
    }

    /// When the earliest entry that waits only for time is due; `nil` while all places are taken.
    var nextDue: Timestamp? { running < runningMax ? heap.first?.dueAt : nil }

    mutating func add(_ header: OutboxHeader) {
        count += 1
        heap.insert(header)
    }

    /// Takes the entries to be attempted at `now`; each must be given back once.
    mutating func takeDue(now: Timestamp) -> [OutboxHeader] {
        var taken: [OutboxHeader] = []
        while running < runningMax, let name = openLanes.first {
            openLanes.removeFirst()
            while running < runningMax, let header = takeWaiting(name) { taken.append(header) }
            if let lane = lanes[name], lane.hasWaiting, lane.running < laneMax {
                openLanes.insert(name, at: 0)
                break
            }
        }
        while running < runningMax, let first = heap.first, first.dueAt <= now {
            heap.popFirst()
            if lanes[first.lane, default: Lane()].running < laneMax {
                begin(first)
                taken.append(first)
            } else {
                lanes[first.lane]?.waiting.append(first)
            }
        }
        return taken
    }

    /// An attempt is over and the entry is gone.
    mutating func finish(_ header: OutboxHeader) {
        release(header.lane)
        count -= 1
    }

    /// An attempt is over and the entry is to be tried again when it is due.
    mutating func reschedule(_ header: OutboxHeader) {
        release(header.lane)
        heap.insert(header)
    }

    private mutating func takeWaiting(_ name: String) -> OutboxHeader? {
        guard let lane = lanes[name], lane.running < laneMax, lane.hasWaiting else { return nil }
        guard let header = lanes[name]?.takeWaiting() else { return nil }
        begin(header)
        return header
    }

    private mutating func begin(_ header: OutboxHeader) {
        lanes[header.lane, default: Lane()].running += 1
        running += 1
    }

    private mutating func release(_ name: String) {
        running -= 1
        guard var lane = lanes[name] else { return }
        lane.running -= 1
        if lane.hasWaiting {
            lanes[name] = lane
            if !openLanes.contains(name) { openLanes.append(name) }
        } else if lane.running == 0 {
            // An idle lane costs nothing.
            lanes[name] = nil
        } else {
            lanes[name] = lane
        }
    }
}

/// A binary min-heap of entries by due time, then by id.
private struct DueHeap: Sendable {
    private var entries: [OutboxHeader] = []

    var first: OutboxHeader? { entries.first }

    mutating func insert(_ header: OutboxHeader) {
        entries.append(header)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.precedes(entries[child], entries[parent]) else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    mutating func popFirst() {
        guard !entries.isEmpty else { return }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return }
        entries[0] = last
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

    private static func precedes(_ left: OutboxHeader, _ right: OutboxHeader) -> Bool {
        (left.dueAt, left.id) < (right.dueAt, right.id)
    }
}
