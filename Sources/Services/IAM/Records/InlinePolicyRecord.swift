// SPDX-License-Identifier: Apache-2.0
// Inline policies and attachments as stored. An attachment is written twice, under its owner and
// under its policy, so that both can be listed and counted.

import Basics
import Storage

/// An inline policy; its key says whose it is.
struct InlinePolicyRecord: Sendable {
    var name: String
    var text: String

    static func key(of owner: EntityRecord, _ name: String) -> StoreKey {
        prefix(of: owner).string(name).key
    }

    static func range(of owner: EntityRecord) -> KeyRange { prefix(of: owner).prefix }

    private static func prefix(of owner: EntityRecord) -> KeyEncoder {
        KeyEncoder(.iamInlinePolicy).string(owner.account.description).byte(owner.kind.rawValue)
            .string(owner.name.lowercased())
    }

    var record: [UInt8] {
        var writer = RecordWriter(.iamInlinePolicy, capacity: 512)
        writer.string(1, name)
        writer.string(2, text)
        return writer.finish()
    }

    init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    init(_ pair: KeyValue) throws(StoreError) {
        self.init(name: "", text: "")
        var reader = try RecordReader(pair.value, under: pair.key, kind: .iamInlinePolicy)
        while let field = try reader.next() {
            switch field {
            case 1: name = try reader.string()
            case 2: text = try reader.string()
            default: break
            }
        }
    }
}

/// A managed policy attached to a role or user.
struct AttachmentRecord: Sendable {
    var policyARN: String

    static func key(of owner: EntityRecord, _ policyARN: String) -> StoreKey {
        byOwner(owner).string(policyARN).key
    }

    static func range(of owner: EntityRecord) -> KeyRange { byOwner(owner).prefix }

    static func reverseKey(of owner: EntityRecord, _ policyARN: String) -> StoreKey {
        byPolicy(owner.account, policyARN).byte(owner.kind.rawValue)
            .string(owner.name.lowercased()).key
    }

    /// Everything the policy is attached to within an account.
    static func reverseRange(_ account: AccountID, _ policyARN: String) -> KeyRange {
        byPolicy(account, policyARN).prefix
    }

    private static func byOwner(_ owner: EntityRecord) -> KeyEncoder {
        KeyEncoder(.iamAttachment).byte(0).string(owner.account.description)
            .byte(owner.kind.rawValue).string(owner.name.lowercased())
    }

    private static func byPolicy(_ account: AccountID, _ policyARN: String) -> KeyEncoder {
        KeyEncoder(.iamAttachment).byte(1).string(account.description).string(policyARN)
    }

    var record: [UInt8] {
        var writer = RecordWriter(.iamAttachment, capacity: 128)
        writer.string(1, policyARN)
        return writer.finish()
    }

    init(policyARN: String) { self.policyARN = policyARN }

    init(_ pair: KeyValue) throws(StoreError) {
        policyARN = ""
        var reader = try RecordReader(pair.value, under: pair.key, kind: .iamAttachment)
        while let field = try reader.next() {
            if field == 1 { policyARN = try reader.string() }
        }
    }
}
