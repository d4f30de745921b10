// SPDX-License-Identifier: Apache-2.0
// How many batches of a mapping may be under way: more while they succeed, fewer while they fail.

/// A bound that grows by one with each success and halves with each failure.
package struct PollerPace: Hashable, Sendable {
    private let ceiling: Int
    private(set) var limit: Int
    /// Failures to run or receive at all, in a row.
    private(set) var obstacles = 0

    package init(start: Int, ceiling: Int) {
        self.ceiling = max(1, ceiling)
        limit = min(max(1, start), self.ceiling)
    }

    package mutating func succeeded() {
        obstacles = 0
        limit = min(limit + 1, ceiling)
    }

    /// The function failed; its messages come back by their visibility timeout.
    package mutating func failed() {
        obstacles = 0
        limit = max(1, limit / 2)
    }

    /// Nothing ran; the poller pauses.
    package mutating func obstructed() {
        obstacles += 1
        limit = max(1, limit / 2)
    }
}
