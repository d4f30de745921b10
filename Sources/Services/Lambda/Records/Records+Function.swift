// SPDX-License-Identifier: Apache-2.0
// Functions and their versions as stored: keys and records. Numbers of fields are never used
// again.

import Basics
import Storage

enum FunctionKeys {
    static func all(_ account: AccountID, _ region: Region) -> KeyEncoder {
        KeyEncoder(.lambdaFunction).string(account.description).string(region.description)
    }

    static func function(_ name: FunctionName) -> StoreKey {
        all(name.account, name.region).string(name.name).key
    }

    static func versions(_ name: FunctionName) -> KeyEncoder {
        KeyEncoder(.lambdaVersion).string(name.account.description)
            .string(name.region.description).string(name.name)
    }

    static func version(_ name: FunctionName, _ number: UInt64) -> StoreKey {
        versions(name).unsigned(number).key
    }

    static func invokeConfigs(_ name: FunctionName) -> KeyEncoder {
        KeyEncoder(.lambdaInvokeConfig).string(name.account.description)
            .string(name.region.description).string(name.name)
    }

    static func invokeConfig(_ name: FunctionName, qualifier: String) -> StoreKey {
        invokeConfigs(name).string(qualifier).key
    }

    /// The function that a key of any of these kinds belongs to.
    static func name(in key: StoreKey, kind: KeyKind) throws(StoreError) -> FunctionName {
        var decoder = try KeyDecoder(key, kind: kind)
        let account = try decoder.string()
        let region = try decoder.string()
        let name = try decoder.string()
        guard let account = AccountID(account), let region = Region(region) else {
            throw StoreError.damaged(key: key, reason: "not a function's key")
        }
        return FunctionName(account: account, region: region, name: name)
    }
}

extension FunctionSettings {
    func write(to writer: inout RecordWriter) {
        writer.string(1, version)
        writer.string(2, runtime)
        writer.string(3, handler)
        writer.string(4, role)
        writer.string(5, description)
        writer.integer(6, timeoutSeconds)
        writer.integer(7, memoryMegabytes)
        writer.integer(8, ephemeralStorageMegabytes)
        for (name, value) in environmentSorted { writer.pair(9, name, value) }
        writer.string(10, deadLetterTarget)
        writer.bytes(11, codeHash.bytes)
        writer.signed(12, codeBytes)
        writer.string(13, architecture)
        writer.string(14, tracingMode)
        writer.string(15, kmsKeyARN)
        writer.string(16, logGroup)
        writer.string(17, revisionID)
        writer.time(18, modifiedAt)
    }

    init(_ reader: inout RecordReader) throws(StoreError) {
        guard let noHash = BlobHash(bytes: [UInt8](repeating: 0, count: 32)) else {
            throw reader.damage("no hash")
        }
        self.init(
            runtime: "", handler: "", role: "", codeHash: noHash, codeBytes: 0, revisionID: "",
            modifiedAt: .distantPast)
        while let field = try reader.next() {
            switch field {
            case 1: version = try reader.string()
            case 2: runtime = try reader.string()
            case 3: handler = try reader.string()
            case 4: role = try reader.string()
            case 5: description = try reader.string()
            case 6: timeoutSeconds = try reader.integer()
            case 7: memoryMegabytes = try reader.integer()
            case 8: ephemeralStorageMegabytes = try reader.integer()
            case 9:
                let (name, value) = try reader.pair()
                environment[name] = value
            case 10: deadLetterTarget = try reader.string()
            case 11:
                guard let hash = BlobHash(bytes: try reader.bytes()) else {
                    throw reader.damage("not a hash")
                }
                codeHash = hash
            case 12: codeBytes = try reader.signed()
            case 13: architecture = try reader.string()
            case 14: tracingMode = try reader.string()
            case 15: kmsKeyARN = try reader.string()
            case 16: logGroup = try reader.string()
            case 17: revisionID = try reader.string()
            case 18: modifiedAt = try reader.time()
            default: break
            }
        }
    }

    /// A published version's record.
    var record: [UInt8] {
        var writer = RecordWriter(.lambdaVersion, capacity: 512)
        writer.nested(1) { write(to: &$0) }
        return writer.finish()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        var settings: FunctionSettings?
        var reader = try RecordReader(value, under: key, kind: .lambdaVersion)
        while let field = try reader.next() {
            guard field == 1 else { continue }
            var nested = try reader.nested()
            settings = try FunctionSettings(&nested)
        }
        guard let settings else { throw reader.damage("no settings") }
        self = settings
    }
}

extension FunctionRecord {
    /// The record with a place for the version of the commit that writes it.
    var record: StampedValue? {
        var writer = RecordWriter(.lambdaFunction, capacity: 640)
        writer.string(1, identity)
        writer.nested(2) { latest.write(to: &$0) }
        writer.unsigned(3, lastVersion)
        for name in tags.keys.sorted() { writer.pair(4, name, tags[name] ?? "") }
        writer.integer(5, reservedConcurrency)
        writer.versionStamp(6)
        return writer.finishStamped()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        var identity = ""
        var latest: FunctionSettings?
        var lastVersion: UInt64 = 0
        var tags: [String: String] = [:]
        var reserved: Int?
        var storedAt = StoreVersion.zero
        var reader = try RecordReader(value, under: key, kind: .lambdaFunction)
        while let field = try reader.next() {
            switch field {
            case 1: identity = try reader.string()
            case 2:
                var nested = try reader.nested()
                latest = try FunctionSettings(&nested)
            case 3: lastVersion = try reader.unsigned()
            case 4:
                let (name, value) = try reader.pair()
                tags[name] = value
            case 5: reserved = try reader.integer()
            case 6: storedAt = try reader.version()
            default: break
            }
        }
        guard let latest else { throw reader.damage("no settings") }
        self.init(
            name: try FunctionKeys.name(in: key, kind: .lambdaFunction), identity: identity,
            latest: latest)
        self.lastVersion = lastVersion
        self.tags = tags
        self.reservedConcurrency = reserved
        self.storedAt = storedAt
    }
}

extension EventInvokeConfig {
    var record: [UInt8] {
        var writer = RecordWriter(.lambdaInvokeConfig, capacity: 128)
        writer.integer(1, maximumRetryAttempts)
        writer.integer(2, maximumEventAgeSeconds)
        writer.string(3, onSuccess)
        writer.string(4, onFailure)
        writer.time(5, modifiedAt)
        return writer.finish()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        self.init(modifiedAt: .distantPast)
        var reader = try RecordReader(value, under: key, kind: .lambdaInvokeConfig)
        while let field = try reader.next() {
            switch field {
            case 1: maximumRetryAttempts = try reader.integer()
            case 2: maximumEventAgeSeconds = try reader.integer()
            case 3: onSuccess = try reader.string()
            case 4: onFailure = try reader.string()
            case 5: modifiedAt = try reader.time()
            default: break
            }
        }
    }
}

extension RecordWriter {
    /// One entry of a map.
    mutating func pair(_ field: Int, _ name: String, _ value: String) {
        nested(field) { writer in
            writer.string(1, name)
            writer.string(2, value)
        }
    }
}

extension RecordReader {
    mutating func pair() throws(StoreError) -> (name: String, value: String) {
        var name = ""
        var value = ""
        var nested = try nested()
        while let field = try nested.next() {
            switch field {
            case 1: name = try nested.string()
            case 2: value = try nested.string()
            default: break
            }
        }
        return (name, value)
    }
}
