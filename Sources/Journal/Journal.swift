// SPDX-License-Identifier: Apache-2.0
// The journal's resident ring and those who follow it live. Causes do not depend on the ring:
// messages and invocations carry theirs in the store.

package import Chronology
import Synchronization

/// The records of a world, newest kept.
///
/// Appending is one short lock and no copy of the ring; what falls out of it is gone.
package final class Journal: Sendable {
    private struct State {
        var ring: [JournalRecord] = []
        var oldest = 0
        /// Records ever appended.
        var appended: UInt64 = 0
        var counts: [CallKey: UInt64] = [:]
        var lastNumber: UInt64
        var followers: [WakeTicket] = []
    }

    /// What calls are counted by; there are only so many operations and statuses.
    package struct CallKey: Hashable, Comparable, Sendable {
        package let service: String
        package let operation: String
        package let status: Int

        package static func < (left: CallKey, right: CallKey) -> Bool {
            (left.service, left.operation, left.status)
                < (right.service, right.operation, right.status)
        }
    }

    private let state: Mutex<State>
    private let capacity: Int

    /// A journal whose records are numbered upwards from `firstNumber`.
    ///
    /// The number must be above all that earlier runs of the world gave out.
    package init(capacity: Int, firstNumber: UInt64) {
        self.capacity = max(1, capacity)
        state = Mutex(State(lastNumber: firstNumber &- 1))
    }

    /// A number for a record that is being made; records may be appended out of order.
    package func allot() -> JournalID {
        state.withLock { state in
            state.lastNumber &+= 1
            return JournalID(rawValue: state.lastNumber)
        }
    }

    package func append(_ record: JournalRecord) {
        let followers = state.withLock { state in
            state.appended &+= 1
            if record.kind == .call {
                let key = CallKey(
                    service: record.service, operation: record.operation, status: record.status)
                state.counts[key, default: 0] += 1
            }
            if state.ring.count < capacity {
                state.ring.append(record)
            } else {
                state.ring[state.oldest] = record
                state.oldest = (state.oldest + 1) % capacity
            }
            guard !state.followers.isEmpty else { return [WakeTicket]() }
            defer { state.followers = [] }
            return state.followers
        }
        for follower in followers { follower.wake() }
    }

    /// The resident records in the order of their appending, at most the last `limit`.
    package func records(limit: Int = .max) -> [JournalRecord] {
        state.withLock { state in
            let ordered = state.ring[state.oldest...] + state.ring[..<state.oldest]
            return Array(ordered.suffix(limit))
        }
    }

    /// How many records were appended so far, as a place to read on from.
    package var mark: UInt64 { state.withLock { $0.appended } }

    /// The records appended after `mark` as far as they are still resident, and the new mark.
    package func records(after mark: UInt64) -> (records: [JournalRecord], mark: UInt64) {
        state.withLock { state in
            let wanted = Int(clamping: state.appended &- mark)
            let ordered = state.ring[state.oldest...] + state.ring[..<state.oldest]
            return (Array(ordered.suffix(min(wanted, ordered.count))), state.appended)
        }
    }

    /// Calls by operation and status, in order.
    package var callCounts: [(key: CallKey, count: UInt64)] {
        state.withLock { state in
            state.counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    /// Puts records of earlier runs, oldest first, before those of this one.
    ///
    /// Only as many as there is room for; live records are never pushed out.
    package func restore(_ earlier: [JournalRecord]) {
        state.withLock { state in
            guard state.oldest == 0 else { return }
            let room = capacity - state.ring.count
            state.ring.insert(contentsOf: earlier.suffix(max(0, room)), at: 0)
        }
    }

    /// Wakes everybody who follows, records or not.
    package func wakeFollowers() {
        let followers = state.withLock { state in
            defer { state.followers = [] }
            return state.followers
        }
        for follower in followers { follower.wake() }
    }

    /// Wakes `ticket` at the next append; may wake it for records it has seen.
    package func follow(_ ticket: WakeTicket) {
        state.withLock { state in
            state.followers.removeAll { $0.isWoken }
            state.followers.append(ticket)
        }
    }
}
