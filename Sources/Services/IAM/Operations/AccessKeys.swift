// SPDX-License-Identifier: Apache-2.0
// Long-term access keys of users and of the account's root.

import Basics
import Chronology
import IAMWire
import IdentityAccess
import ServiceKit
import Storage
import WireModel

extension IAMService {
    var accessKeyOperations: [Operation] {
        [
            operation(IAM.CreateAccessKey.self, on: optionalUserARN { $0.userName }) {
                input, context in
                try await self.createAccessKey(input, context)
            },
            operation(IAM.ListAccessKeys.self, on: optionalUserARN { $0.userName }) {
                input, context in
                try await self.listAccessKeys(input, context)
            },
            operation(IAM.UpdateAccessKey.self, on: optionalUserARN { $0.userName }) {
                input, context in
                let owner = try Self.owner(input.userName, context)
                return try await self.change { transaction in
                    var key = try await transaction.accessKey(
                        input.accessKeyId, of: owner, context.account)
                    guard input.status != IAM.StatusType(rawValue: "Expired") else {
                        throw IAMFault.validation("The status Expired cannot be set.")
                    }
                    key.isActive = input.status.rawValue == "Active"
                    transaction.put(key: key.key, value: key.record)
                    return EmptyStructure()
                }
            },
            operation(IAM.DeleteAccessKey.self, on: optionalUserARN { $0.userName }) {
                input, context in
                let owner = try Self.owner(input.userName, context)
                return try await self.change(adds: false) { transaction in
                    let key = try await transaction.accessKey(
                        input.accessKeyId, of: owner, context.account)
                    transaction.delete(key: key.key)
                    transaction.delete(key: key.indexKey)
                    transaction.delete(key: LastUseRecord.key(ofAccessKey: key.id))
                    return EmptyStructure()
                }
            },
            operation(IAM.GetAccessKeyLastUsed.self) { input, context in
                try await self.ownerARN(ofKey: input.accessKeyId, context)
            } _: { input, context in
                try await self.lastUsed(input.accessKeyId, context)
            },
        ]
    }

    /// The user a call is about: the one named, or the caller; `nil` is the root.
    private static func owner(
        _ name: String?, _ context: CallContext
    ) throws(ServiceFault) -> String? {
        if let name { return name }
        switch context.principal {
        case .user(let user): return user.name
        case .root: return nil
        case .role, .service, .anonymous:
            throw IAMFault.validation(
                "Must specify userName when calling with non-User credentials")
        }
    }

    nonisolated(nonsending)
        private func createAccessKey(
            _ input: IAM.CreateAccessKeyRequest, _ context: CallContext
        ) async throws -> (IAM.CreateAccessKeyResponse, StoreVersion)
    {
        let owner = try Self.owner(input.userName, context)
        let key = AccessKeyRecord(
            id: UniqueID.accessKey("AKIA", world.entropy), account: context.account,
            userName: owner, secret: UniqueID.secret(world.entropy),
            createdAt: world.clock.now())
        let limit = limits.accessKeysPerUser
        return try await change { transaction in
            if let owner { _ = try await transaction.entity(.user, context.account, owner) }
            let range = AccessKeyRecord.range(context.account, owner)
            guard try await transaction.count(range, upTo: limit) < limit else {
                throw IAMFault.quota("AccessKeysPerUser", limit)
            }
            transaction.put(key: key.key, value: key.record)
            transaction.put(key: key.indexKey, value: key.record)
            return IAM.CreateAccessKeyResponse(
                accessKey: IAM.AccessKey(
                    userName: owner ?? "root", accessKeyId: key.id,
                    status: IAM.StatusType(rawValue: "Active"), secretAccessKey: key.secret,
                    createDate: key.createdAt))
        }
    }

    nonisolated(nonsending)
        private func listAccessKeys(
            _ input: IAM.ListAccessKeysRequest, _ context: CallContext
        ) async throws -> (IAM.ListAccessKeysResponse, StoreVersion)
    {
        let owner = try Self.owner(input.userName, context)
        return try await read { transaction in
            if let owner { _ = try await transaction.entity(.user, context.account, owner) }
            let page: Page<IAM.AccessKeyMetadata> = try await transaction.page(
                AccessKeyRecord.range(context.account, owner), marker: input.marker,
                maxItems: input.maxItems
            ) { pair in
                let id = try AccessKeyRecord(pair).id
                let key = AccessKeyRecord.key(id)
                guard let value = try await transaction.get(key) else { return nil }
                let record = try AccessKeyRecord(KeyValue(key: key, value: value))
                return IAM.AccessKeyMetadata(
                    userName: owner ?? "root", accessKeyId: record.id,
                    status: IAM.StatusType(rawValue: record.isActive ? "Active" : "Inactive"),
                    createDate: record.createdAt)
            }
            return IAM.ListAccessKeysResponse(
                accessKeyMetadata: page.items, isTruncated: page.isTruncated, marker: page.marker)
        }
    }

    nonisolated(nonsending)
        private func lastUsed(
            _ id: String, _ context: CallContext
        ) async throws -> (IAM.GetAccessKeyLastUsedResponse, StoreVersion)
    {
        try await read { transaction in
            let key = AccessKeyRecord.key(id)
            guard let value = try await transaction.get(key) else {
                throw IAMFault.noAccessKey(id)
            }
            let record = try AccessKeyRecord(KeyValue(key: key, value: value))
            guard record.account == context.account else { throw IAMFault.noAccessKey(id) }
            let useKey = LastUseRecord.key(ofAccessKey: id)
            let use = try await transaction.get(useKey).map {
                try LastUseRecord(KeyValue(key: useKey, value: $0))
            }
            return IAM.GetAccessKeyLastUsedResponse(
                userName: record.userName ?? "root",
                accessKeyLastUsed: IAM.AccessKeyLastUsed(
                    serviceName: use?.service ?? "N/A", region: use?.region ?? "N/A",
                    lastUsedDate: use?.time))
        }
    }

    /// The ARN of whoever holds a key, for permission.
    nonisolated(nonsending)
        private func ownerARN(ofKey id: String, _ context: CallContext) async throws -> String
    {
        let key = AccessKeyRecord.key(id)
        guard let value = try await world.store.get(key),
            let name = try AccessKeyRecord(KeyValue(key: key, value: value)).userName,
            let user = try await world.store.entityIfAny(.user, context.account, name)
        else { return "*" }
        return user.arn
    }
}

extension Transaction {
    /// A key that must belong to `owner`.
    nonisolated(nonsending)
        fileprivate func accessKey(
            _ id: String, of owner: String?, _ account: AccountID
        ) async throws -> AccessKeyRecord
    {
        let key = AccessKeyRecord.key(id)
        guard let value = try await get(key) else { throw IAMFault.noAccessKey(id) }
        let record = try AccessKeyRecord(KeyValue(key: key, value: value))
        guard record.account == account, record.userName == owner else {
            throw IAMFault.noAccessKey(id)
        }
        return record
    }
}
