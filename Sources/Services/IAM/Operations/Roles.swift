// SPDX-License-Identifier: Apache-2.0
// Roles: create, read, list, change, delete.

import Basics
import Chronology
import IAMWire
import IdentityAccess
import ServiceKit
import Storage
import WireModel

extension IAMService {
    var roleOperations: [Operation] {
        [
            operation(IAM.CreateRole.self) { input, context in
                "arn:aws:iam::\(context.account):role\(input.path ?? "/")\(input.roleName)"
            } _: { input, context in
                try await self.createRole(input, context)
            },
            operation(IAM.GetRole.self, on: roleARN { $0.roleName }) { input, context in
                try await self.read { transaction in
                    let role = try await transaction.entity(.role, context.account, input.roleName)
                    return IAM.GetRoleResponse(
                        role: try await transaction.detailed(role))
                }
            },
            operation(IAM.ListRoles.self, on: listARN("role", { $0.pathPrefix })) {
                input, context in
                try await self.read { transaction in
                    let page = try await transaction.entities(
                        .role, context.account, pathPrefix: input.pathPrefix, marker: input.marker,
                        maxItems: input.maxItems)
                    return IAM.ListRolesResponse(
                        roles: page.items.map(\.role), isTruncated: page.isTruncated,
                        marker: page.marker)
                }
            },
            operation(IAM.DeleteRole.self, on: roleARN { $0.roleName }) { input, context in
                try await self.change(adds: false) { transaction in
                    let role = try await transaction.entity(.role, context.account, input.roleName)
                    try await transaction.requireBare(role)
                    transaction.remove(role)
                    return EmptyStructure()
                }
            },
            operation(IAM.UpdateRole.self, on: roleARN { $0.roleName }) { input, context in
                try await self.updateRole(input, context)
            },
            operation(IAM.UpdateAssumeRolePolicy.self, on: roleARN { $0.roleName }) {
                input, context in
                try await self.updateTrustPolicy(input, context)
            },
            operation(IAM.ListInstanceProfilesForRole.self, on: roleARN { $0.roleName }) {
                input, context in
                guard input.marker == nil else { throw IAMFault.validation("Invalid Marker.") }
                return try await self.read { transaction in
                    // Instance profiles belong to EC2's instances, so that no role has one.
                    _ = try await transaction.entity(.role, context.account, input.roleName)
                    return IAM.ListInstanceProfilesForRoleResponse(
                        instanceProfiles: [], isTruncated: false)
                }
            },
        ]
    }

    nonisolated(nonsending)
        private func createRole(
            _ input: IAM.CreateRoleRequest, _ context: CallContext
        ) async throws -> (IAM.CreateRoleResponse, StoreVersion)
    {
        try checkTrustPolicy(input.assumeRolePolicyDocument)
        var role = EntityRecord(
            kind: .role, account: context.account, path: input.path ?? "/", name: input.roleName,
            id: UniqueID.entity("AROA", world.entropy), createdAt: world.clock.now())
        role.boundary = input.permissionsBoundary
        role.tags = try checkedTags((input.tags ?? []).map(\.stored), adding: [])
        role.trustPolicy = input.assumeRolePolicyDocument
        role.summary = input.description
        role.maxSessionSeconds = Int(input.maxSessionDuration ?? 3600)
        let made = role
        let limit = limits.rolesPerAccount
        return try await change { transaction in
            try await transaction.insert(made, quota: limit)
            return IAM.CreateRoleResponse(role: made.role)
        }
    }

    nonisolated(nonsending)
        private func updateRole(
            _ input: IAM.UpdateRoleRequest, _ context: CallContext
        ) async throws -> (IAM.UpdateRoleResponse, StoreVersion)
    {
        try await change { transaction in
            var role = try await transaction.entity(.role, context.account, input.roleName)
            // As on AWS, what is left out goes back to its default.
            role.summary = input.description ?? ""
            role.maxSessionSeconds = Int(input.maxSessionDuration ?? 3600)
            transaction.put(key: role.key, value: role.record)
            return IAM.UpdateRoleResponse()
        }
    }

    nonisolated(nonsending)
        private func updateTrustPolicy(
            _ input: IAM.UpdateAssumeRolePolicyRequest, _ context: CallContext
        ) async throws -> (EmptyStructure, StoreVersion)
    {
        try checkTrustPolicy(input.policyDocument)
        return try await change { transaction in
            var role = try await transaction.entity(.role, context.account, input.roleName)
            role.trustPolicy = input.policyDocument
            transaction.put(key: role.key, value: role.record)
            return EmptyStructure()
        }
    }

    private func checkTrustPolicy(_ text: String) throws(ServiceFault) {
        guard text.policyCharacters <= limits.trustPolicyCharacters else {
            throw IAMFault.quota("ACLSizePerRole", limits.trustPolicyCharacters)
        }
        _ = try PolicyDocument.checked(text, as: .trust)
    }
}

extension EntityRecord {
    /// A role as listings show it.
    var role: IAM.Role {
        IAM.Role(
            path: path, roleName: name, roleId: id, arn: arn, createDate: createdAt,
            assumeRolePolicyDocument: trustPolicy.percentEncoded, description: summary,
            maxSessionDuration: Int32(clamping: maxSessionSeconds),
            permissionsBoundary: boundary.map(IAM.AttachedPermissionsBoundary.init(arn:)),
            tags: tags.isEmpty ? nil : tags.map(\.wire))
    }
}

extension IAM.AttachedPermissionsBoundary {
    /// AWS answers the type `Policy`, whatever its model lists.
    init(arn: String) {
        self.init(
            permissionsBoundaryType: IAM.PermissionsBoundaryAttachmentType(rawValue: "Policy"),
            permissionsBoundaryArn: arn)
    }
}

extension StoreReader {
    /// A role as `GetRole` shows it, with its last use.
    nonisolated(nonsending)
        fileprivate func detailed(_ role: EntityRecord) async throws -> IAM.Role
    {
        var wire = role.role
        let key = LastUseRecord.key(ofRole: role.id)
        let use = try await get(key).map { try LastUseRecord(KeyValue(key: key, value: $0)) }
        wire.roleLastUsed = IAM.RoleLastUsed(lastUsedDate: use?.time, region: use?.region)
        return wire
    }
}
