// SPDX-License-Identifier: Apache-2.0
// One opening of a RocksDB database: memory-safe calls of its C interface and nothing more.

import CRocksDB
import Storage
import Synchronization

/// An open database that can be shut while readers still hold it.
///
/// Every call enters first; once `shut` has begun, entering fails, so a snapshot or a read in
/// flight can never touch a closed database.
final class RocksDatabase: @unchecked Sendable {
    /// Engine keys start with this byte; no encoder builds one.
    static let userRange = KeyRange(from: StoreKey(bytes: [1]), to: KeyRange.end)

    let pointer: OpaquePointer
    /// The log's files.
    let log: LogSync
    private let options: OpaquePointer
    private let writeOptions: OpaquePointer
    private let batch: OpaquePointer
    /// Reads by key: from memory only, and from anywhere.
    private let cachedRead: OpaquePointer
    private let anyRead: OpaquePointer

    private static let shutBit = 1 << 62
    private let entered = Atomic<Int>(0)
    private let snapshots = Mutex<[UInt64: OpaquePointer]>([:])
    private let nextSnapshot = Atomic<UInt64>(0)

    init(path: String, configuration: RocksConfiguration, recovering: Bool) throws(StoreError) {
        let text = configuration.text(recovering: recovering)
        guard let base = rocksdb_options_create(), let options = rocksdb_options_create(),
            let writeOptions = rocksdb_writeoptions_create(),
            let batch = rocksdb_writebatch_create(), let cachedRead = rocksdb_readoptions_create(),
            let anyRead = rocksdb_readoptions_create()
        else { throw .unreadable(reason: "out of memory") }
        self.options = options
        self.writeOptions = writeOptions
        self.batch = batch
        self.cachedRead = cachedRead
        self.anyRead = anyRead
        var error: UnsafeMutablePointer<CChar>?
        rocksdb_get_options_from_string(base, text, options, &error)
        rocksdb_options_destroy(base)
        if let reason = RocksDatabase.take(error) { throw .unreadable(reason: reason) }
        // Queues leave runs of deleted keys behind; files full of them are compacted early.
        rocksdb_options_add_compact_on_deletion_collector_factory(options, 16_384, 8_192)
        // A stall is refused by `admit`, never waited for under a cell's lock.
        rocksdb_writeoptions_set_no_slowdown(writeOptions, 1)
        rocksdb_readoptions_set_read_tier(cachedRead, 1)
        error = nil
        guard let pointer = rocksdb_open(options, path, &error) else {
            rocksdb_readoptions_destroy(anyRead)
            rocksdb_readoptions_destroy(cachedRead)
            rocksdb_writebatch_destroy(batch)
            rocksdb_writeoptions_destroy(writeOptions)
            rocksdb_options_destroy(options)
            throw .unreadable(reason: RocksDatabase.take(error) ?? "cannot open \(path)")
        }
        guard let log = LogSync(directory: path) else {
            rocksdb_close(pointer)
            throw .unreadable(reason: "\(path): \(SystemError.last)")
        }
        self.pointer = pointer
        self.log = log
    }

    deinit {
        shut()
        rocksdb_readoptions_destroy(anyRead)
        rocksdb_readoptions_destroy(cachedRead)
        rocksdb_writebatch_destroy(batch)
        rocksdb_writeoptions_destroy(writeOptions)
        rocksdb_options_destroy(options)
    }

    // MARK: Life

