// SPDX-License-Identifier: Apache-2.0
// Long-term access keys as stored: the key itself by its id, an index by its user, and apart from
// both when it was last used, so that using a key changes nothing that decisions rest on.

import Basics
import Storage

/// A long-term access key.
struct AccessKeyRecord: Sendable {
    var id: String
    var account: AccountID
    /// `nil` for a key of the account's root.
    var userName: String?
    var secret: String
    var isActive = true
    var createdAt: Timestamp

    var key: StoreKey { Self.key(id) }
    var indexKey: StoreKey { Self.index(account, userName).string(id).key }

    static func key(_ id: String) -> StoreKey { KeyEncoder(.iamAccessKey).byte(0).string(id).key }

    /// The index entries of a user's keys; `nil` names the root.
    static func range(_ account: AccountID, _ userName: String?) -> KeyRange {
        index(account, userName).prefix
    }

    private static func index(_ account: AccountID, _ userName: String?) -> KeyEncoder {
        KeyEncoder(.iamAccessKey).byte(1).string(account.description)
            .string(userName?.lowercased() ?? "")
    }

    var record: [UInt8] {
        var writer = RecordWriter(.iamAccessKey, capacity: 192)
        writer.string(1, id)
        writer.string(2, account.description)
        writer.string(3, userName)
        writer.string(4, secret)
        writer.bool(5, isActive)
        writer.time(6, createdAt)
        return writer.finish()
    }

    init(
        id: String, account: AccountID, userName: String?, secret: String, createdAt: Timestamp
    ) {
        self.id = id
        self.account = account
        self.userName = userName
        self.secret = secret
        self.createdAt = createdAt
    }

    init(_ pair: KeyValue) throws(StoreError) {
        self.init(
            id: "", account: .local, userName: nil, secret: "", createdAt: .distantPast)
        var reader = try RecordReader(pair.value, under: pair.key, kind: .iamAccessKey)
        while let field = try reader.next() {
            switch field {
            case 1: id = try reader.string()
            case 2: account = try reader.account()
            case 3: userName = try reader.string()
            case 4: secret = try reader.string()
            case 5: isActive = try reader.bool()
            case 6: createdAt = try reader.time()
            default: break
            }
        }
    }
}

/// When an access key was last used, or a role last had a session act.
struct LastUseRecord: Sendable {
    var time: Timestamp
    var service: String
    var region: String

    static func key(ofAccessKey id: String) -> StoreKey {
        KeyEncoder(.iamAccessKey).byte(2).string(id).key
    }

    static func key(ofRole id: String) -> StoreKey {
        KeyEncoder(.iamAccessKey).byte(3).string(id).key
    }

    var record: [UInt8] {
        var writer = RecordWriter(.iamAccessKey, capacity: 64)
        writer.time(1, time)
        writer.string(2, service)
        writer.string(3, region)
        return writer.finish()
    }

    init(time: Timestamp, service: String, region: String) {
        self.time = time
        self.service = service
        self.region = region
    }

    init(_ pair: KeyValue) throws(StoreError) {
        self.init(time: .distantPast, service: "", region: "")
        var reader = try RecordReader(pair.value, under: pair.key, kind: .iamAccessKey)
        while let field = try reader.next() {
            switch field {
            case 1: time = try reader.time()
            case 2: service = try reader.string()
            case 3: region = try reader.string()
            default: break
            }
        }
    }
}
