// SPDX-License-Identifier: Apache-2.0
// What an acknowledgement means, and what is left of it under faults.

import Basics
import Storage
import Synchronization

extension StoreConformance {
    static let durability: [StoreCase] = [
        StoreCase("an acknowledged version is below the durable one, which never falls", watermark),
        StoreCase("many waiters are all released, each after its own sync", manyWaiters),
        StoreCase("the claim of a former owner is fenced", fencing),
        StoreCase("a closed store refuses", closing),
    ]

    static let faults: [StoreCase] = [
        StoreCase("no version is acknowledged while its sync is held", needsFaults: true, heldSync),
        StoreCase("a slow sync bounds what is accepted", needsFaults: true, slowSync),
        StoreCase(
            "after a failed sync nothing acknowledged is missing", needsFaults: true, failedSync),
        StoreCase(
            "after a failed write nothing acknowledged is missing", needsFaults: true, failedWrite),
        StoreCase("claims end with a failure", needsFaults: true, failureFences),
        StoreCase("a full disk refuses additions and nothing else", needsFaults: true, fullDisk),
    ]

    @Sendable private static func watermark(_ subject: StoreSubject) async throws {
        let store = subject.store
        var last = StoreVersion.zero
        for value in 0..<50 as Range<UInt64> {
            var batch = WriteBatch()
            batch.put(key: number(value), value: [1])
            let version = try store.apply(batch)
            try expect(version > last, "versions rise")
            try await equal(store.get(number(value)), [1], "visible before it is durable")
            try await store.durable(version)
            try expect(store.durableVersion >= version, "durable when acknowledged")
            try expect(
                store.durableVersion <= store.latestVersion, "never ahead of what is accepted")
            try expect(store.counters.lastSyncEnded >= version, "a sync begun after it has ended")
            last = version
        }
        try await store.durable(.zero)
    }

