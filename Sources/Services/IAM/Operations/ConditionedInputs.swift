// SPDX-License-Identifier: Apache-2.0
// What IAM's inputs say to policies: tags, the policy attached or detached, the boundary set. The
// boundary that a role or user has already is asked of the store, by `entityKeys`.

import Basics
package import IAMWire
package import IdentityAccess
import ServiceKit
import Storage

extension IAM.CreateRoleRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] {
        .requestTags(accessTags(tags)) + .boundary(permissionsBoundary)
    }
}

extension IAM.CreateUserRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] {
        .requestTags(accessTags(tags)) + .boundary(permissionsBoundary)
    }
}

extension IAM.CreatePolicyRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .requestTags(accessTags(tags)) }
}

extension IAM.TagRoleRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .requestTags(accessTags(tags)) }
}

extension IAM.TagUserRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .requestTags(accessTags(tags)) }
}

extension IAM.UntagRoleRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .tagKeys(tagKeys) }
}

extension IAM.UntagUserRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .tagKeys(tagKeys) }
}

extension IAM.AttachRolePolicyRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { [ContextKey("iam:PolicyARN", policyArn)] }
}

extension IAM.DetachRolePolicyRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { [ContextKey("iam:PolicyARN", policyArn)] }
}

extension IAM.AttachUserPolicyRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { [ContextKey("iam:PolicyARN", policyArn)] }
}

extension IAM.DetachUserPolicyRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { [ContextKey("iam:PolicyARN", policyArn)] }
}

private func accessTags(_ tags: [IAM.Tag]?) -> [AccessTag] {
    (tags ?? []).map { AccessTag($0.key, $0.value) }
}

extension [ContextKey] {
    fileprivate static func boundary(_ arn: String?) -> [ContextKey] {
        arn.map { [ContextKey("iam:PermissionsBoundary", $0)] } ?? []
    }
}

extension IAMService {
    /// Operations that AWS lets be limited to roles and users under a certain boundary (service
    /// authorization reference, `iam:PermissionsBoundary`), beside those that set one.
    private static let boundedOperations: Set<String> = [
        "AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy",
        "AttachUserPolicy", "DetachUserPolicy", "PutUserPolicy", "DeleteUserPolicy",
    ]

    /// What the role or user an operation changes says to policies.
    nonisolated(nonsending)
        func entityKeys(_ operation: String, on resource: String) async throws -> [ContextKey]
    {
        guard Self.boundedOperations.contains(operation) else { return [] }
        return .boundary(try await entity(at: resource)?.boundary)
    }

    /// The tags of the role, user or policy that an ARN names.
    nonisolated(nonsending)
        func tags(of resource: String) async throws -> [AccessTag]
    {
        if let entity = try await entity(at: resource) { return entity.accessTags }
        let (policy, version) = try await read { try await $0.customerPolicy(resource) }
        try await world.store.durable(version)
        return (policy?.tags ?? []).map { AccessTag($0.key, $0.value) }
    }

    /// The role or user with this exact ARN.
    nonisolated(nonsending)
        private func entity(at resource: String) async throws -> EntityRecord?
    {
        guard let arn = ARN(parsing: resource), let account = AccountID(arn.account),
            let name = arn.resource.split(separator: "/").last
        else { return nil }
        for kind in [EntityKind.role, .user] where arn.resource.hasPrefix("\(kind.noun)/") {
            let (entity, version) = try await read { transaction in
                try await transaction.entityIfAny(kind, account, String(name))
            }
            try await world.store.durable(version)
            return entity?.arn == resource ? entity : nil
        }
        return nil
    }
}
