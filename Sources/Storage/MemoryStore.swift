// SPDX-License-Identifier: Apache-2.0
// The engine behind `--ephemeral` and most tests: all in memory, gone with the process.

import Synchronization

/// A store that keeps everything in memory.
///
/// A commit is as durable as it gets at once.
package final class MemoryStore: Store {
    struct State {
        var tree = OrderedTree<[UInt8]>()
        var version = StoreVersion.zero
        var log = CommitLog()
        var claims = ClaimTable()
        var counters = StoreCounters()
        var closed = false
    }

    let shared = Mutex(State())
    private let watches = WatchBoard()
    /// Never told of any: memory does not fail.
    package let reopenings = Reopenings()

    package init() {}

    package func tryAdmit(bytes: Int, adds: Bool) throws(StoreError) -> Bool {
        if shared.withLock({ $0.closed }) { throw .closed }
        return true
    }

    nonisolated(nonsending)
        package func admit(bytes: Int, adds: Bool) async throws(StoreError)
    {
        _ = try tryAdmit(bytes: bytes, adds: adds)
    }

    nonisolated(nonsending)
        package func claim(_ cell: CellID) async throws(StoreError) -> UInt64
    {
        shared.withLock { $0.claims.claim(cell) }
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
            if state.closed { throw .closed }
            guard state.claims.admits(batch) else { throw .fenced }
            if let reads, state.log.conflicts(reads, latest: state.version) {
                state.counters.conflicts += 1
                throw .conflict
            }
            if batch.isEmpty { return (state.version, batch) }
            let version = StoreVersion(rawValue: state.version.rawValue + 1)
            let filled = batch.filled(version)
            state.tree.apply(filled)
            state.version = version
            state.log.record(filled, at: version)
            state.counters.applies += 1
            state.counters.appliedBytes += UInt64(filled.byteCount)
            return (version, filled)
        }
        watches.notify(filled)
        return version
    }

    package var latestVersion: StoreVersion { shared.withLock { $0.version } }

    package var durableVersion: StoreVersion { latestVersion }

    nonisolated(nonsending)
        package func durable(_ version: StoreVersion) async throws(StoreError)
    {
        shared.withLock { $0.counters.immediateWaiters += 1 }
    }

    nonisolated(nonsending)
        package func get(_ key: StoreKey) async throws(StoreError) -> [UInt8]?
    {
        try shared.withLock { state throws(StoreError) in
            if state.closed { throw .closed }
            return state.tree[key]
        }
    }

    nonisolated(nonsending)
        package func range(
            _ range: KeyRange, limit: Int, reverse: Bool
        ) async throws(StoreError) -> [KeyValue]
    {
        try shared.withLock { state throws(StoreError) in
            if state.closed { throw .closed }
            return state.tree.pairs(in: range, limit: limit, reverse: reverse)
        }
    }

    nonisolated(nonsending)
        package func begin() async throws(StoreError) -> any StoreSnapshot
    {
        let (tree, version) = try shared.withLock {
            state throws(StoreError) -> (OrderedTree<[UInt8]>, StoreVersion) in
            if state.closed { throw .closed }
            state.log.begin(at: state.version)
            return (state.tree, state.version)
        }
        return MemorySnapshot(tree: tree, version: version) { [weak self] in
            self?.shared.withLock { $0.log.end(at: version) }
        }
    }

    nonisolated(nonsending)
        package func snapshot() async throws(StoreError) -> any StoreSnapshot
    {
        try shared.withLock { state throws(StoreError) in
            if state.closed { throw .closed }
            return MemorySnapshot(tree: state.tree, version: state.version) {}
        }
    }

    /// Not to be had: there is no form in which this engine could be opened again.
    nonisolated(nonsending)
        package func checkpoint(to path: String) async throws(StoreError)
    {
        throw .unreadable(reason: "a store in memory cannot be checkpointed")
    }

    package func watch(_ range: KeyRange) -> StoreWatch { watches.watch(range) }

    package var state: StoreState { shared.withLock { $0.closed } ? .closed : .open }

    nonisolated(nonsending)
        package func reopen() async throws(StoreError)
    {}

    package var counters: StoreCounters {
        shared.withLock { state in
            var counters = state.counters
            counters.lastSyncBegan = state.version
            counters.lastSyncEnded = state.version
            return counters
        }
    }

    nonisolated(nonsending)
        package func close() async
    {
        shared.withLock { $0.closed = true }
        watches.endAll()
    }
}

/// A copy of an ordered tree, at no cost, seen as a snapshot.
package final class MemorySnapshot: StoreSnapshot {
    package let version: StoreVersion
    private let tree: OrderedTree<[UInt8]>
    private let release: @Sendable () -> Void

    /// `release` runs when the snapshot is dropped.
    package init(
        tree: OrderedTree<[UInt8]>, version: StoreVersion, release: @escaping @Sendable () -> Void
    ) {
        self.tree = tree
        self.version = version
        self.release = release
    }

    deinit { release() }

    nonisolated(nonsending)
        package func get(_ key: StoreKey) async throws(StoreError) -> [UInt8]?
    { tree[key] }

    nonisolated(nonsending)
        package func range(
            _ range: KeyRange, limit: Int, reverse: Bool
        ) async throws(StoreError) -> [KeyValue]
    { tree.pairs(in: range, limit: limit, reverse: reverse) }
}

extension OrderedTree<[UInt8]> {
    /// Carries out the operations of a batch whose stamps are filled in.
    package mutating func apply(_ batch: WriteBatch) {
        for operation in batch.operations {
            switch operation {
            case .put(let key, let value): set(key, to: value)
            case .delete(let key): remove(key)
            case .deleteRange(let range): removeAll(in: range)
            }
        }
    }

    package func pairs(in range: KeyRange, limit: Int, reverse: Bool) -> [KeyValue] {
        entries(in: range, limit: limit, reverse: reverse).map {
            KeyValue(key: $0.key, value: $0.value)
        }
    }
}
