// SPDX-License-Identifier: Apache-2.0
// A store whose reads and syncs take simulated time, so that what a real disk would interleave
// is interleaved here, by seed. What it stores and how it resolves conflicts is MemoryStore's.

package import Basics
import Chronology
package import Storage
import Synchronization

/// The memory engine behind a slow disk: group syncs, and reads that suspend now and then.
package final class SimulatedStore: Store {
    private struct Syncs {
        var durable = StoreVersion.zero
        /// The version the running sync will have made durable.
        var running: StoreVersion?
        var waiters: [(version: StoreVersion, ticket: WakeTicket)] = []
    }

    private let memory: MemoryStore
    private let time: SimulatedTime
    private let entropy: any Entropy
    private let syncs = Mutex(Syncs())

    package init(_ memory: MemoryStore, time: SimulatedTime, entropy: any Entropy) {
        self.memory = memory
        self.time = time
        self.entropy = entropy
    }

    package func tryAdmit(bytes: Int, adds: Bool) throws(StoreError) -> Bool {
        try memory.tryAdmit(bytes: bytes, adds: adds)
    }

    nonisolated(nonsending)
        package func admit(bytes: Int, adds: Bool) async throws(StoreError)
    {
        try await memory.admit(bytes: bytes, adds: adds)
    }

    nonisolated(nonsending)
        package func claim(_ cell: CellID) async throws(StoreError) -> UInt64
    {
        try await memory.claim(cell)
    }

    @discardableResult
    package func apply(_ batch: WriteBatch) throws(StoreError) -> StoreVersion {
        try memory.apply(batch)
    }

    @discardableResult
    package func apply(
        _ batch: WriteBatch, ifUnchanged reads: ReadSet
    ) throws(StoreError) -> StoreVersion {
        try memory.apply(batch, ifUnchanged: reads)
    }

    package var reopenings: Reopenings { memory.reopenings }
    package var latestVersion: StoreVersion { memory.latestVersion }
    package var durableVersion: StoreVersion { syncs.withLock { $0.durable } }

    nonisolated(nonsending)
        package func durable(_ version: StoreVersion) async throws(StoreError)
    {
        let ticket = WakeTicket()
        let mustWait = syncs.withLock { syncs in
            guard version > syncs.durable else { return false }
            syncs.waiters.append((version, ticket))
            return true
        }
        guard mustWait else { return }
        sync()
        await ticket.wait()
    }

    /// Begins a sync of all that is applied, unless one is running.
    private func sync() {
        let latest = memory.latestVersion
        let begins = syncs.withLock { syncs in
            guard syncs.running == nil, !syncs.waiters.isEmpty else { return false }
            syncs.running = latest
            return true
        }
        guard begins else { return }
        _ = time.after(nanoseconds: 200_000 + entropy.below(2_000_000)) { [self] in synced() }
    }

    private func synced() {
        let woken = syncs.withLock { syncs in
            let version = max(syncs.durable, syncs.running ?? syncs.durable)
            syncs.durable = version
            syncs.running = nil
            let woken = syncs.waiters.filter { $0.version <= version }
            syncs.waiters.removeAll { $0.version <= version }
            return woken
        }
        for waiter in woken { waiter.ticket.wake() }
        sync()
    }

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
        let value = try await memory.get(key)
        await readDelay()
        return value
    }

    nonisolated(nonsending)
        package func range(
            _ range: KeyRange, limit: Int, reverse: Bool
        ) async throws(StoreError) -> [KeyValue]
    {
        let pairs = try await memory.range(range, limit: limit, reverse: reverse)
        await readDelay()
        return pairs
    }

    nonisolated(nonsending)
        package func begin() async throws(StoreError) -> any StoreSnapshot
    {
        try await memory.begin()
    }

    nonisolated(nonsending)
        package func snapshot() async throws(StoreError) -> any StoreSnapshot
    {
        try await memory.snapshot()
    }

    nonisolated(nonsending)
        package func checkpoint(to path: String) async throws(StoreError)
    {
        try await memory.checkpoint(to: path)
    }

    package func watch(_ range: KeyRange) -> StoreWatch { memory.watch(range) }
    package var state: StoreState { memory.state }

    nonisolated(nonsending)
        package func reopen() async throws(StoreError)
    {
        try await memory.reopen()
    }

    package var counters: StoreCounters { memory.counters }

    nonisolated(nonsending)
        package func close() async
    {
        await memory.close()
    }
}
