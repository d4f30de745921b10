// SPDX-License-Identifier: Apache-2.0
// Temporary credentials as stored. They outlive a restart; an index by expiry lets old ones be
// swept out as new ones come in.

import Basics
import IdentityAccess
import Storage

/// Temporary credentials of a role session, user or root.
struct SessionRecord: Sendable {
    var accessKeyID: String
    var secret: String
    var token: String
    var principal: Principal
    var issuedAt: Timestamp
    var expiresAt: Timestamp
    /// Session policies given inline, `nil` when the session has no session policies at all.
    var policyTexts: [String]?
    var policyARNs: [String] = []

    /// How long after its end a session is still told apart from one that never was.
    static let keptSeconds: Int64 = 36 * 3600

    var key: StoreKey { Self.key(accessKeyID) }

    var expiryKey: StoreKey {
        KeyEncoder(.stsSession).byte(1).time(expiresAt).string(accessKeyID).key
    }

    static func key(_ id: String) -> StoreKey { KeyEncoder(.stsSession).byte(0).string(id).key }

    /// Expiry entries of sessions that ended before `time`.
    static func expired(before time: Timestamp) -> KeyRange {
        KeyRange(
            from: KeyEncoder(.stsSession).byte(1).key,
            to: KeyEncoder(.stsSession).byte(1).time(time).key)
    }

    /// The access key id in an expiry entry's key.
    static func accessKeyID(inExpiry key: StoreKey) throws(StoreError) -> String {
        var decoder = try KeyDecoder(key, kind: .stsSession)
        _ = try decoder.byte()
        _ = try decoder.time()
        return try decoder.string()
    }

    var record: [UInt8] {
        var writer = RecordWriter(.stsSession, capacity: 512)
        writer.string(1, accessKeyID)
        writer.string(2, secret)
        writer.string(3, token)
        writer.time(4, issuedAt)
        writer.time(5, expiresAt)
        switch principal {
        case .root(let account): writer.string(6, account.description)
        case .user(let user):
            writer.string(6, user.account.description)
            writer.string(7, user.path)
            writer.string(8, user.name)
            writer.string(9, user.id)
        case .role(let session):
            writer.string(6, session.account.description)
            writer.string(7, session.rolePath)
            writer.string(8, session.roleName)
            writer.string(9, session.roleID)
            writer.string(10, session.sessionName)
            writer.string(14, session.sourceFunctionARN)
        case .service, .anonymous: break
        }
        writer.bool(11, policyTexts != nil)
        for text in policyTexts ?? [] { writer.string(12, text) }
        for arn in policyARNs { writer.string(13, arn) }
        return writer.finish()
    }

    init(
        accessKeyID: String, secret: String, token: String, principal: Principal,
        issuedAt: Timestamp, expiresAt: Timestamp
    ) {
        self.accessKeyID = accessKeyID
        self.secret = secret
        self.token = token
        self.principal = principal
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    init(_ pair: KeyValue) throws(StoreError) {
        self.init(
            accessKeyID: "", secret: "", token: "", principal: .anonymous,
            issuedAt: .distantPast, expiresAt: .distantPast)
        var holder = Holder()
        var isLimited = false
        var texts: [String] = []
        var reader = try RecordReader(pair.value, under: pair.key, kind: .stsSession)
        while let field = try reader.next() {
            switch field {
            case 1: accessKeyID = try reader.string()
            case 2: secret = try reader.string()
            case 3: token = try reader.string()
            case 4: issuedAt = try reader.time()
            case 5: expiresAt = try reader.time()
            case 6: holder.account = try reader.account()
            case 7: holder.path = try reader.string()
            case 8: holder.name = try reader.string()
            case 9: holder.id = try reader.string()
            case 10: holder.sessionName = try reader.string()
            case 11: isLimited = try reader.bool()
            case 12: texts.append(try reader.string())
            case 13: policyARNs.append(try reader.string())
            case 14: holder.sourceFunctionARN = try reader.string()
            default: break
            }
        }
        policyTexts = isLimited ? texts : nil
        principal = holder.principal(issuedAt: issuedAt, accessKeyID: accessKeyID)
    }

    /// The stored parts of a principal.
    private struct Holder {
        var account: AccountID?
        var path = "/"
        var name: String?
        var id = ""
        var sessionName: String?
        var sourceFunctionARN: String?

        func principal(issuedAt: Timestamp, accessKeyID: String) -> Principal {
            guard let account else { return .anonymous }
            guard let name else { return .root(account) }
            guard let sessionName else {
                return .user(UserPrincipal(account: account, path: path, name: name, id: id))
            }
            return .role(
                RoleSession(
                    account: account, rolePath: path, roleName: name, roleID: id,
                    sessionName: sessionName, issuedAt: issuedAt, accessKeyID: accessKeyID,
                    sourceFunctionARN: sourceFunctionARN))
        }
    }
}
