// SPDX-License-Identifier: Apache-2.0
// Users: create, read, list, delete.

import Basics
import Chronology
import IAMWire
import IdentityAccess
import ServiceKit
import Storage
import WireModel

extension IAMService {
    var userOperations: [Operation] {
        [
            operation(IAM.CreateUser.self) { input, context in
                "arn:aws:iam::\(context.account):user\(input.path ?? "/")\(input.userName)"
            } _: { input, context in
                try await self.createUser(input, context)
            },
            operation(IAM.GetUser.self, on: optionalUserARN { $0.userName }) { input, context in
                try await self.getUser(input, context)
            },
            operation(IAM.ListUsers.self, on: listARN("user", { $0.pathPrefix })) {
                input, context in
                try await self.read { transaction in
                    let page = try await transaction.entities(
                        .user, context.account, pathPrefix: input.pathPrefix, marker: input.marker,
                        maxItems: input.maxItems)
                    return IAM.ListUsersResponse(
                        users: page.items.map(\.user), isTruncated: page.isTruncated,
                        marker: page.marker)
                }
            },
            operation(IAM.DeleteUser.self, on: userARN { $0.userName }) { input, context in
                try await self.change(adds: false) { transaction in
                    let user = try await transaction.entity(.user, context.account, input.userName)
                    let keys = AccessKeyRecord.range(context.account, user.name)
                    if try await transaction.count(keys, upTo: 1) > 0 {
                        throw IAMFault.conflict(
                            "Cannot delete entity, must delete access keys first.")
                    }
                    try await transaction.requireBare(user)
                    transaction.remove(user)
                    return EmptyStructure()
                }
            },
        ]
    }

    nonisolated(nonsending)
        private func createUser(
            _ input: IAM.CreateUserRequest, _ context: CallContext
        ) async throws -> (IAM.CreateUserResponse, StoreVersion)
    {
        var user = EntityRecord(
            kind: .user, account: context.account, path: input.path ?? "/", name: input.userName,
            id: UniqueID.entity("AIDA", world.entropy), createdAt: world.clock.now())
        user.boundary = input.permissionsBoundary
        user.tags = try checkedTags((input.tags ?? []).map(\.stored), adding: [])
        let made = user
        let limit = limits.usersPerAccount
        return try await change { transaction in
            try await transaction.insert(made, quota: limit)
            return IAM.CreateUserResponse(user: made.user)
        }
    }

    /// A user by name, or the caller itself.
    nonisolated(nonsending)
        private func getUser(
            _ input: IAM.GetUserRequest, _ context: CallContext
        ) async throws -> (IAM.GetUserResponse, StoreVersion)
    {
        var name = input.userName
        if name == nil, case .user(let user) = context.principal { name = user.name }
        guard let name else {
            guard case .root(let account) = context.principal else {
                throw IAMFault.validation(
                    "Must specify userName when calling with non-User credentials")
            }
            let root = IAM.User(
                path: "/", userName: "root", userId: account.description,
                arn: context.principal.arn, createDate: Timestamp(seconds: 0))
            return (IAM.GetUserResponse(user: root), .zero)
        }
        return try await read { transaction in
            let user = try await transaction.entity(.user, context.account, name)
            return IAM.GetUserResponse(user: user.user)
        }
    }
}

extension EntityRecord {
    /// A user as IAM shows it.
    var user: IAM.User {
        IAM.User(
            path: path, userName: name, userId: id, arn: arn, createDate: createdAt,
            permissionsBoundary: boundary.map(IAM.AttachedPermissionsBoundary.init(arn:)),
            tags: tags.isEmpty ? nil : tags.map(\.wire))
    }
}
