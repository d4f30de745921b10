// SPDX-License-Identifier: Apache-2.0
// What is left after the end of the process, and what is said about a damaged log.

import Basics
import Foundation
import RocksStorage
import Storage
import StorageTesting
import Testing

@Suite struct RocksSurvivalTests {
    private static func key(_ value: UInt64) -> StoreKey { KeyEncoder(.test).unsigned(value).key }

    private static func commit(_ store: RocksStore, _ value: UInt64) async throws {
        var batch = WriteBatch()
        batch.put(key: key(value), value: [UInt8](repeating: UInt8(value % 251), count: 100))
        try await store.commit(batch)
    }

    private static func open(_ directory: TemporaryDirectory) throws -> RocksStore {
        try RocksStore.open(RocksConfiguration(directory: directory.path))
    }

    private static func count(_ store: RocksStore) async throws -> Int {
        try await store.range(KeyRange(kind: .test), limit: 100_000).count
    }

    @Test func closedStoreComesBackAndVersionsGoOn() async throws {
        let directory = try TemporaryDirectory()
        var last = StoreVersion.zero
        for round in 0..<5 as Range<UInt64> {
            let store = try Self.open(directory)
            #expect(store.latestVersion >= last)
            #expect(store.durableVersion == store.latestVersion)
            try await Self.commit(store, round)
            #expect(try await Self.count(store) == Int(round) + 1)
            last = store.latestVersion
            await store.close()
        }
    }

    @Test func whatWasAcknowledgedSurvivesEveryEndOfTheProcess() async throws {
        var directory = try TemporaryDirectory()
        for round in 0..<6 as Range<UInt64> {
            let store = try Self.open(directory)
            #expect(try await Self.count(store) == Int(round) * 50)
            for step in 0..<50 as Range<UInt64> { try await Self.commit(store, round * 50 + step) }
            // The copy is made while the store is open: as after kill -9.
            directory = try directory.copy()
            await store.close()
        }
    }

    /// Opening loads a few tables; what the others hold is there all the same.
    @Test func tablesNotYetOpenedAreRead() async throws {
        let directory = try TemporaryDirectory()
        var configuration = RocksConfiguration(directory: directory.path)
        configuration.tableBytes = 64 << 10
        configuration.memtableBytes = 64 << 10
        let store = try RocksStore.open(configuration)
        // Nothing that could be compressed.
        let value = SeededEntropy(seed: 1).bytes(4096)
        for number in 0..<2_000 as Range<UInt64> {
            var batch = WriteBatch()
            batch.put(key: Self.key(number), value: value)
            try await store.commit(batch)
        }
        await store.close()
        let tables = try FileManager.default.contentsOfDirectory(
            atPath: directory.path + "/store"
        ).filter { $0.hasSuffix(".sst") }
        #expect(tables.count > 40)
        let again = try RocksStore.open(configuration)
        // Each read but the first of a table opens it: begin anew for each stretch.
        for number in stride(from: 0, to: 2_000, by: 7) as StrideTo<UInt64> {
            #expect(try await again.get(Self.key(number)) == value, "\(number)")
        }
        let range = try await again.range(KeyRange(kind: .test), limit: 10_000)
        #expect(range.count == 2_000)
        await again.close()
        let third = try RocksStore.open(configuration)
        let last = try await third.range(KeyRange(kind: .test), limit: 3, reverse: true)
        #expect(last.map(\.key) == [1_999, 1_998, 1_997].map { Self.key($0) })
        await third.close()
    }

    @Test func openingsLeaveNoFilesBehind() async throws {
        var directory = try TemporaryDirectory()
        for round in 0..<12 as Range<UInt64> {
            let store = try Self.open(directory)
            if round % 3 == 0 { try await Self.commit(store, round) }
            directory = try directory.copy()
            await store.close()
        }
        #expect(try directory.logs().count <= 6)
    }

