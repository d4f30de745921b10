// SPDX-License-Identifier: Apache-2.0
// Inline policies of roles and users.

import Basics
import IAMWire
import IdentityAccess
import ServiceKit
import Storage
import WireModel

extension IAMService {
    var inlinePolicyOperations: [Operation] {
        [
            operation(IAM.PutRolePolicy.self, on: roleARN { $0.roleName }) { input, context in
                try await self.putInline(
                    .role, input.roleName,
                    InlinePolicyRecord(
                        name: input.policyName, text: input.policyDocument), context)
            },
            operation(IAM.GetRolePolicy.self, on: roleARN { $0.roleName }) { input, context in
                let (policy, version) = try await self.inline(
                    .role, input.roleName, input.policyName, context)
                let output = IAM.GetRolePolicyResponse(
                    roleName: input.roleName, policyName: policy.name,
                    policyDocument: policy.text.percentEncoded)
                return (output, version)
            },
            operation(IAM.ListRolePolicies.self, on: roleARN { $0.roleName }) { input, context in
                let (page, version) = try await self.inlineNames(
                    .role, input.roleName, input.marker, input.maxItems, context)
                let output = IAM.ListRolePoliciesResponse(
                    policyNames: page.items, isTruncated: page.isTruncated, marker: page.marker)
                return (output, version)
            },
            operation(IAM.DeleteRolePolicy.self, on: roleARN { $0.roleName }) { input, context in
                try await self.deleteInline(.role, input.roleName, input.policyName, context)
            },
            operation(IAM.PutUserPolicy.self, on: userARN { $0.userName }) { input, context in
                try await self.putInline(
                    .user, input.userName,
                    InlinePolicyRecord(
                        name: input.policyName, text: input.policyDocument), context)
            },
            operation(IAM.GetUserPolicy.self, on: userARN { $0.userName }) { input, context in
                let (policy, version) = try await self.inline(
                    .user, input.userName, input.policyName, context)
                let output = IAM.GetUserPolicyResponse(
                    userName: input.userName, policyName: policy.name,
                    policyDocument: policy.text.percentEncoded)
                return (output, version)
            },
            operation(IAM.ListUserPolicies.self, on: userARN { $0.userName }) { input, context in
                let (page, version) = try await self.inlineNames(
                    .user, input.userName, input.marker, input.maxItems, context)
                let output = IAM.ListUserPoliciesResponse(
                    policyNames: page.items, isTruncated: page.isTruncated, marker: page.marker)
                return (output, version)
            },
            operation(IAM.DeleteUserPolicy.self, on: userARN { $0.userName }) { input, context in
                try await self.deleteInline(.user, input.userName, input.policyName, context)
            },
        ]
    }

    nonisolated(nonsending)
        private func putInline(
            _ kind: EntityKind, _ owner: String, _ policy: InlinePolicyRecord,
            _ context: CallContext
        ) async throws -> (EmptyStructure, StoreVersion)
    {
        _ = try PolicyDocument.checked(policy.text, as: .identity)
        let limit = kind == .role ? limits.rolePolicyCharacters : limits.userPolicyCharacters
        return try await change { transaction in
            let entity = try await transaction.entity(kind, context.account, owner)
            var characters = policy.text.policyCharacters
            for pair in try await transaction.all(InlinePolicyRecord.range(of: entity)) {
                let other = try InlinePolicyRecord(pair)
                if other.name != policy.name { characters += other.text.policyCharacters }
            }
            guard characters <= limit else {
                throw IAM.Faults.limitExceededException(
                    message: "Maximum policy size of \(limit) bytes exceeded for "
                        + "\(kind.noun) \(owner)")
            }
            transaction.put(
                key: InlinePolicyRecord.key(of: entity, policy.name), value: policy.record)
            return EmptyStructure()
        }
    }

    nonisolated(nonsending)
        private func inline(
            _ kind: EntityKind, _ owner: String, _ name: String, _ context: CallContext
        ) async throws -> (InlinePolicyRecord, StoreVersion)
    {
        try await read { transaction in
            let entity = try await transaction.entity(kind, context.account, owner)
            let key = InlinePolicyRecord.key(of: entity, name)
            guard let value = try await transaction.get(key) else {
                throw IAMFault.noInlinePolicy(kind, name)
            }
            return try InlinePolicyRecord(KeyValue(key: key, value: value))
        }
    }

    nonisolated(nonsending)
        private func inlineNames(
            _ kind: EntityKind, _ owner: String, _ marker: String?, _ maxItems: Int32?,
            _ context: CallContext
        ) async throws -> (Page<String>, StoreVersion)
    {
        try await read { transaction in
            let entity = try await transaction.entity(kind, context.account, owner)
            return try await transaction.page(
                InlinePolicyRecord.range(of: entity), marker: marker, maxItems: maxItems
            ) { try InlinePolicyRecord($0).name }
        }
    }

    nonisolated(nonsending)
        private func deleteInline(
            _ kind: EntityKind, _ owner: String, _ name: String, _ context: CallContext
        ) async throws -> (EmptyStructure, StoreVersion)
    {
        try await change(adds: false) { transaction in
            let entity = try await transaction.entity(kind, context.account, owner)
            let key = InlinePolicyRecord.key(of: entity, name)
            guard try await transaction.get(key) != nil else {
                throw IAMFault.noInlinePolicy(kind, name)
            }
            transaction.delete(key: key)
            return EmptyStructure()
        }
    }
}
