// SPDX-License-Identifier: Apache-2.0
// Event source mappings and accepted events as stored. Numbers of fields are never used again.

import Basics
import Storage

enum MappingKeys {
    static func all(_ account: AccountID, _ region: Region) -> KeyEncoder {
        KeyEncoder(.lambdaMapping).string(account.description).string(region.description)
    }

    static func mapping(_ account: AccountID, _ region: Region, _ uuid: String) -> StoreKey {
        all(account, region).string(uuid).key
    }

    static func mapping(_ mapping: EventSourceMapping) -> StoreKey {
        Self.mapping(mapping.function.account, mapping.function.region, mapping.uuid)
    }

    /// Leads from a queue and a function to their one mapping.
    static func pair(_ mapping: EventSourceMapping) -> StoreKey {
        KeyEncoder(.directory).string("lambda-mapping").string(mapping.queue.description)
            .string(mapping.function.arn(qualifier: mapping.qualifier)).key
    }
}

extension EventSourceMapping {
    /// The record with a place for the version of the commit that writes it.
    var record: StampedValue? {
        var writer = RecordWriter(.lambdaMapping, capacity: 256)
        writer.string(1, function.name)
        writer.string(2, qualifier)
        writer.string(3, queue.description)
        writer.integer(4, batchSize)
        writer.integer(5, windowSeconds)
        writer.bool(6, reportsBatchItemFailures)
        writer.integer(7, maximumConcurrency)
        writer.bool(8, isEnabled)
        writer.string(9, kmsKeyARN)
        for name in tags.keys.sorted() { writer.pair(10, name, tags[name] ?? "") }
        writer.time(11, modifiedAt)
        writer.versionStamp(12)
        return writer.finishStamped()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        var decoder = try KeyDecoder(key, kind: .lambdaMapping)
        let account = try decoder.string()
        let region = try decoder.string()
        let uuid = try decoder.string()
        var reader = try RecordReader(value, under: key, kind: .lambdaMapping)
        guard let account = AccountID(account), let region = Region(region) else {
            throw reader.damage("not a mapping's key")
        }
        let placeholder = ARN(service: "sqs", region: region, account: account, resource: "?")
        var mapping = EventSourceMapping(
            uuid: uuid, function: FunctionName(account: account, region: region, name: ""),
            qualifier: nil, queue: placeholder, modifiedAt: .distantPast)
        var queue: ARN?
        while let field = try reader.next() {
            switch field {
            case 1:
                mapping.function = FunctionName(
                    account: account, region: region, name: try reader.string())
            case 2: mapping.qualifier = try reader.string()
            case 3: queue = ARN(parsing: try reader.string())
            case 4: mapping.batchSize = try reader.integer()
            case 5: mapping.windowSeconds = try reader.integer()
            case 6: mapping.reportsBatchItemFailures = try reader.bool()
            case 7: mapping.maximumConcurrency = try reader.integer()
            case 8: mapping.isEnabled = try reader.bool()
            case 9: mapping.kmsKeyARN = try reader.string()
            case 10:
                let (name, value) = try reader.pair()
                mapping.tags[name] = value
            case 11: mapping.modifiedAt = try reader.time()
            case 12: mapping.storedAt = try reader.version()
            default: break
            }
        }
        guard let queue else { throw reader.damage("no queue") }
        mapping.queue = queue
        self = mapping
    }
}

extension AsyncInvocation {
    var record: [UInt8] {
        var writer = RecordWriter(.lambdaInvocation, capacity: payload.count + 256)
        writer.string(1, requestID)
        writer.string(2, function.account.description)
        writer.string(3, function.region.description)
        writer.string(4, function.name)
        writer.string(5, identity)
        writer.string(6, qualifier)
        writer.bytes(7, payload)
        writer.string(8, traceHeader)
        return writer.finish()
    }

    init(_ value: [UInt8]) throws(StoreError) {
        // The outbox keeps this under a key of its own; this one only serves messages.
        let key = StoreKey(bytes: [KeyKind.lambdaInvocation.rawValue])
        var requestID = ""
        var account = ""
        var region = ""
        var name = ""
        var identity = ""
        var qualifier: String?
        var payload: [UInt8] = []
        var trace: String?
        var reader = try RecordReader(value, under: key, kind: .lambdaInvocation)
        while let field = try reader.next() {
            switch field {
            case 1: requestID = try reader.string()
            case 2: account = try reader.string()
            case 3: region = try reader.string()
            case 4: name = try reader.string()
            case 5: identity = try reader.string()
            case 6: qualifier = try reader.string()
            case 7: payload = try reader.bytes()
            case 8: trace = try reader.string()
            default: break
            }
        }
        guard let account = AccountID(account), let region = Region(region) else {
            throw reader.damage("not a function")
        }
        self.init(
            requestID: requestID,
            function: FunctionName(account: account, region: region, name: name),
            identity: identity, qualifier: qualifier, payload: payload, traceHeader: trace)
    }
}
