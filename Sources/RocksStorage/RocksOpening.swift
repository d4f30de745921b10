// SPDX-License-Identifier: Apache-2.0
// Opens the database in a data directory and decides whether what came back is whole.

import Storage

/// A database that was opened and found whole, with its place in the count of versions.
struct RocksOpening {
    /// The newest layout of a data directory that this release reads.
    static let newestFormat: UInt64 = 1

    let database: RocksDatabase
    let watermark: Watermark
    /// The engine's last number as it came back, before anything was written.
    let recovered: UInt64
    let sequence: UInt64
    let offset: UInt64

    /// Opens what lies in the directory.
    ///
    /// `floor` is the last version accepted before a failure in this process: versions continue
    /// above it. Throws `missingCommits` when less came back than was once synced; the log is
    /// then still as it was found.
    static func open(
        _ configuration: RocksConfiguration, recovering: Bool, watermark known: Watermark? = nil,
        floor: UInt64? = nil
    ) throws(StoreError) -> RocksOpening {
        if let reason = configuration.fault?(.open) { throw .unreadable(reason: reason) }
        let path = configuration.directory + "/store"
        try DirectoryLock.makeDirectory(path)
        // An engine that fails while it opens can end the process; ask the disk first.
        if recovering { try DiskProbe.check(configuration.directory) }
        let watermark = try makeWatermark(known, configuration)
        let logs = LogFiles(directory: path)
        // What is read back from the page cache is about to be served: it must be on the disk.
        try logs.sync()
        let quarantine = configuration.directory + "/quarantine"
        try logs.link(into: quarantine)
        let database = try RocksDatabase(
            path: path, configuration: configuration, recovering: recovering)
        let recovered = database.sequence
        let expected = watermark.read()
        if recovered < expected, !configuration.acceptsMissingCommits {
            database.shut()
            throw .missingCommits(
                recovered: StoreVersion(rawValue: recovered),
                expected: StoreVersion(rawValue: expected))
        }
        if recovered >= expected { logs.unlink(from: quarantine) }
        let offset = try settle(database, floor: floor)
        let opening = RocksOpening(
            database: database, watermark: watermark, recovered: recovered,
            sequence: database.sequence, offset: offset)
        watermark.write(opening.sequence, turn: 0)
        watermark.write(opening.sequence, turn: 1)
        return opening
    }

    private static func makeWatermark(
        _ known: Watermark?, _ configuration: RocksConfiguration
    ) throws(StoreError) -> Watermark {
        if let known { return known }
        return try Watermark(path: configuration.directory + "/watermark")
    }

    /// Checks the format and finds the offset; writes both, synced, where they are new.
    private static func settle(
        _ database: RocksDatabase, floor: UInt64?
    ) throws(StoreError) -> UInt64 {
        let format = try number(.format, in: database)
        if let format, format > newestFormat {
            database.shut()
            throw .newerStore(found: format, newestKnown: newestFormat)
        }
        let stored = try number(.offset, in: database) ?? 0
        var offset = stored
        if let floor, database.sequence + offset <= floor { offset = floor + 1 - database.sequence }
        if format == nil || offset != stored {
            let failure =
                database.write([
                    .put(EngineKey.format.key, EngineKey.encode(newestFormat)),
                    .put(EngineKey.offset.key, EngineKey.encode(offset)),
                ]) ?? database.flushLog() ?? database.log.sync()
            if let failure {
                database.shut()
                throw .failed(reason: failure)
            }
        }
        return offset
    }

    private static func number(
        _ key: EngineKey, in database: RocksDatabase
    ) throws(StoreError) -> UInt64? {
        guard
            case .found(let value?) = try database.get(
                key.key, snapshot: nil, cachedOnly: false)
        else { return nil }
        return EngineKey.decode(value)
    }
}

/// What the engine itself keeps, under keys that no encoder builds.
enum EngineKey: UInt8 {
    case format = 1
    case offset = 2

    var key: StoreKey { StoreKey(bytes: [0, rawValue]) }

    static func encode(_ value: UInt64) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    static func decode(_ value: [UInt8]) -> UInt64? {
        guard value.count == 8 else { return nil }
        return value.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