    /// Runs `body` unless the database is shut; it stays open until `body` returns.
    func entering<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        let before = entered.wrappingAdd(1, ordering: .acquiring).oldValue
        defer { entered.wrappingSubtract(1, ordering: .releasing) }
        guard before < RocksDatabase.shutBit else {
            throw .failed(reason: "the store was reopened")
        }
        return try body()
    }

    /// Closes the database once every call inside it has returned.
    ///
    /// Further calls fail.
    func shut() {
        var before = entered.load(ordering: .acquiring)
        while before < RocksDatabase.shutBit {
            let (done, now) = entered.compareExchange(
                expected: before, desired: before + RocksDatabase.shutBit, ordering: .acquiring)
            if done { break }
            before = now
        }
        if before >= RocksDatabase.shutBit { return }
        let gate = Gate()
        while entered.load(ordering: .acquiring) > RocksDatabase.shutBit {
            gate.withLock { gate.wait(milliseconds: 1) }
        }
        snapshots.withLock { snapshots in
            for snapshot in snapshots.values { rocksdb_release_snapshot(pointer, snapshot) }
            snapshots = [:]
        }
        rocksdb_close(pointer)
    }

    // MARK: Writing

    /// The number of the last operation written.
    var sequence: UInt64 { rocksdb_get_latest_sequence_number(pointer) }

    /// Writes a batch without syncing it; one caller at a time.
    ///
    /// Returns the error's text.
    func write(_ operations: [WriteBatch.Operation]) -> String? {
        rocksdb_writebatch_clear(batch)
        for operation in operations {
            switch operation {
            case .put(let key, let value):
                key.bytes.withChars { keyBytes, keyCount in
                    value.withChars { rocksdb_writebatch_put(batch, keyBytes, keyCount, $0, $1) }
                }
            case .delete(let key):
                key.bytes.withChars { rocksdb_writebatch_delete(batch, $0, $1) }
            case .deleteRange(let range):
                range.lower.bytes.withChars { lower, lowerCount in
                    range.upper.bytes.withChars {
                        rocksdb_writebatch_delete_range(batch, lower, lowerCount, $0, $1)
                    }
                }
            }
        }
        var error: UnsafeMutablePointer<CChar>?
        rocksdb_write(pointer, writeOptions, batch, &error)
        return RocksDatabase.take(error)
    }

    /// Hands the log's buffer to the operating system; one caller at a time, none in `write`.
    ///
    /// Returns the error's text.
    func flushLog() -> String? {
        var error: UnsafeMutablePointer<CChar>?
        rocksdb_flush_wal(pointer, 0, &error)
        return RocksDatabase.take(error)
    }

    /// Writes what is in memory to a table, so that the next opening has no log to read.
    func flushMemtable() -> String? {
        guard let options = rocksdb_flushoptions_create() else { return "out of memory" }
        defer { rocksdb_flushoptions_destroy(options) }
        rocksdb_flushoptions_set_wait(options, 1)
        var error: UnsafeMutablePointer<CChar>?
        rocksdb_flush(pointer, options, &error)
        return RocksDatabase.take(error)
    }

    /// A number that RocksDB keeps about itself.
    func property(_ name: String) -> UInt64 {
        var value: UInt64 = 0
        return rocksdb_property_int(pointer, name, &value) == 0 ? value : 0
    }

    func checkpoint(to path: String) -> String? {
        var error: UnsafeMutablePointer<CChar>?
        guard let checkpoint = rocksdb_checkpoint_object_create(pointer, &error) else {
            return RocksDatabase.take(error) ?? "no checkpoint"
        }
        defer { rocksdb_checkpoint_object_destroy(checkpoint) }
        // The log was synced before: it goes along as it is, the memtable is not written out.
        rocksdb_checkpoint_create(checkpoint, path, .max, &error)
        return RocksDatabase.take(error)
    }

    // MARK: Reading

    /// A snapshot's number; give it back with `release`.
    ///
    /// Inside `entering` only.
    func takeSnapshot() -> UInt64 {
        let id = nextSnapshot.wrappingAdd(1, ordering: .relaxed).newValue
        snapshots.withLock { $0[id] = rocksdb_create_snapshot(pointer) }
        return id
    }

    func release(snapshot id: UInt64) {
        // A database that was shut has released it already.
        try? entering { () throws(StoreError) in
            guard let snapshot = snapshots.withLock({ $0.removeValue(forKey: id) }) else { return }
            rocksdb_release_snapshot(pointer, snapshot)
        }
    }

    /// The value under `key`; `.needsDisk` when `cachedOnly` and memory does not say.
    func get(_ key: StoreKey, snapshot: UInt64?, cachedOnly: Bool) throws(StoreError)
        -> CachedAnswer<[UInt8]?>
    {
        var options = cachedOnly ? cachedRead : anyRead
        if snapshot != nil { options = try readOptions(snapshot, cachedOnly: cachedOnly) }
        defer { if snapshot != nil { rocksdb_readoptions_destroy(options) } }
        var error: UnsafeMutablePointer<CChar>?
        let pinned = key.bytes.withChars { rocksdb_get_pinned(pointer, options, $0, $1, &error) }
        defer { if let pinned { rocksdb_pinnableslice_destroy(pinned) } }
        if let reason = RocksDatabase.take(error) {
            if RocksDatabase.isIncomplete(reason) { return .needsDisk }
            throw RocksDatabase.readError(reason, key)
        }
        guard let pinned else { return .found(nil) }
        var count = 0
        let bytes = rocksdb_pinnableslice_value(pinned, &count)
        // Of a table that it has not opened yet the engine only says that the key may be there: by
        // success, with nothing in it.
        if cachedOnly, count == 0 { return .needsDisk }
        guard let bytes else { return .found([]) }
        return .found(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
    }

    /// Up to `limit` pairs of `range`; `.needsDisk` when `cachedOnly` and memory does not say.
    func range(
        _ range: KeyRange, limit: Int, reverse: Bool, snapshot: UInt64?, cachedOnly: Bool
    ) throws(StoreError) -> CachedAnswer<[KeyValue]> {
        let range = KeyRange(
            from: max(range.lower, RocksDatabase.userRange.lower),
            to: min(range.upper, RocksDatabase.userRange.upper))
        if range.isEmpty || limit <= 0 { return .found([]) }
        // Going backwards in memory alone, the engine has been seen to pass over a table that it
        // had not opened without saying so.
        if cachedOnly, reverse { return .needsDisk }
        let options = try readOptions(snapshot, cachedOnly: cachedOnly)
        defer { rocksdb_readoptions_destroy(options) }
        // A run of deleted keys may be long: beyond this many the read leaves the event loop.
        if cachedOnly { rocksdb_readoptions_set_max_skippable_internal_keys(options, 2048) }
        var result: [KeyValue] = []
        var failure: String?
        range.lower.bytes.withChars { lower, lowerCount in
            range.upper.bytes.withChars { upper, upperCount in
                rocksdb_readoptions_set_iterate_lower_bound(options, lower, lowerCount)
                rocksdb_readoptions_set_iterate_upper_bound(options, upper, upperCount)
                guard let iterator = rocksdb_create_iterator(pointer, options) else {
                    failure = "out of memory"
                    return
                }
                defer { rocksdb_iter_destroy(iterator) }
                if reverse {
                    rocksdb_iter_seek_to_last(iterator)
                } else {
                    rocksdb_iter_seek_to_first(iterator)
                }
                while result.count < limit, rocksdb_iter_valid(iterator) != 0 {
                    result.append(RocksDatabase.pair(at: iterator))
                    if result.count == limit { break }
                    if reverse { rocksdb_iter_prev(iterator) } else { rocksdb_iter_next(iterator) }
                }
                var error: UnsafeMutablePointer<CChar>?
                rocksdb_iter_get_error(iterator, &error)
                failure = RocksDatabase.take(error)
            }
        }
        if let failure {
            if cachedOnly, RocksDatabase.isIncomplete(failure) { return .needsDisk }
            throw RocksDatabase.readError(failure, result.last?.key ?? range.lower)
        }
        return .found(result)
    }

    private func readOptions(
        _ snapshot: UInt64?, cachedOnly: Bool
    ) throws(StoreError) -> OpaquePointer {
        guard let options = rocksdb_readoptions_create() else {
            throw .unreadable(reason: "out of memory")
        }
        if cachedOnly { rocksdb_readoptions_set_read_tier(options, 1) }
        if let snapshot {
            guard let pointer = snapshots.withLock({ $0[snapshot] }) else {
                rocksdb_readoptions_destroy(options)
                throw .failed(reason: "the snapshot is gone")
            }
            rocksdb_readoptions_set_snapshot(options, pointer)
        }
        return options
    }

    private static func pair(at iterator: OpaquePointer) -> KeyValue {
        var keyCount = 0
        var valueCount = 0
        let key = rocksdb_iter_key(iterator, &keyCount)
        let value = rocksdb_iter_value(iterator, &valueCount)
        return KeyValue(
            key: StoreKey(bytes: Array(UnsafeRawBufferPointer(start: key, count: keyCount))),
            value: Array(UnsafeRawBufferPointer(start: value, count: valueCount)))
    }

    // MARK: Errors

    /// The text of an error, which is freed; `nil` when there was none.
    private static func take(_ error: UnsafeMutablePointer<CChar>?) -> String? {
        guard let error else { return nil }
        defer { rocksdb_free(error) }
        return String(cString: error)
    }

    /// What RocksDB answers instead of waiting, for a disk or for a stall.
    static func isIncomplete(_ reason: String) -> Bool { reason.hasPrefix("Result incomplete") }

    private static func readError(_ reason: String, _ key: StoreKey) -> StoreError {
        reason.hasPrefix("Corruption")
            ? .damaged(key: key, reason: reason) : .unreadable(reason: reason)
    }
}

/// The answer of a read that was not to touch the disk.
enum CachedAnswer<Value> {
    case found(Value)
    case needsDisk
}

extension [UInt8] {
    /// The bytes as the C interface takes them.
    func withChars<Result>(
        _ body: (UnsafePointer<CChar>?, Int) -> Result
    ) -> Result {
        withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) }
    }
}
