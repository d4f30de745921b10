// SPDX-License-Identifier: Apache-2.0
// A memory store that refuses writes when told to.

import Storage
import Synchronization

final class BrittleStore: Store {
    private let inner = MemoryStore()
    private let orders = Mutex((refuses: false, allowance: 0))

    var refusesWrites: Bool {
        get { orders.withLock { $0.refuses } }
        set { orders.withLock { $0.refuses = newValue } }
    }

    /// Lets so many writes pass all the same.
    func lets(_ count: Int) { orders.withLock { $0.allowance = count } }

    private func pass() throws(StoreError) {
        let refuses = orders.withLock { orders in
            guard orders.refuses else { return false }
            orders.allowance -= 1
            return orders.allowance < 0
        }
        if refuses { throw .failed(reason: "told to") }
    }

    func tryAdmit(bytes: Int, adds: Bool) throws(StoreError) -> Bool { true }
    func admit(bytes: Int, adds: Bool) async throws(StoreError) {}
    func claim(_ cell: CellID) async throws(StoreError) -> UInt64 { try await inner.claim(cell) }
    func apply(_ batch: WriteBatch) throws(StoreError) -> StoreVersion {
        try pass()
        return try inner.apply(batch)
    }
    func apply(_ batch: WriteBatch, ifUnchanged reads: ReadSet) throws(StoreError) -> StoreVersion {
        try pass()
        return try inner.apply(batch, ifUnchanged: reads)
    }
    var latestVersion: StoreVersion { inner.latestVersion }
    var durableVersion: StoreVersion { inner.durableVersion }
    func durable(_ version: StoreVersion) async throws(StoreError) {
        try await inner.durable(version)
    }
    func begin() async throws(StoreError) -> any StoreSnapshot { try await inner.begin() }
    func snapshot() async throws(StoreError) -> any StoreSnapshot { try await inner.snapshot() }
    func checkpoint(to path: String) async throws(StoreError) {
        try await inner.checkpoint(to: path)
    }
    func watch(_ range: KeyRange) -> StoreWatch { inner.watch(range) }
    var state: StoreState { inner.state }
    var reopenings: Reopenings { inner.reopenings }
    func reopen() async throws(StoreError) {}
    var counters: StoreCounters { inner.counters }
    func close() async { await inner.close() }
    func get(_ key: StoreKey) async throws(StoreError) -> [UInt8]? { try await inner.get(key) }
    func range(_ range: KeyRange, limit: Int, reverse: Bool) async throws(StoreError)
        -> [KeyValue]
    { try await inner.range(range, limit: limit, reverse: reverse) }
}
