// SPDX-License-Identifier: Apache-2.0
// One attempt of an optimistic transaction: reads at a snapshot, writes kept back until commit.

import Synchronization

/// What the body of `Store.transact` reads and writes through.
///
/// Reads see the snapshot and the transaction's own writes, and are remembered; at commit they
/// are checked against all that was committed since. The body may run several times: it must
/// have no effect but through this object. Not for use after the body has returned.
package final class Transaction: StoreReader {
    private struct State {
        var reads: ReadSet
        var batch: WriteBatch
        /// The transaction's own puts, and `nil` for its deletions.
        var own = OrderedTree<[UInt8]?>()
        var deleted: [KeyRange] = []
    }

    private let snapshot: any StoreSnapshot
    private let state: Mutex<State>

    package init(snapshot: any StoreSnapshot, cell: CellID? = nil, epoch: UInt64 = 0) {
        self.snapshot = snapshot
        self.state = Mutex(
            State(
                reads: ReadSet(since: snapshot.version),
                batch: WriteBatch(cell: cell, epoch: epoch)))
    }

    /// The version at which this attempt reads.
    package var version: StoreVersion { snapshot.version }

    nonisolated(nonsending)
        package func get(_ key: StoreKey) async throws(StoreError) -> [UInt8]?
    {
        let own: [UInt8]?? = state.withLock { state in
            if let own = state.own[key] { return own }
            if state.deleted.contains(where: { $0.contains(key) }) { return .some(nil) }
            state.reads.insert(key)
            return nil
        }
        if let own { return own }
        return try await snapshot.get(key)
    }

    nonisolated(nonsending)
        package func range(
            _ range: KeyRange, limit: Int, reverse: Bool
        ) async throws(StoreError) -> [KeyValue]
    {
        var result: [KeyValue] = []
        var rest = range
        while result.count < limit, !rest.isEmpty {
            let wanted = limit - result.count
            let page = try await snapshot.range(rest, limit: wanted, reverse: reverse)
            // A full page says nothing about what lies beyond its last key.
            let seen: KeyRange
            if page.count == wanted, let last = page.last {
                seen =
                    reverse
                    ? KeyRange(from: last.key, to: rest.upper)
                    : KeyRange(from: rest.lower, to: last.key.successor)
                rest = reverse ? rest.before(last.key) : rest.after(last.key)
            } else {
                seen = rest
                rest = KeyRange(from: rest.upper, to: rest.upper)
            }
            result += state.withLock { state in
                state.reads.insert(seen)
                return Transaction.merge(page, over: seen, with: state, reverse: reverse)
            }
        }
        return Array(result.prefix(limit))
    }

    /// Takes a key into the read set without reading it: a later write of it conflicts.
    package func require(_ key: StoreKey) { state.withLock { $0.reads.insert(key) } }

    package func put(key: StoreKey, value: [UInt8]) {
        state.withLock { state in
            state.batch.put(key: key, value: value)
            state.own.set(key, to: value)
        }
    }

    /// Stores a value that holds the commit version; this transaction reads it unfilled.
    package func put(key: StoreKey, value: StampedValue) {
        state.withLock { state in
            state.batch.put(key: key, value: value)
            state.own.set(key, to: value.bytes)
        }
    }

    /// Stores under a key that holds the commit version; this transaction does not see it.
    package func put(key: StampedKey, value: [UInt8]) {
        state.withLock { $0.batch.put(key: key, value: value) }
    }

    package func delete(key: StoreKey) {
        state.withLock { state in
            state.batch.delete(key: key)
            state.own.set(key, to: nil)
        }
    }

    package func deleteRange(_ range: KeyRange) {
        state.withLock { state in
            state.batch.deleteRange(range)
            state.own.removeAll(in: range)
            state.deleted.append(range)
        }
    }

    /// What was read and what is to be written; for a cell that commits the transaction itself.
    package var outcome: (reads: ReadSet, writes: WriteBatch) {
        state.withLock { ($0.reads, $0.batch) }
    }

    /// The pairs of `page` that are still there, with the transaction's own in their places.
    private static func merge(
        _ page: [KeyValue], over seen: KeyRange, with state: State, reverse: Bool
    ) -> [KeyValue] {
        let own = state.own.entries(in: seen, limit: .max, reverse: reverse)
        if own.isEmpty, state.deleted.isEmpty { return page }
        var merged: [KeyValue] = []
        var next = 0
        func takeOwn() {
            if let value = own[next].value {
                merged.append(KeyValue(key: own[next].key, value: value))
            }
            next += 1
        }
        for pair in page {
            while next < own.count,
                reverse ? own[next].key > pair.key : own[next].key < pair.key
            { takeOwn() }
            if next < own.count, own[next].key == pair.key {
                takeOwn()
            } else if !state.deleted.contains(where: { $0.contains(pair.key) }) {
                merged.append(pair)
            }
        }
        while next < own.count { takeOwn() }
        return merged
    }
}

extension Store {
    /// Runs `body` as a serializable transaction and commits what it wrote.
    ///
    /// Runs it again, on a fresh view, while another commit touched what it read; after
    /// `attempts` runs throws `conflict`. The version returned covers all that the body read and
    /// wrote: wait for it with `durable` before replying. An error of the body commits nothing.
    nonisolated(nonsending)
        package func transact<Result: Sendable>(
            cell: CellID? = nil, epoch: UInt64 = 0, attempts: Int = 64,
            _ body: @Sendable (Transaction) async throws -> Result
        ) async throws -> (Result, StoreVersion)
    {
        for _ in 0..<max(1, attempts) {
            let snapshot = try await begin()
            let transaction = Transaction(snapshot: snapshot, cell: cell, epoch: epoch)
            let result = try await body(transaction)
            let (reads, writes) = transaction.outcome
            if writes.isEmpty { return (result, snapshot.version) }
            do {
                return (result, try apply(writes, ifUnchanged: reads))
            } catch StoreError.conflict {
                continue
            }
        }
        throw StoreError.conflict
    }
}
