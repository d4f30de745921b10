// SPDX-License-Identifier: Apache-2.0
// Roles and users as stored.

import Basics
import IdentityAccess
import Storage

/// A tag of a role, user or policy.
struct StoredTag: Hashable, Sendable {
    var key: String
    var value: String
}

/// A role or a user.
///
/// Names differ only by more than case, so keys hold them in lower case; look-ups still ask for
/// the exact name.
struct EntityRecord: Sendable {
    var kind: EntityKind
    var account: AccountID
    /// Begins and ends with a slash.
    var path: String
    var name: String
    var id: String
    var createdAt: Timestamp
    var boundary: String?
    var tags: [StoredTag] = []
    /// Roles only, as are the following.
    var trustPolicy = ""
    var summary: String?
    var maxSessionSeconds = 3600

    var arn: String { "arn:aws:iam::\(account):\(kind.noun)\(path)\(name)" }

    /// Its tags as conditions ask for them.
    var accessTags: [AccessTag] { tags.map { AccessTag($0.key, $0.value) } }

    var key: StoreKey { Self.key(kind, account, name) }

    static func key(_ kind: EntityKind, _ account: AccountID, _ name: String) -> StoreKey {
        KeyEncoder(kind.keyKind).string(account.description).string(name.lowercased()).key
    }

    /// All of one kind in an account, by name.
    static func range(_ kind: EntityKind, _ account: AccountID) -> KeyRange {
        KeyEncoder(kind.keyKind).string(account.description).prefix
    }

    var record: [UInt8] {
        var writer = RecordWriter(kind.keyKind, capacity: 512)
        writer.string(1, account.description)
        writer.string(2, path)
        writer.string(3, name)
        writer.string(4, id)
        writer.time(5, createdAt)
        writer.string(6, boundary)
        writer.tags(7, tags)
        if kind == .role {
            writer.string(8, trustPolicy)
            writer.string(9, summary)
            writer.integer(10, maxSessionSeconds)
        }
        return writer.finish()
    }

    init(
        kind: EntityKind, account: AccountID, path: String, name: String, id: String,
        createdAt: Timestamp
    ) {
        self.kind = kind
        self.account = account
        self.path = path
        self.name = name
        self.id = id
        self.createdAt = createdAt
    }

    init(_ value: [UInt8], key: StoreKey, kind: EntityKind) throws(StoreError) {
        self.init(
            kind: kind, account: .local, path: "/", name: "", id: "", createdAt: .distantPast)
        var reader = try RecordReader(value, under: key, kind: kind.keyKind)
        while let field = try reader.next() {
            switch field {
            case 1: account = try reader.account()
            case 2: path = try reader.string()
            case 3: name = try reader.string()
            case 4: id = try reader.string()
            case 5: createdAt = try reader.time()
            case 6: boundary = try reader.string()
            case 7: tags.append(try reader.tag())
            case 8: trustPolicy = try reader.string()
            case 9: summary = try reader.string()
            case 10: maxSessionSeconds = try reader.integer()
            default: break
            }
        }
    }
}

extension RecordWriter {
    mutating func tags(_ field: Int, _ tags: [StoredTag]) {
        for tag in tags {
            nested(field) { writer in
                writer.string(1, tag.key)
                writer.string(2, tag.value)
            }
        }
    }
}

extension RecordReader {
    mutating func tag() throws(StoreError) -> StoredTag {
        var inner = try nested()
        var tag = StoredTag(key: "", value: "")
        while let field = try inner.next() {
            switch field {
            case 1: tag.key = try inner.string()
            case 2: tag.value = try inner.string()
            default: break
            }
        }
        return tag
    }

    mutating func account() throws(StoreError) -> AccountID {
        guard let account = AccountID(try string()) else { throw damage("not an account") }
        return account
    }
}
