// SPDX-License-Identifier: Apache-2.0
// Managed policies attached to roles and users.

import Basics
import IAMWire
import IdentityAccess
import ServiceKit
import Storage
import WireModel

extension IAMService {
    var attachmentOperations: [Operation] {
        [
            operation(IAM.AttachRolePolicy.self, on: roleARN { $0.roleName }) { input, context in
                try await self.attach(.role, input.roleName, input.policyArn, context)
            },
            operation(IAM.DetachRolePolicy.self, on: roleARN { $0.roleName }) { input, context in
                try await self.detach(.role, input.roleName, input.policyArn, context)
            },
            operation(IAM.ListAttachedRolePolicies.self, on: roleARN { $0.roleName }) {
                input, context in
                let (page, version) = try await self.attached(
                    .role, input.roleName, input.pathPrefix, input.marker, input.maxItems, context)
                let output = IAM.ListAttachedRolePoliciesResponse(
                    attachedPolicies: page.items, isTruncated: page.isTruncated,
                    marker: page.marker)
                return (output, version)
            },
            operation(IAM.AttachUserPolicy.self, on: userARN { $0.userName }) { input, context in
                try await self.attach(.user, input.userName, input.policyArn, context)
            },
            operation(IAM.DetachUserPolicy.self, on: userARN { $0.userName }) { input, context in
                try await self.detach(.user, input.userName, input.policyArn, context)
            },
            operation(IAM.ListAttachedUserPolicies.self, on: userARN { $0.userName }) {
                input, context in
                let (page, version) = try await self.attached(
                    .user, input.userName, input.pathPrefix, input.marker, input.maxItems, context)
                let output = IAM.ListAttachedUserPoliciesResponse(
                    attachedPolicies: page.items, isTruncated: page.isTruncated,
                    marker: page.marker)
                return (output, version)
            },
        ]
    }

    nonisolated(nonsending)
        private func attach(
            _ kind: EntityKind, _ owner: String, _ arn: String, _ context: CallContext
        ) async throws -> (EmptyStructure, StoreVersion)
    {
        let limit = limits.attachedPoliciesPerEntity
        try requirePolicyARN(arn)
        return try await change { transaction in
            let entity = try await transaction.entity(kind, context.account, owner)
            guard try await transaction.isAttachable(arn, by: context.account) else {
                throw IAMFault.notAttachable(arn)
            }
            let key = AttachmentRecord.key(of: entity, arn)
            // Attaching what is attached already changes nothing and succeeds.
            if try await transaction.get(key) != nil { return EmptyStructure() }
            let range = AttachmentRecord.range(of: entity)
            guard try await transaction.count(range, upTo: limit) < limit else {
                throw IAMFault.quota("PoliciesPer\(kind.title)", limit)
            }
            let record = AttachmentRecord(policyARN: arn).record
            transaction.put(key: key, value: record)
            transaction.put(key: AttachmentRecord.reverseKey(of: entity, arn), value: record)
            return EmptyStructure()
        }
    }

    nonisolated(nonsending)
        private func detach(
            _ kind: EntityKind, _ owner: String, _ arn: String, _ context: CallContext
        ) async throws -> (EmptyStructure, StoreVersion)
    {
        try requirePolicyARN(arn)
        return try await change(adds: false) { transaction in
            let entity = try await transaction.entity(kind, context.account, owner)
            let key = AttachmentRecord.key(of: entity, arn)
            guard try await transaction.get(key) != nil else { throw IAMFault.noPolicy(arn) }
            transaction.delete(key: key)
            transaction.delete(key: AttachmentRecord.reverseKey(of: entity, arn))
            return EmptyStructure()
        }
    }

    nonisolated(nonsending)
        private func attached(
            _ kind: EntityKind, _ owner: String, _ pathPrefix: String?, _ marker: String?,
            _ maxItems: Int32?, _ context: CallContext
        ) async throws -> (Page<IAM.AttachedPolicy>, StoreVersion)
    {
        try await read { transaction in
            let entity = try await transaction.entity(kind, context.account, owner)
            return try await transaction.page(
                AttachmentRecord.range(of: entity), marker: marker, maxItems: maxItems
            ) { pair in
                let arn = try AttachmentRecord(pair).policyARN
                guard let (path, name) = Self.pathAndName(ofPolicy: arn),
                    path.hasPrefix(pathPrefix ?? "/")
                else { return nil }
                return IAM.AttachedPolicy(policyName: name, policyArn: arn)
            }
        }
    }

    /// Refuses what cannot be a policy's ARN, in AWS's words.
    func requirePolicyARN(_ arn: String) throws(ServiceFault) {
        guard Self.pathAndName(ofPolicy: arn) != nil else {
            throw IAMFault.invalidInput("ARN \(arn) is not valid.")
        }
    }

    /// The path and name in a policy's ARN.
    static func pathAndName(ofPolicy arn: String) -> (path: String, name: String)? {
        guard let parsed = ARN(parsing: arn), parsed.service == "iam",
            parsed.resource.hasPrefix("policy/"),
            let slash = parsed.resource.lastIndex(of: "/")
        else { return nil }
        let name = parsed.resource[parsed.resource.index(after: slash)...]
        let path = parsed.resource[...slash].dropFirst("policy".count)
        return name.isEmpty ? nil : (String(path), String(name))
    }
}
