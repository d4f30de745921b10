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
        var lastNumber: UInt64
        var followers: [WakeTicket] = []
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

    /// Wakes `ticket` at the next append; may wake it for records it has seen.
    package func follow(_ ticket: WakeTicket) {
        state.withLock { state in
            state.followers.removeAll { $0.isWoken }
            state.followers.append(ticket)
        }
    }
}
