// SPDX-License-Identifier: Apache-2.0
// Versions of managed policies.

import Basics
import Chronology
import IAMWire
import IdentityAccess
import ServiceKit
import Storage
import WireModel

extension IAMService {
    var policyVersionOperations: [Operation] {
        [
            operation(IAM.CreatePolicyVersion.self) { input, _ in
                input.policyArn
            } _: { input, context in
                try await self.createVersion(input, context)
            },
            operation(IAM.GetPolicyVersion.self) { input, _ in
                input.policyArn
            } _: { input, context in
                try await self.getVersion(input, context)
            },
            operation(IAM.ListPolicyVersions.self) { input, _ in
                input.policyArn
            } _: { input, context in
                try await self.listVersions(input, context)
            },
            operation(IAM.SetDefaultPolicyVersion.self) { input, _ in
                input.policyArn
            } _: { input, context in
                try await self.setDefault(input, context)
            },
            operation(IAM.DeletePolicyVersion.self) { input, _ in
                input.policyArn
            } _: { input, context in
                try await self.deleteVersion(input, context)
            },
        ]
    }

    nonisolated(nonsending)
        private func createVersion(
            _ input: IAM.CreatePolicyVersionRequest, _ context: CallContext
        ) async throws -> (IAM.CreatePolicyVersionResponse, StoreVersion)
    {
        try requirePolicyARN(input.policyArn)
        try checkManaged(input.policyDocument)
        let now = world.clock.now()
        let limit = limits.versionsPerPolicy
        return try await change { transaction in
            var policy = try await transaction.ownPolicy(input.policyArn, context.account)
            let range = PolicyVersionRecord.range(of: policy)
            guard try await transaction.count(range, upTo: limit) < limit else {
                throw IAM.Faults.limitExceededException(
                    message: "A managed policy can have up to \(limit) versions. Before you "
                        + "create a new version, you must delete an existing version.")
            }
            let made = PolicyVersionRecord(
                number: policy.nextVersion, text: input.policyDocument, createdAt: now)
            policy.nextVersion += 1
            policy.updatedAt = now
            if input.setAsDefault == true { policy.defaultVersion = made.number }
            transaction.put(key: policy.key, value: policy.record)
            transaction.put(
                key: PolicyVersionRecord.key(of: policy, made.number), value: made.record)
            return IAM.CreatePolicyVersionResponse(
                policyVersion: made.wire(of: policy, withText: false))
        }
    }

    nonisolated(nonsending)
        private func getVersion(
            _ input: IAM.GetPolicyVersionRequest, _ context: CallContext
        ) async throws -> (IAM.GetPolicyVersionResponse, StoreVersion)
    {
        try requirePolicyARN(input.policyArn)
        if let published = AWSManagedPolicies.published(arn: input.policyArn) {
            // Of a published policy only the version in force is kept.
            guard input.versionId == published.defaultVersion else {
                throw IAMFault.noVersion(input.policyArn, input.versionId)
            }
            return (IAM.GetPolicyVersionResponse(policyVersion: published.version(true)), .zero)
        }
        return try await read { transaction in
            let policy = try await transaction.ownPolicy(input.policyArn, context.account)
            let version = try await transaction.version(input.versionId, of: policy)
            return IAM.GetPolicyVersionResponse(
                policyVersion: version.wire(of: policy, withText: true))
        }
    }

    nonisolated(nonsending)
        private func listVersions(
            _ input: IAM.ListPolicyVersionsRequest, _ context: CallContext
        ) async throws -> (IAM.ListPolicyVersionsResponse, StoreVersion)
    {
        try requirePolicyARN(input.policyArn)
        if let published = AWSManagedPolicies.published(arn: input.policyArn) {
            let output = IAM.ListPolicyVersionsResponse(
                versions: [published.version(false)], isTruncated: false)
            return (output, .zero)
        }
        return try await read { transaction in
            let policy = try await transaction.ownPolicy(input.policyArn, context.account)
            let page = try await transaction.page(
                PolicyVersionRecord.range(of: policy), marker: input.marker,
                maxItems: input.maxItems
            ) { try PolicyVersionRecord($0).wire(of: policy, withText: false) }
            return IAM.ListPolicyVersionsResponse(
                versions: page.items, isTruncated: page.isTruncated, marker: page.marker)
        }
    }

    nonisolated(nonsending)
        private func setDefault(
            _ input: IAM.SetDefaultPolicyVersionRequest, _ context: CallContext
        ) async throws -> (EmptyStructure, StoreVersion)
    {
        try requirePolicyARN(input.policyArn)
        let now = world.clock.now()
        return try await change { transaction in
            var policy = try await transaction.ownPolicy(input.policyArn, context.account)
            policy.defaultVersion = try await transaction.version(input.versionId, of: policy)
                .number
            policy.updatedAt = now
            transaction.put(key: policy.key, value: policy.record)
            return EmptyStructure()
        }
    }

    nonisolated(nonsending)
        private func deleteVersion(
            _ input: IAM.DeletePolicyVersionRequest, _ context: CallContext
        ) async throws -> (EmptyStructure, StoreVersion)
    {
        try requirePolicyARN(input.policyArn)
        return try await change(adds: false) { transaction in
            let policy = try await transaction.ownPolicy(input.policyArn, context.account)
            let version = try await transaction.version(input.versionId, of: policy)
            guard version.number != policy.defaultVersion else {
                throw IAMFault.conflict("Cannot delete the default version of a policy.")
            }
            transaction.delete(key: PolicyVersionRecord.key(of: policy, version.number))
            return EmptyStructure()
        }
    }
}

extension PolicyVersionRecord {
    func wire(of policy: PolicyRecord, withText: Bool) -> IAM.PolicyVersion {
        IAM.PolicyVersion(
            document: withText ? text.percentEncoded : nil, versionId: "v\(number)",
            isDefaultVersion: number == policy.defaultVersion, createDate: createdAt)
    }
}

extension AWSManagedPolicy {
    fileprivate func version(_ withText: Bool) -> IAM.PolicyVersion {
        IAM.PolicyVersion(
            document: withText ? text.percentEncoded : nil, versionId: defaultVersion,
            isDefaultVersion: true, createDate: updatedAt)
    }
}

extension Transaction {
    /// The version of a policy that `vN` names.
    nonisolated(nonsending)
        fileprivate func version(
            _ id: String, of policy: PolicyRecord
        ) async throws -> PolicyVersionRecord
    {
        guard id.hasPrefix("v"), let number = UInt64(id.dropFirst()),
            let version = try await version(number, of: policy)
        else { throw IAMFault.noVersion(policy.arn, id) }
        return version
    }
}
