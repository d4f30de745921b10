// SPDX-License-Identifier: Apache-2.0
// What the committer's thread does: sync, notice stalls, and bring a failed store back.

import Storage
import Synchronization

extension RocksStore {
    /// Syncs the log; on the committer's thread only.
    func sync() -> Result<StoreVersion, StoreError> {
        let begun: Result<Round, StoreError> = commits.withLock { commits in
            if let reason = commits.failure { return .failure(.failed(reason: reason)) }
            // Under the lock, so that no apply can meet a log whose write has failed.
            if let reason = commits.database.flushLog() {
                fail(reason, &commits)
                return .failure(.failed(reason: reason))
            }
            return .success(
                Round(
                    database: commits.database, sequence: commits.sequence,
                    version: StoreVersion(rawValue: commits.sequence + commits.offset),
                    bytes: commits.counters.appliedBytes))
        }
        guard case .success(let round) = begun else {
            syncing.withLock { $0.failedSyncs += 1 }
            return begun.map(\.version)
        }
        let turn = syncing.withLock { syncing in
            syncing.syncs += 1
            syncing.began = round.version
            return syncing.syncs
        }
        if let reason = configuration.fault?(.sync) ?? syncLog(round.database) {
            syncing.withLock { $0.failedSyncs += 1 }
            commits.withLock { fail(reason, &$0) }
            return .failure(.failed(reason: reason))
        }
        syncing.withLock { $0.ended = round.version }
        if configuration.durability == .synced {
            proven.store(round.version.rawValue, ordering: .releasing)
        }
        watermark.write(round.sequence, turn: turn)
        syncedBytes.store(round.bytes, ordering: .releasing)
        checkStall()
        return .success(round.version)
    }

    /// What one sync covers.
    private struct Round {
        let database: RocksDatabase
        let sequence: UInt64
        let version: StoreVersion
        let bytes: UInt64
    }

    private func syncLog(_ database: RocksDatabase) -> String? {
        configuration.durability == .synced ? database.log.sync() : nil
    }

    var hasUnsynced: Bool { unsyncedBytes > 0 }

    /// Asks the engine whether it would refuse writes, as long as it did before.
    func checkStall() {
        guard stalled.load(ordering: .relaxed) else { return }
        let database = commits.withLock { $0.database }
        let stopped =
            (try? database.entering { () throws(StoreError) in
                database.property("rocksdb.is-write-stopped") > 0
                    || database.property("rocksdb.actual-delayed-write-rate") > 0
            }) ?? false
        stalled.store(stopped, ordering: .releasing)
    }

    /// Ends writing: every later call is refused until the store is reopened.
    ///
    /// Called with the commit lock held, possibly on an event loop: it only leaves word.
    func fail(_ reason: String, _ commits: inout Commits) {
        guard commits.failure == nil else { return }
        commits.failure = reason
        commits.claims.endAll()
        unavailable.store(true, ordering: .releasing)
        committer.fail(.failed(reason: reason))
    }

    /// Closes the failed database and opens it from disk; `nil` when the store is open again.
    ///
    /// The sync that failed is not tried again: what the log gives back is written out anew.
    func recover() -> StoreError? {
        watches.endAll()
        let (database, accepted) = commits.withLock {
            ($0.database, $0.sequence + $0.offset)
        }
        database.shut()
        do throws(StoreError) {
            let opened = try RocksOpening.open(
                configuration, recovering: true, watermark: watermark, floor: accepted)
            // Before any call is taken: none may meet what was resident under the old claims.
            reopenings.begin()
            resume(with: opened, accepted: accepted)
            return nil
        } catch {
            // Says what stands in the way now, beside what began it.
            commits.withLock { commits in
                guard let reason = commits.failure else { return }
                let first = reason.split(separator: ";", maxSplits: 1).first.map(String.init)
                commits.failure = "\(first ?? reason); reopening: \(error)"
            }
            return error
        }
    }

    private func resume(with opened: RocksOpening, accepted: UInt64) {
        commits.withLock { commits in
            // What the old offset makes of the recovered number is the last version that lives.
            let survived = min(accepted, opened.recovered + commits.offset)
            if survived < accepted {
                lost.withLock { $0.append(survived + 1...accepted) }
                hasLost.store(true, ordering: .releasing)
            }
            commits.database = opened.database
            commits.sequence = opened.sequence
            commits.offset = opened.offset
            let version = StoreVersion(rawValue: opened.sequence + opened.offset)
            commits.log.reset(to: version)
            commits.claims.endAll()
            commits.failure = nil
            commits.counters.reopenings += 1
            latest.store(version.rawValue, ordering: .releasing)
            syncedBytes.store(commits.counters.appliedBytes, ordering: .releasing)
            stalled.store(false, ordering: .releasing)
            syncing.withLock { $0.ended = version }
            proven.store(version.rawValue, ordering: .releasing)
            committer.reset(durable: version)
            unavailable.store(false, ordering: .releasing)
        }
    }

    /// Makes all durable and closes the database.
    ///
    /// Blocks; a second call does nothing.
    func shutDown() {
        let first = commits.withLock { commits in
            defer { commits.closed = true }
            return !commits.closed
        }
        guard first else { return }
        unavailable.store(true, ordering: .releasing)
        watches.endAll()
        committer.stop()
        let (database, failed) = commits.withLock { ($0.database, $0.failure != nil) }
        if !failed {
            // A log that need not be read makes the next start quick.
            _ = database.flushMemtable()
            watermark.write(database.sequence, turn: 0)
            watermark.write(database.sequence, turn: 1)
            watermark.sync()
        }
        database.shut()
        lock.release()
    }
}
