// SPDX-License-Identifier: Apache-2.0
// Serializability: the anomalies that weaker isolation lets through must not happen.

import Basics
import Storage
import Synchronization

extension StoreConformance {
    static let transactions: [StoreCase] = [
        StoreCase("write skew is refused", writeSkew),
        StoreCase("a phantom in a range that was read is refused", phantom),
        StoreCase("keys beyond the limit of a range read do not conflict", narrowRanges),
        StoreCase("an apply conflicts with a transaction that read its key", applyConflicts),
        StoreCase("a range deletion conflicts with reads inside it", deletionConflicts),
        StoreCase("writing without reading never conflicts", blindWrites),
        StoreCase("a transaction reads its own writes", ownWrites),
        StoreCase("concurrent increments all count", increments),
        StoreCase("money is neither made nor lost", bank),
        StoreCase("a body that throws commits nothing", bodyThrows),
        StoreCase("a transaction's version covers what it read", readVersions),
        StoreCase("a fenced transaction commits nothing", fencedTransaction),
    ]

    @Sendable private static func writeSkew(_ subject: StoreSubject) async throws {
        let store = subject.store
        try put(store, number(1), [1])
        try put(store, number(2), [1])
        // Each reads both and clears one; one after the other, only one may succeed in leaving 1.
        let first = Transaction(snapshot: try await store.begin())
        let second = Transaction(snapshot: try await store.begin())
        for (transaction, target) in [(first, number(1)), (second, number(2))] {
            _ = try await transaction.get(number(1))
            _ = try await transaction.get(number(2))
            transaction.put(key: target, value: [0])
        }
        try store.apply(first.outcome.writes, ifUnchanged: first.outcome.reads)
        try await refuses("the second of a skewed pair", with: { $0 == .conflict }) {
            try store.apply(second.outcome.writes, ifUnchanged: second.outcome.reads)
        }
        try await equal(store.get(number(2)), [1], "the refused one changed nothing")
        try equal(store.counters.conflicts, 1, "the conflict is counted")
    }

    @Sendable private static func phantom(_ subject: StoreSubject) async throws {
        let store = subject.store
        for reverse in [false, true] {
            let transaction = Transaction(snapshot: try await store.begin())
            let seen = try await transaction.range(
                KeyRange(from: number(10), to: number(20)), limit: 5, reverse: reverse)
            try equal(seen.count, 0, "nothing is there")
            transaction.put(key: number(99), value: [1])
            try put(store, number(15), [1])
            try await refuses("an insertion into an empty range", with: { $0 == .conflict }) {
                try store.apply(
                    transaction.outcome.writes, ifUnchanged: transaction.outcome.reads)
            }
            var deletion = WriteBatch()
            deletion.delete(key: number(15))
            try store.apply(deletion)
        }
    }

    @Sendable private static func narrowRanges(_ subject: StoreSubject) async throws {
        let store = subject.store
        for value in 0..<10 as Range<UInt64> { try put(store, number(value), [1]) }
        for (reverse, harmless, harmful) in [(false, 8, 1), (true, 1, 8)]
            as [(Bool, UInt64, UInt64)]
        {
            let calm = Transaction(snapshot: try await store.begin())
            _ = try await calm.range(everything, limit: 3, reverse: reverse)
            calm.put(key: number(100), value: [1])
            try put(store, number(harmless), [2])
            try store.apply(calm.outcome.writes, ifUnchanged: calm.outcome.reads)
            let hit = Transaction(snapshot: try await store.begin())
            _ = try await hit.range(
                KeyRange(from: number(0), to: number(10)), limit: 3, reverse: reverse)
            hit.put(key: number(101), value: [1])
            try put(store, number(harmful), [3])
            try await refuses("a change within the limit", with: { $0 == .conflict }) {
                try store.apply(hit.outcome.writes, ifUnchanged: hit.outcome.reads)
            }
            var clearing = WriteBatch()
            clearing.delete(key: number(100))
            try store.apply(clearing)
        }
    }

    @Sendable private static func applyConflicts(_ subject: StoreSubject) async throws {
        let store = subject.store
        try put(store, number(1), [1])
        let runs = Mutex(0)
        let (value, version) = try await store.transact { transaction in
            let value = try await transaction.get(number(1)) ?? []
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            // A plain write comes between the read and the commit, once.
            if run == 1 { try put(store, number(1), [7]) }
            transaction.put(key: number(2), value: value)
            return value
        }
        try equal(runs.withLock { $0 }, 2, "the body ran again")
        try equal(value, [7], "the second run saw the plain write")
        try await equal(store.get(number(2)), [7], "the second run's write counts")
        try equal(version, store.latestVersion, "the version is the commit's")
    }

    @Sendable private static func deletionConflicts(_ subject: StoreSubject) async throws {
        let store = subject.store
        try put(store, number(5), [1])
        let transaction = Transaction(snapshot: try await store.begin())
        _ = try await transaction.get(number(5))
        transaction.put(key: number(6), value: [1])
        var deletion = WriteBatch()
        deletion.deleteRange(KeyRange(from: number(0), to: number(10)))
        try store.apply(deletion)
        try await refuses("a deleted read", with: { $0 == .conflict }) {
            try store.apply(transaction.outcome.writes, ifUnchanged: transaction.outcome.reads)
        }
    }

