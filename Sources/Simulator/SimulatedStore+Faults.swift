// SPDX-License-Identifier: Apache-2.0
// What can go wrong with a simulated disk, and what a power cut leaves of it.

import Basics
import Chronology
package import Storage
import Synchronization

/// What a history has put wrong with a store.
struct StoreFaultSwitches {
    /// The next writes and syncs to fail.
    var failingWrites = 0
    var failingSyncs = 0
    /// What each sync takes beyond its usual time.
    var slowNanoseconds: UInt64 = 0
    var isFull = false
    /// Plants a bug: `durable` returns before the sync.
    var acknowledgesEarly = false

    mutating func takeFailingWrite() -> Bool {
        guard failingWrites > 0 else { return false }
        failingWrites -= 1
        return true
    }

    mutating func takeFailingSync() -> Bool {
        guard failingSyncs > 0 else { return false }
        failingSyncs -= 1
        return true
    }
}

extension SimulatedStore {
    /// Real time until a failed store tries to reopen.
    private static let reopeningNanoseconds: UInt64 = 250_000_000

    package func failNextWrite() { shared.withLock { $0.faults.failingWrites += 1 } }
    package func failNextSync() { shared.withLock { $0.faults.failingSyncs += 1 } }
    package func setFull(_ full: Bool) { shared.withLock { $0.faults.isFull = full } }

    /// Nothing more goes wrong; a store that has failed comes back by itself.
    func mend() {
        shared.withLock { state in
            state.faults.failingWrites = 0
            state.faults.failingSyncs = 0
            state.faults.slowNanoseconds = 0
            state.faults.isFull = false
        }
    }

    /// Each sync takes so much longer from now on.
    package func slowSyncs(milliseconds: UInt64) {
        shared.withLock { $0.faults.slowNanoseconds = milliseconds * 1_000_000 }
    }

    /// Plants the bug that every durability promise is broken from now on.
    package func acknowledgeEarly() { shared.withLock { $0.faults.acknowledgesEarly = true } }

    /// Ends writing until the store is reopened.
    func fail(_ state: inout State, _ reason: String) {
        guard state.failure == nil else { return }
        state.failure = reason
        state.claims.endAll()
    }

    /// Releases who waits for a failed store, and has it reopened later.
    func afterFailure() {
        let waiters: [Waiter]? = shared.withLock { state in
            guard state.failure != nil, !state.isRecovering else { return nil }
            state.isRecovering = true
            defer { state.waiters = [] }
            return state.waiters
        }
        guard let waiters else { return }
        for waiter in waiters { waiter.ticket.wake() }
        _ = time.after(nanoseconds: Self.reopeningNanoseconds) { [self] in recover() }
    }

    nonisolated(nonsending)
        package func reopen() async throws(StoreError)
    { recover() }

    private func recover() {
        guard shared.withLock({ $0.failure != nil }) else { return }
        watches.endAll()
        reopenings.begin()
        shared.withLock { state in
            let accepted = state.version
            keepSome(&state)
            state.lost.formUnion(state.pending.map(\.version))
            state.pending = []
            state.counters.unsyncedBytes = 0
            state.visible = state.committed
            state.version = StoreVersion(rawValue: accepted.rawValue + 1)
            state.durable = state.version
            state.log.reset(to: state.version)
            state.claims.endAll()
            state.counters.reopenings += 1
            state.failure = nil
            state.isRecovering = false
        }
        reopenings.end()
    }

    /// What was not synced may have reached the disk all the same, as far as a seed says.
    private func keepSome(_ state: inout State) {
        let kept = Int(entropy.below(UInt64(state.pending.count) + 1))
        guard kept > 0 else { return }
        settle(&state, upTo: state.pending[kept - 1].version)
    }

    /// Ends the store as a power cut would; what it leaves is for the next one.
    package func powerCut() -> (tree: OrderedTree<[UInt8]>, version: StoreVersion) {
        shared.withLock { state in
            keepSome(&state)
            state.closed = true
            return (state.committed, state.durable)
        }
    }
}
