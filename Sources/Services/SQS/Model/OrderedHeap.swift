// SPDX-License-Identifier: Apache-2.0
// A binary min-heap. Removal in the middle is lazy: whoever pops checks that the entry still
// says the truth.

import Basics

/// A min-heap of comparable entries.
struct OrderedHeap<Element: Comparable & Sendable>: Sendable {
    private var entries: [Element] = []

    init() {}

    var count: Int { entries.count }
    var first: Element? { entries.first }

    mutating func insert(_ element: Element) {
        entries.append(element)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child] < entries[parent] else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    @discardableResult
    mutating func popFirst() -> Element? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            siftDown()
        }
        return first
    }

    mutating func removeAll() { entries = [] }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if entries[child] < entries[least] { least = child }
            }
            guard least != parent else { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}

/// A position with the time it is ordered by.
struct TimedPosition: Comparable, Sendable {
    let time: Timestamp
    let position: MessagePosition

    static func < (left: TimedPosition, right: TimedPosition) -> Bool {
        (left.time, left.position) < (right.time, right.position)
    }
}