    @Sendable private static func manyWaiters(_ subject: StoreSubject) async throws {
        let store = subject.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<32 as Range<UInt64> {
                group.addTask {
                    for step in 0..<20 as Range<UInt64> {
                        var batch = WriteBatch()
                        batch.put(key: number(worker << 32 | step), value: [1, 2, 3])
                        let version = try await store.commit(batch)
                        try expect(store.durableVersion >= version, "durable when acknowledged")
                    }
                }
            }
            try await group.waitForAll()
        }
        try await equal(store.range(everything, limit: 10_000).count, 640, "all are there")
        try equal(store.counters.acknowledgedUnsynced, 0, "none was acknowledged too early")
        try equal(store.counters.applies, 640, "each counted once")
        try equal(store.counters.unsyncedBytes, 0, "nothing is left unsynced")
    }

    @Sendable private static func fencing(_ subject: StoreSubject) async throws {
        let store = subject.store
        let cell = CellID(rawValue: 1)
        var former = WriteBatch(cell: cell, epoch: try await store.claim(cell))
        former.put(key: number(1), value: [1])
        try await store.commit(former)
        var current = WriteBatch(cell: cell, epoch: try await store.claim(cell))
        current.put(key: number(1), value: [2])
        try await store.commit(current)
        try await refuses("a former owner", with: { $0 == .fenced }) { try store.apply(former) }
        try await equal(store.get(number(1)), [2], "it changed nothing")
        var other = WriteBatch(
            cell: CellID(rawValue: 2), epoch: try await store.claim(CellID(rawValue: 2)))
        other.put(key: number(2), value: [1])
        try store.apply(other)
    }

    @Sendable private static func closing(_ subject: StoreSubject) async throws {
        await subject.store.close()
        try equal(subject.store.state, .closed, "it says so")
        try await refuses("a write", with: { $0 == .closed }) {
            try put(subject.store, number(1), [1])
        }
        try await refuses("a read", with: { $0 == .closed }) {
            _ = try await subject.store.get(number(1))
        }
    }

    // MARK: Faults

    @Sendable private static func heldSync(_ subject: StoreSubject) async throws {
        guard let faults = subject.faults else { return }
        let store = subject.store
        faults.holdSyncs()
        let released = Flag()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for value in 0..<10 as Range<UInt64> {
                var batch = WriteBatch()
                batch.put(key: number(value), value: [1])
                let version = try store.apply(batch)
                group.addTask {
                    try await store.durable(version)
                    return released.isSet
                }
            }
            for _ in 0..<200 { await Task.yield() }
            try expect(store.durableVersion == .zero || store.counters.applies == 10, "all applied")
            released.set()
            faults.releaseSyncs()
            for try await afterRelease in group {
                try expect(afterRelease, "no acknowledgement came before the sync ended")
            }
        }
    }

    @Sendable private static func slowSync(_ subject: StoreSubject) async throws {
        guard let faults = subject.faults else { return }
        let store = subject.store
        faults.holdSyncs()
        let value = [UInt8](repeating: 7, count: 64 << 10)
        var accepted = 0
        while try store.tryAdmit(bytes: value.count + 9, adds: true) {
            try put(store, number(UInt64(accepted)), value)
            accepted += 1
            try expect(accepted < 10_000, "acceptance is bounded")
        }
        let unsynced = store.counters.unsyncedBytes
        try expect(unsynced >= value.count, "something waits")
        try await equal(store.get(number(0)), value, "reads go on")
        async let more: Void = store.admit(bytes: value.count, adds: true)
        faults.releaseSyncs()
        try await more
        try await store.durable(store.latestVersion)
        try expect(try store.tryAdmit(bytes: value.count, adds: true), "then there is room again")
    }

    @Sendable private static func failedSync(_ subject: StoreSubject) async throws {
        guard let faults = subject.faults else { return }
        let store = subject.store
        var batch = WriteBatch()
        batch.put(key: number(1), value: [1])
        try await store.commit(batch)
        faults.holdSyncs()
        var doomed: [StoreVersion] = []
        for value in 2..<6 as Range<UInt64> {
            var batch = WriteBatch()
            batch.put(key: number(value), value: [2])
            doomed.append(try store.apply(batch))
        }
        faults.failNextSync()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for version in doomed {
                group.addTask {
                    try await refuses("a waiter of a failed sync", with: \.isFailure) {
                        try await store.durable(version)
                    }
                }
            }
            faults.releaseSyncs()
            try await group.waitForAll()
        }
        try await store.reopen()
        try equal(store.state, .open, "the cause is gone")
        try await equal(store.get(number(1)), [1], "the acknowledged one is there")
        for (version, key) in zip(doomed, 2..<6 as Range<UInt64>) {
            var survived = true
            do { try await store.durable(version) } catch { survived = false }
            try await equal(
                store.get(number(key)) != nil, survived,
                "a commit of the failure is either back and durable, or gone and refused")
        }
        var next = WriteBatch()
        next.put(key: number(9), value: [9])
        let version = try await store.commit(next)
        try expect(doomed.allSatisfy { $0 < version }, "no version is used twice")
        try expect(store.counters.reopenings == 1, "reopened once")
        try expect(store.counters.failedSyncs == 1, "the sync was not tried again")
    }

    @Sendable private static func failedWrite(_ subject: StoreSubject) async throws {
        guard let faults = subject.faults else { return }
        let store = subject.store
        var batch = WriteBatch()
        batch.put(key: number(1), value: [1])
        try await store.commit(batch)
        faults.failNextWrite()
        try await refuses("a write that fails", with: \.isFailure) {
            try put(store, number(2), [2])
        }
        try await store.reopen()
        try await equal(store.get(number(1)), [1], "the acknowledged one is there")
        try await equal(store.get(number(2)), nil, "the refused one is not")
        try await store.commit(batch)
    }

    @Sendable private static func failureFences(_ subject: StoreSubject) async throws {
        guard let faults = subject.faults else { return }
        let store = subject.store
        let cell = CellID(rawValue: 3)
        var batch = WriteBatch(cell: cell, epoch: try await store.claim(cell))
        batch.put(key: number(1), value: [1])
        try await store.commit(batch)
        let watch = store.watch(everything)
        faults.failNextWrite()
        try await refuses("the failing write", with: \.isFailure) { try store.apply(batch) }
        try await store.reopen()
        try await refuses("a claim from before", with: { $0 == .fenced }) {
            try store.apply(batch)
        }
        try await equal(watch.changed(), false, "watches end, so that their owners look again")
    }

    @Sendable private static func fullDisk(_ subject: StoreSubject) async throws {
        guard let faults = subject.faults else { return }
        let store = subject.store
        var batch = WriteBatch()
        batch.put(key: number(1), value: [1])
        try await store.commit(batch)
        faults.setFull(true)
        try await refuses("an addition", with: { $0 == .full }) {
            try await store.admitted(bytes: 100)
        }
        try await equal(store.get(number(1)), [1], "reads go on")
        var deletion = WriteBatch()
        deletion.delete(key: number(1))
        try await store.commit(deletion, adds: false)
        try await equal(store.get(number(1)), nil, "deletions go on")
        faults.setFull(false)
        try await store.commit(batch)
        try equal(store.counters.refusedFull, 1, "the refusal is counted")
    }
}

/// One bit that several tasks see.
private final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    func set() { value.withLock { $0 = true } }
}