    @Test func tornUnsyncedTailIsCutOff() async throws {
        let directory = try TemporaryDirectory()
        let store = try Self.open(directory)
        try await Self.commit(store, 1)
        let earlier = try Data(contentsOf: URL(fileURLWithPath: directory.file("watermark")))
        try await Self.commit(store, 2)
        let copy = try directory.copy()
        await store.close()
        // As a power cut before the second sync ended would leave it.
        try earlier.write(to: URL(fileURLWithPath: copy.file("watermark")))
        let log = try #require(try copy.logs().last)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: log))
        for cut in [1, 20, 60] {
            let torn = try copy.copy()
            let name = try #require(try torn.logs().last)
            try bytes.dropLast(cut).write(to: URL(fileURLWithPath: name))
            let survivor = try Self.open(torn)
            #expect(try await survivor.get(Self.key(1)) != nil)
            #expect(try await survivor.get(Self.key(2)) == nil)
            try await Self.commit(survivor, 3)
            // The cut log is still there: the next opening must pass it and find what came after.
            let again = try torn.copy()
            await survivor.close()
            let second = try Self.open(again)
            #expect(try await second.get(Self.key(3)) != nil)
            await second.close()
        }
        let garbage = try copy.copy()
        let name = try #require(try garbage.logs().last)
        try (bytes + Data(repeating: 0xA5, count: 300)).write(to: URL(fileURLWithPath: name))
        let survivor = try Self.open(garbage)
        #expect(try await Self.count(survivor) == 2)
        await survivor.close()
    }

    @Test func damageInWhatWasSyncedIsReportedAndNothingIsChanged() async throws {
        let directory = try TemporaryDirectory()
        let store = try Self.open(directory)
        for value in 0..<20 as Range<UInt64> { try await Self.commit(store, value) }
        let copy = try directory.copy()
        await store.close()
        let pristine = try Data(
            contentsOf: URL(fileURLWithPath: try #require(try copy.logs().last)))
        for position in [pristine.count / 2, pristine.count - 50] {
            let damaged = try copy.copy()
            let log = URL(fileURLWithPath: try #require(try damaged.logs().last))
            var bytes = pristine
            bytes[position] ^= 0x10
            try bytes.write(to: log)
            for _ in 0..<2 {
                #expect {
                    _ = try Self.open(damaged)
                } throws: { error in
                    guard case .missingCommits = error as? StoreError else { return false }
                    return true
                }
            }
            #expect(try Data(contentsOf: log).prefix(bytes.count) == bytes)
            var accepting = RocksConfiguration(directory: damaged.path)
            accepting.acceptsMissingCommits = true
            let rest = try RocksStore.open(accepting)
            #expect(try await Self.count(rest) < 20)
            #expect(FileManager.default.fileExists(atPath: damaged.file("quarantine")))
            try await Self.commit(rest, 100)
            await rest.close()
            let later = try Self.open(damaged)
            #expect(try await later.get(Self.key(100)) != nil)
            await later.close()
        }
    }

    @Test func missingLogIsReported() async throws {
        let directory = try TemporaryDirectory()
        let store = try Self.open(directory)
        try await Self.commit(store, 1)
        let copy = try directory.copy()
        await store.close()
        for log in try copy.logs() { try FileManager.default.removeItem(atPath: log) }
        #expect(throws: StoreError.self) { _ = try Self.open(copy) }
    }

    @Test func commitsThatAFailedSyncLostStayLost() async throws {
        let directory = try TemporaryDirectory()
        let faults = RocksFaults()
        var configuration = RocksConfiguration(directory: directory.path)
        configuration.fault = { faults.answer($0) }
        let store = try RocksStore.open(configuration)
        try await Self.commit(store, 1)
        faults.holdSyncs()
        faults.failNextSync()
        // The disk lost the page that could not be synced.
        faults.atNextOpening {
            guard let log = try? directory.logs().last,
                let file = FileHandle(forUpdatingAtPath: log),
                let end = try? file.seekToEnd()
            else { return }
            try? file.truncate(atOffset: end - 20)
        }
        var batch = WriteBatch()
        batch.put(key: Self.key(2), value: [2])
        let lost = try store.apply(batch)
        faults.releaseSyncs()
        await #expect(throws: StoreError.self) { try await store.durable(lost) }
        try await store.reopen()
        #expect(try await store.get(Self.key(1)) != nil)
        #expect(try await store.get(Self.key(2)) == nil)
        #expect(store.latestVersion > lost)
        await #expect(throws: StoreError.self) { try await store.durable(lost) }
        try await Self.commit(store, 3)
        await store.close()
        let again = try Self.open(directory)
        #expect(again.latestVersion > lost)
        #expect(try await Self.count(again) == 2)
        await again.close()
    }

    @Test func secondOwnerIsRefusedAndFirstIsNamed() async throws {
        let directory = try TemporaryDirectory()
        let store = try Self.open(directory)
        #expect(throws: StoreError.locked(path: directory.path, owner: getpid())) {
            _ = try Self.open(directory)
        }
        await store.close()
    }

    @Test func whatAKilledOwnersChildStillHoldsIsWaitedFor() async throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/martlet.lock"
        let descriptor = creat(file, 0o600)
        try #require(descriptor >= 0 && flock(descriptor, LOCK_EX) == 0)
        // Above every process's number: nobody's.
        try #require(write(descriptor, "4194305\n", 8) == 8)
        let child = Thread {
            // Long enough that the first attempt meets the lock; too short would only prove less.
            poll(nil, 0, 50)
            close(descriptor)
        }
        child.start()
        let store = try Self.open(directory)
        await store.close()
    }

