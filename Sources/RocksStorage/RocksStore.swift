// SPDX-License-Identifier: Apache-2.0
// The durable engine: RocksDB behind the store's protocol. Syncing is `Committer`'s business,
// coming back from a failure is `RocksStore+Recovery`'s.

package import Storage
import Synchronization

/// A store on this machine's disk.
///
/// A commit is written to RocksDB without a sync under one lock, which fixes the order; the
/// committer's thread syncs the log while somebody waits. A commit's version is the engine's
/// sequence number plus an offset that only a reopening after a failure changes. The committer's
/// thread keeps the store alive: it goes after `close`, not before.
package final class RocksStore: Store {
    /// What the lock that orders commits guards.
    struct Commits {
        var database: RocksDatabase
        /// The engine's number of the last operation accepted.
        var sequence: UInt64
        /// Version minus sequence number.
        var offset: UInt64
        var log = CommitLog()
        var claims = ClaimTable()
        var failure: String?
        var closed = false
        var counters = StoreCounters()
    }

    /// What only the committer's thread changes.
    struct Syncing {
        var syncs: UInt64 = 0
        var failedSyncs: UInt64 = 0
        var began = StoreVersion.zero
        var ended = StoreVersion.zero
    }

    let configuration: RocksConfiguration
    let lock: DirectoryLock
    let watermark: Watermark
    let commits: Mutex<Commits>
    let syncing = Mutex(Syncing())
    let committer: Committer
    let watches = WatchBoard()
    package let reopenings = Reopenings()
    /// The last version covered by a sync that succeeded, known from the sync itself.
    let proven: Atomic<UInt64>
    /// Replies let go above `proven`: broken promises.
    private let unproven = Atomic<UInt64>(0)
    let pool = ReadPool()
    private let reserve: DiskReserve

    // Read without the lock.
    let latest: Atomic<UInt64>
    let appliedBytes = Atomic<UInt64>(0)
    let syncedBytes = Atomic<UInt64>(0)
    let stalled = Atomic<Bool>(false)
    /// Set while the store has failed or is closed; the reason stands in `commits`.
    let unavailable = Atomic<Bool>(false)
    private let immediateWaiters = Atomic<UInt64>(0)
    private let refusedOverloaded = Atomic<UInt64>(0)
    private let refusedFull = Atomic<UInt64>(0)
    /// Versions accepted and lost in failures of this process; empty in a good life.
    let lost = Mutex<[ClosedRange<UInt64>]>([])
    let hasLost = Atomic<Bool>(false)

    /// Opens the store in `configuration.directory`, or makes it.
    ///
    /// Blocks for milliseconds.
    package static func open(_ configuration: RocksConfiguration) throws(StoreError) -> RocksStore {
        let lock = try DirectoryLock(configuration.directory)
        let opened = try RocksOpening.open(configuration, recovering: false)
        let store = RocksStore(configuration, lock: lock, opened: opened)
        guard store.start() else { throw .unreadable(reason: "no thread is to be had") }
        return store
    }

    private init(_ configuration: RocksConfiguration, lock: DirectoryLock, opened: RocksOpening) {
        self.configuration = configuration
        self.lock = lock
        self.watermark = opened.watermark
        self.commits = Mutex(
            Commits(
                database: opened.database, sequence: opened.sequence, offset: opened.offset))
        let version = StoreVersion(rawValue: opened.sequence + opened.offset)
        self.latest = Atomic(version.rawValue)
        self.proven = Atomic(version.rawValue)
        self.committer = Committer(durable: version)
        self.reserve = DiskReserve(
            path: configuration.directory, reserveBytes: configuration.reserveBytes)
    }

    private func start() -> Bool {
        committer.start(
            Committer.Actions(
                sync: { [self] in sync() },
                hasUnsynced: { [self] in hasUnsynced },
                recover: { [self] in recover() },
                recovered: { [self] in reopenings.end() },
                isStalled: { [self] in stalled.load(ordering: .relaxed) },
                checkStall: { [self] in checkStall() }))
    }

    // MARK: Admission

    package func tryAdmit(bytes: Int, adds: Bool) throws(StoreError) -> Bool {
        if unavailable.load(ordering: .acquiring) { throw unavailability }
        if adds, configuration.fault?(.reserve) != nil || !reserve.permits(bytes) {
            refusedFull.wrappingAdd(1, ordering: .relaxed)
            throw .full
        }
        return hasRoom(bytes)
    }

    nonisolated(nonsending)
        package func admit(bytes: Int, adds: Bool) async throws(StoreError)
    {
        if try tryAdmit(bytes: bytes, adds: adds) { return }
        // Each round of the committer makes room for what came before it. A handful of rounds
        // without room means that the disk cannot follow.
        for _ in 0..<16 where committer.waitersCount < 2 * configuration.waitersMax {
            if stalled.load(ordering: .relaxed) {
                await pool.run { [committer] in committer.nudge() }
            }
            try await durable(latestVersion)
            if hasRoom(bytes) { return }
        }
        refusedOverloaded.wrappingAdd(1, ordering: .relaxed)
        throw .overloaded
    }

    private func hasRoom(_ bytes: Int) -> Bool {
        unsyncedBytes + bytes <= max(bytes, configuration.unsyncedBytesMax)
            && committer.waitersCount < configuration.waitersMax
            && !stalled.load(ordering: .relaxed)
    }

    var unsyncedBytes: Int {
        let synced = syncedBytes.load(ordering: .acquiring)
        let applied = appliedBytes.load(ordering: .acquiring)
        return applied > synced ? Int(clamping: applied - synced) : 0
    }

    /// The error for a store that takes no calls now.
    var unavailability: StoreError {
        commits.withLock { commits in
            if commits.closed { return .closed }
            return .failed(reason: commits.failure ?? "the store is being reopened")
        }
    }

    // MARK: Writing

    nonisolated(nonsending)
        package func claim(_ cell: CellID) async throws(StoreError) -> UInt64
    {
        if unavailable.load(ordering: .acquiring) { throw unavailability }
        return commits.withLock { $0.claims.claim(cell) }
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
        let (version, filled) = try commits.withLock {
            commits throws(StoreError) -> (StoreVersion, WriteBatch) in
            try check(batch, reads, &commits)
            if batch.isEmpty { return (last(commits), batch) }
            let sequence = commits.sequence + UInt64(batch.operations.count)
            let version = StoreVersion(rawValue: sequence + commits.offset)
            let filled = batch.filled(version)
            if let reason = configuration.fault?(.write)
                ?? commits.database.write(filled.operations)
            {
                throw refusal(reason, &commits)
            }
            // The stamps rest on this number: a difference would be a bug of ours.
            guard commits.database.sequence == sequence else {
                throw refusal("the engine counted differently", &commits)
            }
            commits.sequence = sequence
            commits.log.record(filled, at: version)
            commits.counters.applies += 1
            commits.counters.appliedBytes += UInt64(filled.byteCount)
            appliedBytes.wrappingAdd(UInt64(filled.byteCount), ordering: .releasing)
            latest.store(version.rawValue, ordering: .releasing)
            return (version, filled)
        }
        watches.notify(filled)
        return version
    }

    private func check(
        _ batch: WriteBatch, _ reads: ReadSet?, _ commits: inout Commits
    ) throws(StoreError) {
        if commits.closed { throw .closed }
        if let reason = commits.failure { throw .failed(reason: reason) }
        guard commits.claims.admits(batch) else { throw .fenced }
        if let reads, commits.log.conflicts(reads, latest: last(commits)) {
            commits.counters.conflicts += 1
            throw .conflict
        }
    }

    private func last(_ commits: borrowing Commits) -> StoreVersion {
        StoreVersion(rawValue: commits.sequence + commits.offset)
    }

    /// What a write that RocksDB did not take means: a stall passes, anything else is the end.
    private func refusal(_ reason: String, _ commits: inout Commits) -> StoreError {
        if RocksDatabase.isIncomplete(reason) {
            stalled.store(true, ordering: .releasing)
            committer.nudge()
            return .overloaded
        }
        fail(reason, &commits)
        return .failed(reason: reason)
    }

    // MARK: Durability

    package var latestVersion: StoreVersion {
        StoreVersion(rawValue: latest.load(ordering: .acquiring))
    }

    package var durableVersion: StoreVersion {
        configuration.durability == .relaxed ? latestVersion : committer.durableVersion
    }

    nonisolated(nonsending)
        package func durable(_ version: StoreVersion) async throws(StoreError)
    {
        if hasLost.load(ordering: .acquiring), isLost(version) {
            throw .failed(reason: "the commit was lost when the store failed")
        }
        if configuration.durability == .relaxed || version <= committer.durableVersion {
            immediateWaiters.wrappingAdd(1, ordering: .relaxed)
        } else {
            try await committer.wait(for: version)
        }
        // Asked of the disk's side, apart from what released the caller.
        if version.rawValue > proven.load(ordering: .acquiring) {
            unproven.wrappingAdd(1, ordering: .relaxed)
        }
    }

    private func isLost(_ version: StoreVersion) -> Bool {
        lost.withLock { $0.contains { $0.contains(version.rawValue) } }
    }

    package func watch(_ range: KeyRange) -> StoreWatch { watches.watch(range) }

    package var state: StoreState {
        guard unavailable.load(ordering: .acquiring) else { return .open }
        return commits.withLock { commits in
            if commits.closed { return .closed }
            return commits.failure.map { .failed(reason: $0) } ?? .open
        }
    }

    nonisolated(nonsending)
        package func reopen() async throws(StoreError)
    {
        try await committer.recovered()
    }

    package var counters: StoreCounters {
        var counters = commits.withLock { $0.counters }
        syncing.withLock { syncing in
            counters.syncs = syncing.syncs
            counters.failedSyncs = syncing.failedSyncs
            counters.lastSyncBegan = syncing.began
            counters.lastSyncEnded = syncing.ended
        }
        counters.waiters = committer.waitersCount
        counters.releasedWaiters = committer.releasedCount
        counters.acknowledgedUnsynced = unproven.load(ordering: .relaxed)
        counters.immediateWaiters = immediateWaiters.load(ordering: .relaxed)
        counters.refusedOverloaded = refusedOverloaded.load(ordering: .relaxed)
        counters.refusedFull = refusedFull.load(ordering: .relaxed)
        counters.unsyncedBytes = unsyncedBytes
        return counters
    }

    nonisolated(nonsending)
        package func close() async
    {
        await pool.run { [self] () -> Void in shutDown() }
        pool.stop()
    }
}
