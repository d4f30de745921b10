// SPDX-License-Identifier: Apache-2.0
// A queue's configuration as stored, and the directory entry that leads to its cell.

import Basics
import Storage

extension QueueConfiguration {
    var record: [UInt8] {
        var writer = RecordWriter(.sqsConfiguration, capacity: 256)
        writer.string(1, account.description)
        writer.string(2, region.description)
        writer.string(3, name)
        writer.time(4, createdAt)
        writer.time(5, modifiedAt)
        writer.integer(6, delaySeconds)
        writer.integer(7, maximumMessageSize)
        writer.integer(8, retentionSeconds)
        writer.integer(9, receiveWaitSeconds)
        writer.integer(10, visibilitySeconds)
        writer.string(11, redrivePolicy?.deadLetterTargetARN)
        writer.integer(12, redrivePolicy?.maxReceiveCount)
        writer.bool(13, deduplicatesByContent)
        writer.bool(14, deduplicatesByGroup)
        writer.bool(15, throughputLimitPerGroup)
        for attribute in QueueTextAttribute.allCases {
            guard let text = texts[attribute] else { continue }
            writer.nested(16) { writer in
                writer.string(1, attribute.rawValue)
                writer.string(2, text)
            }
        }
        for name in tags.keys.sorted() {
            writer.nested(17) { writer in
                writer.string(1, name)
                writer.string(2, tags[name])
            }
        }
        return writer.finish()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        self.init(account: .local, region: .usEast1, name: "", createdAt: .distantPast)
        var target: String?
        var maxReceiveCount = 0
        var reader = try RecordReader(value, under: key, kind: .sqsConfiguration)
        while let field = try reader.next() {
            switch field {
            case 1: account = try Self.checked(AccountID(try reader.string()), reader)
            case 2: region = try Self.checked(Region(try reader.string()), reader)
            case 3: name = try reader.string()
            case 4: createdAt = try reader.time()
            case 5: modifiedAt = try reader.time()
            case 6: delaySeconds = try reader.integer()
            case 7: maximumMessageSize = try reader.integer()
            case 8: retentionSeconds = try reader.integer()
            case 9: receiveWaitSeconds = try reader.integer()
            case 10: visibilitySeconds = try reader.integer()
            case 11: target = try reader.string()
            case 12: maxReceiveCount = try reader.integer()
            case 13: deduplicatesByContent = try reader.bool()
            case 14: deduplicatesByGroup = try reader.bool()
            case 15: throughputLimitPerGroup = try reader.bool()
            case 16:
                let pair = try Self.pair(&reader)
                if let attribute = QueueTextAttribute(rawValue: pair.name) {
                    texts[attribute] = pair.value
                }
            case 17:
                let pair = try Self.pair(&reader)
                tags[pair.name] = pair.value
            default: break
            }
        }
        if let text = texts[.redriveAllowPolicy] {
            guard let allowance = try? RedriveAllowance(parsing: text) else {
                throw reader.damage("a redrive allow policy that makes no sense")
            }
            redriveAllowance = allowance
        }
        if let text = texts[.policy] {
            guard let compiled = try? compiledPolicy(text) else {
                throw reader.damage("a policy that does not compile")
            }
            policy = compiled
        }
        redrivePolicy = target.map {
            RedrivePolicy(deadLetterTargetARN: $0, maxReceiveCount: maxReceiveCount)
        }
    }

    private static func checked<Value>(_ value: Value?, _ reader: RecordReader) throws(StoreError)
        -> Value
    {
        guard let value else { throw reader.damage("an impossible owner") }
        return value
    }

    private static func pair(_ reader: inout RecordReader) throws(StoreError)
        -> (name: String, value: String)
    {
        var pair = (name: "", value: "")
        var nested = try reader.nested()
        while let field = try nested.next() {
            switch field {
            case 1: pair.name = try nested.string()
            case 2: pair.value = try nested.string()
            default: break
            }
        }
        return pair
    }
}