    @Test func directoryIsItsOwnersAlone() async throws {
        let directory = try TemporaryDirectory()
        let store = try Self.open(directory)
        for path in [directory.path, directory.path + "/store"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
        }
        await store.close()
    }

    @Test func newerLayoutIsRefusedByName() async throws {
        let directory = try TemporaryDirectory()
        let store = try Self.open(directory)
        var batch = WriteBatch()
        batch.put(key: StoreKey(bytes: [0, 1]), value: [0, 0, 0, 0, 0, 0, 0, 9])
        try await store.commit(batch)
        let copy = try directory.copy()
        await store.close()
        #expect(throws: StoreError.newerStore(found: 9, newestKnown: 1)) {
            _ = try Self.open(copy)
        }
    }

    @Test func checkpointOpensAsAStoreOfItsOwn() async throws {
        let directory = try TemporaryDirectory()
        let target = try TemporaryDirectory()
        let store = try Self.open(directory)
        for value in 0..<100 as Range<UInt64> { try await Self.commit(store, value) }
        try await store.checkpoint(to: target.file("copy"))
        try await Self.commit(store, 1000)
        let copy = try RocksStore.open(RocksConfiguration(directory: target.file("copy")))
        #expect(try await Self.count(copy) == 100)
        try await Self.commit(copy, 2000)
        #expect(try await store.get(Self.key(2000)) == nil)
        await copy.close()
        await store.close()
    }

    @Test func readsComeFromTablesToo() async throws {
        let directory = try TemporaryDirectory()
        var configuration = RocksConfiguration(directory: directory.path)
        configuration.memtableBytes = 256 << 10
        configuration.blockCacheBytes = 64 << 10
        let store = try RocksStore.open(configuration)
        for start in stride(from: 0, to: 20_000, by: 100) as StrideTo<UInt64> {
            var batch = WriteBatch()
            for value in start..<start + 100 {
                batch.put(key: Self.key(value), value: [UInt8](repeating: 1, count: 200))
            }
            try await store.commit(batch)
        }
        await store.close()
        let again = try RocksStore.open(configuration)
        #expect(try await Self.count(again) == 20_000)
        var pages = again.pages(KeyRange(kind: .test), size: 999, reverse: true)
        var seen = 0
        while let page = try await pages.next() { seen += page.count }
        #expect(seen == 20_000)
        for value in stride(from: 0, to: 20_000, by: 777) as StrideTo<UInt64> {
            #expect(try await again.get(Self.key(value))?.count == 200)
        }
        #expect(try await again.get(Self.key(20_001)) == nil)
        await again.close()
    }

    @Test func relaxedStoreAnswersWithoutSyncAndSurvivesTheProcess() async throws {
        let directory = try TemporaryDirectory()
        var configuration = RocksConfiguration(directory: directory.path)
        configuration.durability = .relaxed
        let store = try RocksStore.open(configuration)
        for value in 0..<10 as Range<UInt64> { try await Self.commit(store, value) }
        // The count that is 0 wherever syncs are promised tells when they are not.
        #expect(store.counters.acknowledgedUnsynced == 10)
        let copy = try directory.copy()
        await store.close()
        let survivor = try Self.open(copy)
        #expect(try await Self.count(survivor) == 10)
        await survivor.close()
    }
}