    @Sendable private static func blindWrites(_ subject: StoreSubject) async throws {
        let store = subject.store
        let transaction = Transaction(snapshot: try await store.begin())
        transaction.put(key: number(1), value: [1])
        _ = try await transaction.get(number(1))
        try put(store, number(1), [2])
        try store.apply(transaction.outcome.writes, ifUnchanged: transaction.outcome.reads)
        try await equal(store.get(number(1)), [1], "the later commit wins")
    }

    @Sendable private static func ownWrites(_ subject: StoreSubject) async throws {
        let store = subject.store
        for value in 0..<20 as Range<UInt64> { try put(store, number(value), [1]) }
        _ = try await store.transact { transaction in
            transaction.put(key: number(3), value: [9])
            transaction.deleteRange(KeyRange(from: number(5), to: number(15)))
            transaction.put(key: number(8), value: [8])
            transaction.delete(key: number(16))
            transaction.put(key: number(30), value: [3])
            try await equal(transaction.get(number(3)), [9], "its own put")
            try await equal(transaction.get(number(6)), nil, "its own range deletion")
            try await equal(transaction.get(number(8)), [8], "a put after it")
            let expected = ([0, 1, 2, 3, 4, 8, 15, 17, 18, 19, 30] as [UInt64]).map { number($0) }
            for limit in [1, 2, 5, 100] {
                try await equal(
                    transaction.range(everything, limit: limit).map(\.key),
                    Array(expected.prefix(limit)), "ascending, limit \(limit)")
                try await equal(
                    transaction.range(everything, limit: limit, reverse: true).map(\.key),
                    Array(expected.reversed().prefix(limit)), "descending, limit \(limit)")
            }
        }
        try await equal(store.range(everything, limit: 100).count, 11, "and so it is committed")
    }

    @Sendable private static func increments(_ subject: StoreSubject) async throws {
        let store = subject.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10 {
                        _ = try await store.transact(attempts: 10_000) { transaction in
                            let value = try await transaction.get(number(1)) ?? [0]
                            transaction.put(key: number(1), value: [(value.first ?? 0) &+ 1])
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        try await equal(store.get(number(1)), [80], "eighty increments")
    }

    @Sendable private static func bank(_ subject: StoreSubject) async throws {
        let store = subject.store
        for account in 0..<6 as Range<UInt64> { try put(store, number(account), [100]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for teller in 0..<4 as Range<UInt64> {
                group.addTask {
                    let entropy = SeededEntropy(seed: teller)
                    for _ in 0..<15 {
                        let from = number(entropy.below(6))
                        let to = number(entropy.below(6))
                        let amount = UInt8(entropy.below(20))
                        _ = try await store.transact(attempts: 10_000) { transaction in
                            let balance = try await transaction.get(from)?.first ?? 0
                            guard balance >= amount, from != to else { return }
                            let other = try await transaction.get(to)?.first ?? 0
                            guard Int(other) + Int(amount) < 256 else { return }
                            transaction.put(key: from, value: [balance - amount])
                            transaction.put(key: to, value: [other + amount])
                        }
                    }
                }
            }
            group.addTask {
                for _ in 0..<15 {
                    let (sum, _) = try await store.transact { transaction in
                        try await transaction.range(everything, limit: 10)
                            .reduce(0) { $0 + Int($1.value.first ?? 0) }
                    }
                    try equal(sum, 600, "every view is balanced")
                }
            }
            try await group.waitForAll()
        }
    }

    @Sendable private static func bodyThrows(_ subject: StoreSubject) async throws {
        struct Stop: Error {}
        do {
            _ = try await subject.store.transact { transaction in
                transaction.put(key: number(1), value: [1])
                throw Stop()
            }
            throw ConformanceFailure(description: "the body's error is passed on")
        } catch is Stop {}
        try await equal(subject.store.get(number(1)), nil, "nothing was written")
    }

    @Sendable private static func readVersions(_ subject: StoreSubject) async throws {
        let store = subject.store
        try put(store, number(1), [1])
        let written = store.latestVersion
        let (value, version) = try await store.transact { try await $0.get(number(1)) }
        try equal(value, [1], "it is visible at once")
        try expect(version >= written, "and its version is waited for")
        try await store.durable(version)
        try expect(store.durableVersion >= written, "then it is durable")
    }

    @Sendable private static func fencedTransaction(_ subject: StoreSubject) async throws {
        let store = subject.store
        let cell = CellID(rawValue: 5)
        let epoch = try await store.claim(cell)
        _ = try await store.claim(cell)
        try await refuses("a transaction of a former owner", with: { $0 == .fenced }) {
            _ = try await store.transact(cell: cell, epoch: epoch) { transaction in
                transaction.put(key: number(1), value: [1])
            }
        }
        try await equal(store.get(number(1)), nil, "nothing was written")
    }
}
