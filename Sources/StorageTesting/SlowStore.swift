// SPDX-License-Identifier: Apache-2.0
// An engine as a distributed database would be: every answer comes later, ownership can be
// taken away, and what was not synced can be lost. It keeps the interface honest.

package import Basics
package import Storage
import Synchronization

/// A store in memory whose reads and syncs suspend for a seeded number of turns.
///
/// It can be fenced, made to fail, held before a sync and filled up.
package final class SlowStore: Store {
    struct Pending {
        let version: StoreVersion
        let batch: WriteBatch
    }

    struct State {
        /// What a power cut leaves.
        var committed = OrderedTree<[UInt8]>()
        /// What reads see: the committed state and everything pending.
        var visible = OrderedTree<[UInt8]>()
        var pending: [Pending] = []
        var version = StoreVersion.zero
        var durable = StoreVersion.zero
        var log = CommitLog()
        var claims = ClaimTable()
        var failure: String?
        var closed = false
        var counters = StoreCounters()
        var lost: Set<StoreVersion> = []
        var fenced: Set<StoreVersion> = []
        // Faults.
        var failsNextSync = false
        var failsNextWrite = false
        var holdsSyncs = false
        var full = false
        var held: [UnsafeContinuation<Void, Never>] = []
    }

    let shared = Mutex(State())
    private let entropy: any Entropy
    let turnsMax: UInt64
    let unsyncedBytesMax: Int
    private let watches = WatchBoard()
    package let reopenings = Reopenings()

    /// `turnsMax` bounds the suspensions of one call.
    package init(entropy: any Entropy, turnsMax: UInt64 = 5, unsyncedBytesMax: Int = 1 << 20) {
        self.entropy = entropy
        self.turnsMax = turnsMax
        self.unsyncedBytesMax = unsyncedBytesMax
    }

    nonisolated(nonsending)
        private func pause() async
    {
        for _ in 0...entropy.below(turnsMax) { await Task.yield() }
    }

    // MARK: Writing

    package func tryAdmit(bytes: Int, adds: Bool) throws(StoreError) -> Bool {
        try shared.withLock { state throws(StoreError) in
            try SlowStore.check(state)
            if adds, state.full {
                state.counters.refusedFull += 1
                throw .full
            }
            let unsynced = state.counters.unsyncedBytes
            return unsynced + bytes <= max(bytes, unsyncedBytesMax)
        }
    }

    nonisolated(nonsending)
        package func admit(bytes: Int, adds: Bool) async throws(StoreError)
    {
        for _ in 0..<16 {
            if try tryAdmit(bytes: bytes, adds: adds) { return }
            await pause()
            if !shared.withLock({ $0.holdsSyncs }) { _ = syncOnce() }
        }
        shared.withLock { $0.counters.refusedOverloaded += 1 }
        throw .overloaded
    }

    nonisolated(nonsending)
        package func claim(_ cell: CellID) async throws(StoreError) -> UInt64
    {
        await pause()
        return shared.withLock { $0.claims.claim(cell) }
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
        let (version, filled) = try shared.withLock {
            state throws(StoreError) -> (StoreVersion, WriteBatch) in
            try SlowStore.check(state)
            guard state.claims.admits(batch) else { throw .fenced }
            if let reads, state.log.conflicts(reads, latest: state.version) {
                state.counters.conflicts += 1
                throw .conflict
            }
            if batch.isEmpty { return (state.version, batch) }
            if state.failsNextWrite {
                state.failsNextWrite = false
                SlowStore.fail(&state, "injected write failure")
                throw .failed(reason: "injected write failure")
            }
            // Gaps are lawful: no caller may count on the next number.
            let version = StoreVersion(rawValue: state.version.rawValue + 1 + entropy.below(3))
            let filled = batch.filled(version)
            state.visible.apply(filled)
            state.pending.append(Pending(version: version, batch: filled))
            state.version = version
            state.log.record(filled, at: version)
            state.counters.applies += 1
            state.counters.appliedBytes += UInt64(filled.byteCount)
            state.counters.unsyncedBytes += filled.byteCount
            return (version, filled)
        }
        watches.notify(filled)
        return version
    }

    private static func check(_ state: borrowing State) throws(StoreError) {
        if state.closed { throw .closed }
        if let reason = state.failure { throw .failed(reason: reason) }
    }

    // MARK: Durability

    package var latestVersion: StoreVersion { shared.withLock { $0.version } }

    package var durableVersion: StoreVersion { shared.withLock { $0.durable } }

    nonisolated(nonsending)
        package func durable(_ version: StoreVersion) async throws(StoreError)
    {
        while true {
            let done = try shared.withLock { state throws(StoreError) in
                if state.fenced.contains(version) { throw .fenced }
                if state.lost.contains(version) { throw .failed(reason: "the commit was lost") }
                if version <= state.durable {
                    state.counters.immediateWaiters += 1
                    return true
                }
                try SlowStore.check(state)
                return false
            }
            if done { return }
            await pause()
            await waitWhileHeld()
            if let error = syncOnce() { throw error }
        }
    }

    nonisolated(nonsending)
        private func waitWhileHeld() async
    {
        await withUnsafeContinuation { continuation in
            let held = shared.withLock { state in
                if state.holdsSyncs { state.held.append(continuation) }
                return state.holdsSyncs
            }
            if !held { continuation.resume() }
        }
    }

    private func syncOnce() -> StoreError? {
        shared.withLock { state in
            if let reason = state.failure { return .failed(reason: reason) }
            state.counters.syncs += 1
            state.counters.lastSyncBegan = state.version
            if state.failsNextSync {
                state.failsNextSync = false
                state.counters.failedSyncs += 1
                SlowStore.fail(&state, "injected sync failure")
                return .failed(reason: "injected sync failure")
            }
            for commit in state.pending { state.committed.apply(commit.batch) }
            state.pending = []
            state.durable = state.version
            state.counters.unsyncedBytes = 0
            state.counters.lastSyncEnded = state.version
            return nil
        }
    }

    private static func fail(_ state: inout State, _ reason: String) {
        state.failure = reason
        state.lost.formUnion(state.pending.map(\.version))
        state.pending = []
        state.visible = state.committed
        state.counters.unsyncedBytes = 0
        state.claims.endAll()
    }

    package var state: StoreState {
        shared.withLock { state in
            if state.closed { return .closed }
            return state.failure.map { .failed(reason: $0) } ?? .open
        }
    }

    nonisolated(nonsending)
        package func reopen() async throws(StoreError)
    {
        await pause()
        watches.endAll()
        guard shared.withLock({ $0.failure != nil }) else { return }
        reopenings.begin()
        shared.withLock { state in
            guard state.failure != nil else { return }
            state.failure = nil
            state.version = StoreVersion(rawValue: state.version.rawValue + 1)
            state.durable = state.version
            state.log.reset(to: state.version)
            state.counters.reopenings += 1
        }
        reopenings.end()
    }

    package func watch(_ range: KeyRange) -> StoreWatch { watches.watch(range) }

    package var counters: StoreCounters { shared.withLock { $0.counters } }

    nonisolated(nonsending)
        package func close() async
    {
        _ = syncOnce()
        shared.withLock { $0.closed = true }
        watches.endAll()
    }

    // MARK: Reading

    nonisolated(nonsending)
        package func get(_ key: StoreKey) async throws(StoreError) -> [UInt8]?
    {
        await pause()
        return try shared.withLock { state throws(StoreError) in
            try SlowStore.check(state)
            return state.visible[key]
        }
    }

    nonisolated(nonsending)
        package func range(
            _ range: KeyRange, limit: Int, reverse: Bool
        ) async throws(StoreError) -> [KeyValue]
    {
        await pause()
        return try shared.withLock { state throws(StoreError) in
            try SlowStore.check(state)
            return state.visible.pairs(in: range, limit: limit, reverse: reverse)
        }
    }

    nonisolated(nonsending)
        package func begin() async throws(StoreError) -> any StoreSnapshot
    {
        await pause()
        let (tree, version) = try shared.withLock {
            state throws(StoreError) -> (OrderedTree<[UInt8]>, StoreVersion) in
            try SlowStore.check(state)
            state.log.begin(at: state.version)
            return (state.visible, state.version)
        }
        return SlowSnapshot(
            MemorySnapshot(tree: tree, version: version) { [weak self] in
                self?.shared.withLock { $0.log.end(at: version) }
            }, pause: { [self] in await pause() })
    }

    nonisolated(nonsending)
        package func snapshot() async throws(StoreError) -> any StoreSnapshot
    {
        await pause()
        let view = try shared.withLock { state throws(StoreError) in
            try SlowStore.check(state)
            return MemorySnapshot(tree: state.visible, version: state.version) {}
        }
        return SlowSnapshot(view, pause: { [self] in await pause() })
    }

    nonisolated(nonsending)
        package func checkpoint(to path: String) async throws(StoreError)
    {
        throw .unreadable(reason: "a store in memory cannot be checkpointed")
    }
}

/// A view whose reads suspend.
private final class SlowSnapshot: StoreSnapshot {
    private let view: MemorySnapshot
    private let pause: @Sendable () async -> Void

    init(_ view: MemorySnapshot, pause: @escaping @Sendable () async -> Void) {
        self.view = view
        self.pause = pause
    }

    var version: StoreVersion { view.version }

    nonisolated(nonsending)
        func get(_ key: StoreKey) async throws(StoreError) -> [UInt8]?
    {
        await pause()
        return try await view.get(key)
    }

    nonisolated(nonsending)
        func range(
            _ range: KeyRange, limit: Int, reverse: Bool
        ) async throws(StoreError) -> [KeyValue]
    {
        await pause()
        return try await view.range(range, limit: limit, reverse: reverse)
    }
}
