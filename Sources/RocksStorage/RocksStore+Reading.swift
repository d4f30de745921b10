// SPDX-License-Identifier: Apache-2.0
// Reads: from memory where the caller stands, from disk on the pool's threads.

package import Storage
import Synchronization

extension RocksStore {
    nonisolated(nonsending)
        package func get(_ key: StoreKey) async throws(StoreError) -> [UInt8]?
    {
        try await RocksReads.get(key, from: try database(), snapshot: nil, pool)
    }

    nonisolated(nonsending)
        package func range(
            _ range: KeyRange, limit: Int, reverse: Bool
        ) async throws(StoreError) -> [KeyValue]
    {
        try await RocksReads.range(
            range, limit: limit, reverse: reverse, from: try database(), snapshot: nil, pool)
    }

    nonisolated(nonsending)
        package func snapshot() async throws(StoreError) -> any StoreSnapshot
    {
        try view(tracked: false)
    }

    nonisolated(nonsending)
        package func begin() async throws(StoreError) -> any StoreSnapshot
    {
        try view(tracked: true)
    }

    nonisolated(nonsending)
        package func checkpoint(to path: String) async throws(StoreError)
    {
        try await durable(latestVersion)
        let database = try database()
        try await pool.run { () throws(StoreError) in
            try DirectoryLock.makeDirectory(path)
            let failure = try database.entering { () throws(StoreError) in
                database.checkpoint(to: path + "/store")
            }
            if let failure { throw .unreadable(reason: failure) }
        }
    }

    private func database() throws(StoreError) -> RocksDatabase {
        try commits.withLock { commits throws(StoreError) in
            if commits.closed { throw .closed }
            if let reason = commits.failure { throw .failed(reason: reason) }
            return commits.database
        }
    }

    /// A snapshot taken where no commit is half done, known to the resolver when `tracked`.
    private func view(tracked: Bool) throws(StoreError) -> RocksSnapshot {
        try commits.withLock { commits throws(StoreError) in
            if commits.closed { throw .closed }
            if let reason = commits.failure { throw .failed(reason: reason) }
            let version = StoreVersion(rawValue: commits.sequence + commits.offset)
            let database = commits.database
            let id = try database.entering { () throws(StoreError) in database.takeSnapshot() }
            if tracked { commits.log.begin(at: version) }
            return RocksSnapshot(
                version: version, database: database, id: id, pool: pool,
                ending: tracked ? self : nil)
        }
    }
}

/// A view of the store at one version, backed by a snapshot of the engine.
///
/// Its reads fail after the store was reopened.
final class RocksSnapshot: StoreSnapshot {
    let version: StoreVersion
    private let database: RocksDatabase
    private let id: UInt64
    private let pool: ReadPool
    /// The store whose resolver knows this view.
    private let store: RocksStore?

    init(
        version: StoreVersion, database: RocksDatabase, id: UInt64, pool: ReadPool,
        ending store: RocksStore?
    ) {
        self.version = version
        self.database = database
        self.id = id
        self.pool = pool
        self.store = store
    }

    deinit {
        database.release(snapshot: id)
        store?.commits.withLock { $0.log.end(at: version) }
    }

    nonisolated(nonsending)
        func get(_ key: StoreKey) async throws(StoreError) -> [UInt8]?
    {
        try await RocksReads.get(key, from: database, snapshot: id, pool)
    }

    nonisolated(nonsending)
        func range(
            _ range: KeyRange, limit: Int, reverse: Bool
        ) async throws(StoreError) -> [KeyValue]
    {
        try await RocksReads.range(
            range, limit: limit, reverse: reverse, from: database, snapshot: id, pool)
    }
}

/// Memory first, then the disk off the caller's thread.
enum RocksReads {
    nonisolated(nonsending)
        static func get(
            _ key: StoreKey, from database: RocksDatabase, snapshot: UInt64?, _ pool: ReadPool
        ) async throws(StoreError) -> [UInt8]?
    {
        if key < RocksDatabase.userRange.lower { return nil }
        let cached = try database.entering { () throws(StoreError) in
            try database.get(key, snapshot: snapshot, cachedOnly: true)
        }
        if case .found(let value) = cached { return value }
        return try await pool.run { () throws(StoreError) in
            let read = try database.entering { () throws(StoreError) in
                try database.get(key, snapshot: snapshot, cachedOnly: false)
            }
            guard case .found(let value) = read else {
                throw .unreadable(reason: "the read was not completed")
            }
            return value
        }
    }

    nonisolated(nonsending)
        static func range(
            _ range: KeyRange, limit: Int, reverse: Bool, from database: RocksDatabase,
            snapshot: UInt64?, _ pool: ReadPool
        ) async throws(StoreError) -> [KeyValue]
    {
        let cached = try database.entering { () throws(StoreError) in
            try database.range(
                range, limit: limit, reverse: reverse, snapshot: snapshot, cachedOnly: true)
        }
        if case .found(let pairs) = cached { return pairs }
        return try await pool.run { () throws(StoreError) in
            let read = try database.entering { () throws(StoreError) in
                try database.range(
                    range, limit: limit, reverse: reverse, snapshot: snapshot, cachedOnly: false)
            }
            guard case .found(let pairs) = read else {
                throw .unreadable(reason: "the read was not completed")
            }
            return pairs
        }
    }
}
