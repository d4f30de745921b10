// SPDX-License-Identifier: Apache-2.0
// Look-ups of identity records that operations and the directory share.

import Basics
import IdentityAccess
import Storage

extension StoreReader {
    /// The role or user of this exact name, `nil` when there is none.
    nonisolated(nonsending)
        func entityIfAny(
            _ kind: EntityKind, _ account: AccountID, _ name: String
        ) async throws(StoreError) -> EntityRecord?
    {
        let key = EntityRecord.key(kind, account, name)
        guard let value = try await get(key) else { return nil }
        let entity = try EntityRecord(value, key: key, kind: kind)
        return entity.name == name ? entity : nil
    }

    /// The role or user of this exact name.
    nonisolated(nonsending)
        func entity(
            _ kind: EntityKind, _ account: AccountID, _ name: String
        ) async throws -> EntityRecord
    {
        guard let entity = try await entityIfAny(kind, account, name) else {
            throw IAMFault.noEntity(kind, name)
        }
        return entity
    }

    /// The customer-managed policy with this ARN, `nil` when there is none.
    nonisolated(nonsending)
        func customerPolicy(_ arn: String) async throws(StoreError) -> PolicyRecord?
    {
        guard let parsed = ARN(parsing: arn), parsed.service == "iam",
            let account = AccountID(parsed.account), parsed.resource.hasPrefix("policy/"),
            let name = parsed.resource.split(separator: "/").last
        else { return nil }
        let key = PolicyRecord.key(account, String(name))
        guard let value = try await get(key) else { return nil }
        let policy = try PolicyRecord(KeyValue(key: key, value: value))
        return policy.arn == arn ? policy : nil
    }

    nonisolated(nonsending)
        func version(
            _ number: UInt64, of policy: PolicyRecord
        ) async throws(StoreError) -> PolicyVersionRecord?
    {
        let key = PolicyVersionRecord.key(of: policy, number)
        guard let value = try await get(key) else { return nil }
        return try PolicyVersionRecord(KeyValue(key: key, value: value))
    }

    /// A managed policy in force, AWS's or the account's own, compiled; `nil` when it is gone.
    nonisolated(nonsending)
        func managedPolicy(_ arn: String) async throws -> NamedPolicy?
    {
        if let published = AWSManagedPolicies.policy(arn: arn) { return published }
        guard let policy = try await customerPolicy(arn),
            let version = try await version(policy.defaultVersion, of: policy)
        else { return nil }
        return NamedPolicy(
            name: arn, document: try PolicyDocument.parse(version.text, as: .identity))
    }

    /// Whether a managed policy may be attached by an account.
    nonisolated(nonsending)
        func isAttachable(_ arn: String, by account: AccountID) async throws -> Bool
    {
        if AWSManagedPolicies.published(arn: arn) != nil { return true }
        return try await customerPolicy(arn)?.account == account
    }

    /// All that bears on a role or user.
    nonisolated(nonsending)
        func policies(of entity: EntityRecord) async throws -> EffectivePolicies
    {
        var policies = EffectivePolicies(tags: entity.accessTags)
        for pair in try await all(InlinePolicyRecord.range(of: entity)) {
            let inline = try InlinePolicyRecord(pair)
            policies.identity.append(
                NamedPolicy(
                    name: inline.name,
                    document: try PolicyDocument.parse(inline.text, as: .identity)))
        }
        for pair in try await all(AttachmentRecord.range(of: entity)) {
            let attachment = try AttachmentRecord(pair)
            if let policy = try await managedPolicy(attachment.policyARN) {
                policies.identity.append(policy)
            }
        }
        if let boundary = entity.boundary {
            // A boundary that cannot be found must not fall away: it then allows nothing.
            policies.boundary =
                try await managedPolicy(boundary)
                ?? NamedPolicy(name: boundary, document: .allowingNothing)
        }
        return policies
    }
}
