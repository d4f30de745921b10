// SPDX-License-Identifier: Apache-2.0
// A store whose reads and syncs take simulated time, so that what a real disk would interleave
// is interleaved here, by seed. What goes wrong with it is in SimulatedStore+Faults.

package import Basics
import Chronology
package import Storage
import Synchronization

/// A store in memory behind a slow disk that can fail, fill up and lose what was not synced.
package final class SimulatedStore: Store {
    struct Pending {
        let version: StoreVersion
        let batch: WriteBatch
    }

    struct Waiter {
        let version: StoreVersion
        let ticket: WakeTicket
    }

    struct State {
        /// What is on the disk for certain.
        var committed = OrderedTree<[UInt8]>()
        /// What reads see: the committed state and everything pending.
        var visible = OrderedTree<[UInt8]>()
        var pending: [Pending] = []
        var version = StoreVersion.zero
        var durable = StoreVersion.zero
        var log = CommitLog()
        var claims = ClaimTable()
        var counters = StoreCounters()
        var closed = false
        var failure: String?
        /// Whether its reopening has been arranged.
        var isRecovering = false
        /// Commits that a reopening did not find.
        var lost: Set<StoreVersion> = []
        /// The version the running sync will have made durable.
        var running: StoreVersion?
        var waiters: [Waiter] = []
        var faults = StoreFaultSwitches()
    }

    let shared: Mutex<State>
    let time: SimulatedTime
    let entropy: any Entropy
    let watches = WatchBoard()
    package let reopenings = Reopenings()

    /// A store on what an earlier one left on the disk; an empty one when there was none.
    package init(
        time: SimulatedTime, entropy: any Entropy,
        disk: (tree: OrderedTree<[UInt8]>, version: StoreVersion)? = nil
    ) {
        self.time = time
        self.entropy = entropy
        var state = State()
        if let disk {
            state.committed = disk.tree
            state.visible = disk.tree
            state.version = disk.version
            state.durable = disk.version
            state.log.reset(to: disk.version)
        }
        shared = Mutex(state)
    }

    static func check(_ state: borrowing State) throws(StoreError) {
        if state.closed { throw .closed }
        if let reason = state.failure { throw .failed(reason: reason) }
    }

    // MARK: Writing

    package func tryAdmit(bytes: Int, adds: Bool) throws(StoreError) -> Bool {
        try shared.withLock { state throws(StoreError) in
            try Self.check(state)
            if adds, state.faults.isFull {
                state.counters.refusedFull += 1
                throw .full
            }
            return true
        }
    }

    nonisolated(nonsending)
        package func admit(bytes: Int, adds: Bool) async throws(StoreError)
    {
        _ = try tryAdmit(bytes: bytes, adds: adds)
    }

    nonisolated(nonsending)
        package func claim(_ cell: CellID) async throws(StoreError) -> UInt64
    {
        try shared.withLock { state throws(StoreError) in
            try Self.check(state)
            return state.claims.claim(cell)
        }
    }

    @discardableResult
    package func apply(_ batch: WriteBatch) throws(StoreError) -> StoreVersion {
        try accept(batch, reads: nil)
    }

    @discardableResult
    package func apply(
        _ batch: WriteBatch, ifUnchanged reads: ReadSet
    ) throws(StoreError) -> StoreVersion {
        try accept(batch, reads: reads)
    }

    private func accept(_ batch: WriteBatch, reads: ReadSet?) throws(StoreError) -> StoreVersion {
        let outcome: Result<(StoreVersion, WriteBatch), StoreError> = shared.withLock { state in
            if state.closed { return .failure(.closed) }
            if let reason = state.failure { return .failure(.failed(reason: reason)) }
            guard state.claims.admits(batch) else { return .failure(.fenced) }
            if let reads, state.log.conflicts(reads, latest: state.version) {
                state.counters.conflicts += 1
                return .failure(.conflict)
            }
            if batch.isEmpty { return .success((state.version, batch)) }
            if state.faults.takeFailingWrite() {
                fail(&state, "injected write failure")
                return .failure(.failed(reason: "injected write failure"))
            }
            let version = StoreVersion(rawValue: state.version.rawValue + 1)
            let filled = batch.filled(version)
            state.visible.apply(filled)
            state.pending.append(Pending(version: version, batch: filled))
            state.version = version
            state.log.record(filled, at: version)
            state.counters.applies += 1
            state.counters.appliedBytes += UInt64(filled.byteCount)
            state.counters.unsyncedBytes += filled.byteCount
            return .success((version, filled))
        }
        if case .failure(.failed) = outcome { afterFailure() }
        let (version, filled) = try outcome.get()
        watches.notify(filled)
        return version
    }

    // MARK: Durability

    package var latestVersion: StoreVersion { shared.withLock { $0.version } }
    package var durableVersion: StoreVersion { shared.withLock { $0.durable } }

    nonisolated(nonsending)
        package func durable(_ version: StoreVersion) async throws(StoreError)
    {
        let ticket = WakeTicket()
        let mustWait = try shared.withLock { state throws(StoreError) in
            if state.lost.contains(version) { throw .failed(reason: "the commit was lost") }
            guard version > state.durable, !state.faults.acknowledgesEarly else { return false }
            try Self.check(state)
            state.waiters.append(Waiter(version: version, ticket: ticket))
            return true
        }
        guard mustWait else { return }
        sync()
        await ticket.wait()
        try shared.withLock { state throws(StoreError) in
            if state.lost.contains(version) { throw .failed(reason: "the commit was lost") }
            guard version > state.durable else { return }
            throw .failed(reason: state.failure ?? "the sync failed")
        }
    }

    /// Begins a sync of all that is applied, unless one is running.
    private func sync() {
        let slow: UInt64? = shared.withLock { state in
            guard state.running == nil, !state.waiters.isEmpty, state.failure == nil else {
                return nil
            }
            state.running = state.version
            state.counters.syncs += 1
            state.counters.lastSyncBegan = state.version
            return state.faults.slowNanoseconds
        }
        guard let slow else { return }
        _ = time.after(nanoseconds: slow + 200_000 + entropy.below(2_000_000)) { [self] in
            synced()
        }
    }

    private func synced() {
        let woken = shared.withLock { state in
            defer { state.running = nil }
            guard let version = state.running, state.failure == nil else { return [WakeTicket]() }
            if state.faults.takeFailingSync() {
                state.counters.failedSyncs += 1
                fail(&state, "injected sync failure")
                return []
            }
            settle(&state, upTo: version)
            state.counters.lastSyncEnded = version
            let woken = state.waiters.filter { $0.version <= version }
            state.waiters.removeAll { $0.version <= version }
            return woken.map(\.ticket)
        }
        for ticket in woken { ticket.wake() }
        afterFailure()
        sync()
    }

    /// Everything up to `version` is on the disk from now on.
    func settle(_ state: inout State, upTo version: StoreVersion) {
        let count = state.pending.firstIndex { $0.version > version } ?? state.pending.count
        for commit in state.pending[..<count] {
            state.committed.apply(commit.batch)
            state.counters.unsyncedBytes -= commit.batch.byteCount
        }
        state.pending.removeFirst(count)
        state.durable = max(state.durable, version)
    }

    // MARK: Reading

    /// One read in eight goes to the disk.
    nonisolated(nonsending)
        private func readDelay() async
    {
        guard entropy.below(8) == 0 else { return }
        let ticket = WakeTicket()
        _ = time.after(nanoseconds: 1_000 + entropy.below(500_000)) { ticket.wake() }
        await ticket.wait()
    }

    nonisolated(nonsending)
        package func get(_ key: StoreKey) async throws(StoreError) -> [UInt8]?
    {
        let value = try shared.withLock { state throws(StoreError) in
            try Self.check(state)
            return state.visible[key]
        }
        await readDelay()
        return value
    }

    nonisolated(nonsending)
        package func range(
            _ range: KeyRange, limit: Int, reverse: Bool
        ) async throws(StoreError) -> [KeyValue]
    {
        let pairs = try shared.withLock { state throws(StoreError) in
            try Self.check(state)
            return state.visible.pairs(in: range, limit: limit, reverse: reverse)
        }
        await readDelay()
        return pairs
    }

    nonisolated(nonsending)
        package func begin() async throws(StoreError) -> any StoreSnapshot
    {
        let (tree, version) = try shared.withLock { state throws(StoreError) in
            try Self.check(state)
            state.log.begin(at: state.version)
            return (state.visible, state.version)
        }
        return MemorySnapshot(tree: tree, version: version) { [weak self] in
            self?.shared.withLock { $0.log.end(at: version) }
        }
    }

    nonisolated(nonsending)
        package func snapshot() async throws(StoreError) -> any StoreSnapshot
    {
        try shared.withLock { state throws(StoreError) in
            try Self.check(state)
            return MemorySnapshot(tree: state.visible, version: state.version) {}
        }
    }

    nonisolated(nonsending)
        package func checkpoint(to path: String) async throws(StoreError)
    {
        throw .unreadable(reason: "a simulated store cannot be checkpointed")
    }

    package func watch(_ range: KeyRange) -> StoreWatch { watches.watch(range) }

    package var state: StoreState {
        shared.withLock { state in
            if state.closed { return .closed }
            return state.failure.map { .failed(reason: $0) } ?? .open
        }
    }

    package var counters: StoreCounters { shared.withLock { $0.counters } }

    nonisolated(nonsending)
        package func close() async
    {
        shared.withLock { state in
            settle(&state, upTo: state.version)
            state.closed = true
        }
        watches.endAll()
    }
}
