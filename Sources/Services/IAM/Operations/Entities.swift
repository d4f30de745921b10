// SPDX-License-Identifier: Apache-2.0
// What roles and users have in common: their ARNs for permission, insertion, removal, listing.

import Basics
import IAMWire
import IdentityAccess
import ServiceKit
import Storage
import WireModel

extension IAMService {
    /// The ARN of a role named in an input, its path included where the role exists.
    func roleARN<Input>(
        _ name: @escaping @Sendable (Input) -> String
    ) -> nonisolated(nonsending) @Sendable (Input, CallContext) async throws -> String {
        { input, context in
            try await self.entityARN(.role, context.account, name(input))
        }
    }

    /// The same for a user.
    func userARN<Input>(
        _ name: @escaping @Sendable (Input) -> String
    ) -> nonisolated(nonsending) @Sendable (Input, CallContext) async throws -> String {
        { input, context in
            try await self.entityARN(.user, context.account, name(input))
        }
    }

    /// The same for a user whose name may be left out by the user itself.
    func optionalUserARN<Input>(
        _ name: @escaping @Sendable (Input) -> String?
    ) -> nonisolated(nonsending) @Sendable (Input, CallContext) async throws -> String {
        { input, context in
            guard let userName = name(input) else {
                if case .user(let user) = context.principal { return user.arn }
                return "arn:aws:iam::\(context.account):root"
            }
            return try await self.entityARN(.user, context.account, userName)
        }
    }

    /// The ARN that listing below a path asks permission for.
    func listARN<Input>(
        _ noun: String, _ prefix: @escaping @Sendable (Input) -> String?
    ) -> nonisolated(nonsending) @Sendable (Input, CallContext) async throws -> String {
        { input, context in
            "arn:aws:iam::\(context.account):\(noun)\(prefix(input) ?? "/")"
        }
    }

    nonisolated(nonsending)
        private func entityARN(
            _ kind: EntityKind, _ account: AccountID, _ name: String
        ) async throws -> String
    {
        try await world.store.entityIfAny(kind, account, name)?.arn
            ?? "arn:aws:iam::\(account):\(kind.noun)/\(name)"
    }
}

extension Transaction {
    /// Adds a role or user whose name must be new.
    nonisolated(nonsending)
        func insert(_ entity: EntityRecord, quota: Int) async throws
    {
        guard try await get(entity.key) == nil else {
            throw IAMFault.exists(entity.kind, entity.name)
        }
        let range = EntityRecord.range(entity.kind, entity.account)
        guard try await count(range, upTo: quota) < quota else {
            throw IAMFault.quota("\(entity.kind.title)sPerAccount", quota)
        }
        if let boundary = entity.boundary {
            guard try await isAttachable(boundary, by: entity.account) else {
                throw IAM.Faults.noSuchEntityException(
                    message: "Scope ARN: \(boundary) does not exist or is not attachable.")
            }
            put(
                key: BoundaryUse.key(of: entity, boundary),
                value: AttachmentRecord(policyARN: boundary).record)
        }
        put(key: entity.key, value: entity.record)
    }

    /// Throws unless no policy is left on a role or user.
    nonisolated(nonsending)
        func requireBare(_ entity: EntityRecord) async throws
    {
        if try await count(AttachmentRecord.range(of: entity), upTo: 1) > 0 {
            throw IAMFault.conflict("Cannot delete entity, must detach all policies first.")
        }
        if try await count(InlinePolicyRecord.range(of: entity), upTo: 1) > 0 {
            throw IAMFault.conflict("Cannot delete entity, must delete policies first.")
        }
    }

    func remove(_ entity: EntityRecord) {
        delete(key: entity.key)
        if entity.kind == .role { delete(key: LastUseRecord.key(ofRole: entity.id)) }
        if let boundary = entity.boundary { delete(key: BoundaryUse.key(of: entity, boundary)) }
    }

    /// A page of roles or users below a path.
    nonisolated(nonsending)
        func entities(
            _ kind: EntityKind, _ account: AccountID, pathPrefix: String?, marker: String?,
            maxItems: Int32?
        ) async throws -> Page<EntityRecord>
    {
        try await page(
            EntityRecord.range(kind, account), marker: marker, maxItems: maxItems
        ) { pair in
            let entity = try EntityRecord(pair.value, key: pair.key, kind: kind)
            return entity.path.hasPrefix(pathPrefix ?? "/") ? entity : nil
        }
    }
}

/// The index of permissions boundaries by policy, so that a policy knows its uses.
enum BoundaryUse {
    static func key(of owner: EntityRecord, _ policyARN: String) -> StoreKey {
        prefix(owner.account, policyARN).byte(owner.kind.rawValue).string(owner.name.lowercased())
            .key
    }

    static func range(_ account: AccountID, _ policyARN: String) -> KeyRange {
        prefix(account, policyARN).prefix
    }

    private static func prefix(_ account: AccountID, _ policyARN: String) -> KeyEncoder {
        KeyEncoder(.iamAttachment).byte(2).string(account.description).string(policyARN)
    }
}
