// SPDX-License-Identifier: Apache-2.0
// Customer-managed policies and their versions as stored.

import Basics
import Storage

/// A customer-managed policy.
struct PolicyRecord: Sendable {
    var account: AccountID
    var path: String
    var name: String
    var id: String
    var summary: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp
    var defaultVersion: UInt64 = 1
    /// The number of the next version; never used twice.
    var nextVersion: UInt64 = 2
    var tags: [StoredTag] = []

    var arn: String { "arn:aws:iam::\(account):policy\(path)\(name)" }

    var key: StoreKey { Self.key(account, name) }

    static func key(_ account: AccountID, _ name: String) -> StoreKey {
        KeyEncoder(.iamPolicy).string(account.description).string(name.lowercased()).key
    }

    static func range(_ account: AccountID) -> KeyRange {
        KeyEncoder(.iamPolicy).string(account.description).prefix
    }

    var record: [UInt8] {
        var writer = RecordWriter(.iamPolicy, capacity: 256)
        writer.string(1, account.description)
        writer.string(2, path)
        writer.string(3, name)
        writer.string(4, id)
        writer.string(5, summary)
        writer.time(6, createdAt)
        writer.time(7, updatedAt)
        writer.unsigned(8, defaultVersion)
        writer.unsigned(9, nextVersion)
        writer.tags(10, tags)
        return writer.finish()
    }

    init(account: AccountID, path: String, name: String, id: String, createdAt: Timestamp) {
        self.account = account
        self.path = path
        self.name = name
        self.id = id
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    init(_ pair: KeyValue) throws(StoreError) {
        self.init(account: .local, path: "/", name: "", id: "", createdAt: .distantPast)
        var reader = try RecordReader(pair.value, under: pair.key, kind: .iamPolicy)
        while let field = try reader.next() {
            switch field {
            case 1: account = try reader.account()
            case 2: path = try reader.string()
            case 3: name = try reader.string()
            case 4: id = try reader.string()
            case 5: summary = try reader.string()
            case 6: createdAt = try reader.time()
            case 7: updatedAt = try reader.time()
            case 8: defaultVersion = try reader.unsigned()
            case 9: nextVersion = try reader.unsigned()
            case 10: tags.append(try reader.tag())
            default: break
            }
        }
    }
}

/// One version of a customer-managed policy.
struct PolicyVersionRecord: Sendable {
    var number: UInt64
    var text: String
    var createdAt: Timestamp

    static func key(of policy: PolicyRecord, _ number: UInt64) -> StoreKey {
        prefix(of: policy).unsigned(number).key
    }

    static func range(of policy: PolicyRecord) -> KeyRange { prefix(of: policy).prefix }

    private static func prefix(of policy: PolicyRecord) -> KeyEncoder {
        KeyEncoder(.iamPolicyVersion).string(policy.account.description)
            .string(policy.name.lowercased())
    }

    var record: [UInt8] {
        var writer = RecordWriter(.iamPolicyVersion, capacity: 512)
        writer.unsigned(1, number)
        writer.string(2, text)
        writer.time(3, createdAt)
        return writer.finish()
    }

    init(number: UInt64, text: String, createdAt: Timestamp) {
        self.number = number
        self.text = text
        self.createdAt = createdAt
    }

    init(_ pair: KeyValue) throws(StoreError) {
        self.init(number: 0, text: "", createdAt: .distantPast)
        var reader = try RecordReader(pair.value, under: pair.key, kind: .iamPolicyVersion)
        while let field = try reader.next() {
            switch field {
            case 1: number = try reader.unsigned()
            case 2: text = try reader.string()
            case 3: createdAt = try reader.time()
            default: break
            }
        }
    }
}
