// SPDX-License-Identifier: Apache-2.0
// Managed policies: the account's own and those AWS publishes.

import Basics
import Chronology
import IAMWire
import IdentityAccess
import ServiceKit
import Storage
import WireModel

extension IAMService {
    var policyOperations: [Operation] {
        [
            operation(IAM.CreatePolicy.self) { input, context in
                "arn:aws:iam::\(context.account):policy\(input.path ?? "/")\(input.policyName)"
            } _: { input, context in
                try await self.createPolicy(input, context)
            },
            operation(IAM.GetPolicy.self) { input, _ in
                input.policyArn
            } _: { input, context in
                try self.requirePolicyARN(input.policyArn)
                return try await self.read { transaction in
                    IAM.GetPolicyResponse(
                        policy: try await transaction.policy(input.policyArn, context.account))
                }
            },
            operation(IAM.ListPolicies.self, on: listARN("policy", { $0.pathPrefix })) {
                input, context in
                try await self.read { transaction in
                    let page = try await transaction.policies(input, context.account)
                    return IAM.ListPoliciesResponse(
                        policies: page.items, isTruncated: page.isTruncated, marker: page.marker)
                }
            },
            operation(IAM.DeletePolicy.self) { input, _ in
                input.policyArn
            } _: { input, context in
                try await self.deletePolicy(input.policyArn, context)
            },
        ]
    }

    nonisolated(nonsending)
        private func createPolicy(
            _ input: IAM.CreatePolicyRequest, _ context: CallContext
        ) async throws -> (IAM.CreatePolicyResponse, StoreVersion)
    {
        try checkManaged(input.policyDocument)
        var policy = PolicyRecord(
            account: context.account, path: input.path ?? "/", name: input.policyName,
            id: UniqueID.entity("ANPA", world.entropy), createdAt: world.clock.now())
        policy.summary = input.description
        policy.tags = try checkedTags((input.tags ?? []).map(\.stored), adding: [])
        let made = policy
        let limit = limits.policiesPerAccount
        return try await change { transaction in
            guard try await transaction.get(made.key) == nil else {
                throw IAMFault.policyExists(made.name)
            }
            let range = PolicyRecord.range(context.account)
            guard try await transaction.count(range, upTo: limit) < limit else {
                throw IAMFault.quota("PoliciesPerAccount", limit)
            }
            let version = PolicyVersionRecord(
                number: 1, text: input.policyDocument, createdAt: made.createdAt)
            transaction.put(key: made.key, value: made.record)
            transaction.put(
                key: PolicyVersionRecord.key(of: made, 1), value: version.record)
            return IAM.CreatePolicyResponse(policy: made.wire(attachments: 0, boundaries: 0))
        }
    }

    /// Checks a document of a managed policy.
    func checkManaged(_ text: String) throws(ServiceFault) {
        guard text.policyCharacters <= limits.managedPolicyCharacters else {
            throw IAMFault.quota("PolicySize", limits.managedPolicyCharacters)
        }
        _ = try PolicyDocument.checked(text, as: .managed)
    }

    nonisolated(nonsending)
        private func deletePolicy(
            _ arn: String, _ context: CallContext
        ) async throws -> (EmptyStructure, StoreVersion)
    {
        try requirePolicyARN(arn)
        return try await change(adds: false) { transaction in
            let policy = try await transaction.ownPolicy(arn, context.account)
            let uses = [
                AttachmentRecord.reverseRange(context.account, arn),
                BoundaryUse.range(context.account, arn),
            ]
            for range in uses where try await transaction.count(range, upTo: 1) > 0 {
                throw IAMFault.conflict("Cannot delete a policy attached to entities.")
            }
            let versions = PolicyVersionRecord.range(of: policy)
            if try await transaction.count(versions, upTo: 2) > 1 {
                throw IAMFault.conflict(
                    "This policy has more than one version. Before you delete a policy, you must "
                        + "delete the policy's versions. The default version is deleted with the "
                        + "policy.")
            }
            transaction.delete(key: policy.key)
            transaction.deleteRange(versions)
            return EmptyStructure()
        }
    }
}

extension PolicyRecord {
    /// The policy as IAM shows it.
    func wire(attachments: Int, boundaries: Int) -> IAM.Policy {
        IAM.Policy(
            policyName: name, policyId: id, arn: arn, path: path,
            defaultVersionId: "v\(defaultVersion)", attachmentCount: Int32(clamping: attachments),
            permissionsBoundaryUsageCount: Int32(clamping: boundaries), isAttachable: true,
            description: summary, createDate: createdAt, updateDate: updatedAt,
            tags: tags.isEmpty ? nil : tags.map(\.wire))
    }
}

extension AWSManagedPolicy {
    /// A published policy as IAM shows it; its unique id is derived from its name.
    func wire(attachments: Int, boundaries: Int) -> IAM.Policy {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var state = UInt64(CRC32C.checksum(Array(arn.utf8))) | 1 << 40
        let letters = (0..<17).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return alphabet[Int(state >> 59)]
        }
        return IAM.Policy(
            policyName: name, policyId: "ANPA" + String(decoding: letters, as: UTF8.self),
            arn: arn, path: path, defaultVersionId: defaultVersion,
            attachmentCount: Int32(clamping: attachments),
            permissionsBoundaryUsageCount: Int32(clamping: boundaries), isAttachable: true,
            createDate: createdAt, updateDate: updatedAt)
    }
}

extension Transaction {
    /// A customer-managed policy of the account.
    nonisolated(nonsending)
        func ownPolicy(_ arn: String, _ account: AccountID) async throws -> PolicyRecord
    {
        guard let policy = try await customerPolicy(arn), policy.account == account else {
            throw IAMFault.noPolicy(arn)
        }
        return policy
    }

    /// How often a policy is attached, and how often it is a boundary, within an account.
    nonisolated(nonsending)
        fileprivate func uses(
            of arn: String, _ account: AccountID
        ) async throws(StoreError) -> (attachments: Int, boundaries: Int)
    {
        (
            try await count(AttachmentRecord.reverseRange(account, arn), upTo: .max),
            try await count(BoundaryUse.range(account, arn), upTo: .max)
        )
    }

    nonisolated(nonsending)
        fileprivate func policy(_ arn: String, _ account: AccountID) async throws -> IAM.Policy
    {
        let uses = try await uses(of: arn, account)
        if let published = AWSManagedPolicies.published(arn: arn) {
            return published.wire(attachments: uses.attachments, boundaries: uses.boundaries)
        }
        return try await ownPolicy(arn, account)
            .wire(attachments: uses.attachments, boundaries: uses.boundaries)
    }

    /// AWS's policies first, then the account's own, both by name.
    ///
    /// A marker within the published ones is the name of the last one shown; one within the
    /// account's own is `Page`'s.
    nonisolated(nonsending)
        fileprivate func policies(
            _ input: IAM.ListPoliciesRequest, _ account: AccountID
        ) async throws -> Page<IAM.Policy>
    {
        let limit = Int(input.maxItems ?? 100)
        let scope = input.scope?.rawValue ?? "All"
        var page = Page<IAM.Policy>()
        let names = AWSManagedPolicies.all.map(\.name)
        let place = input.marker.flatMap { names.firstIndex(of: $0) }
        if scope != "Local", input.marker == nil || place != nil {
            let rest = AWSManagedPolicies.all.dropFirst(place.map { $0 + 1 } ?? 0)
            for policy in rest {
                let uses = try await uses(of: policy.arn, account)
                let wire = policy.wire(
                    attachments: uses.attachments, boundaries: uses.boundaries)
                guard Self.isWanted(wire, input) else { continue }
                if page.items.count == limit {
                    page.marker = page.items.last?.policyName
                    return page
                }
                page.items.append(wire)
            }
        }
        guard scope != "AWS" else { return page }
        let range = PolicyRecord.range(account)
        let room = limit - page.items.count
        guard room > 0 else {
            if try await count(range, upTo: 1) > 0 { page.marker = page.items.last?.policyName }
            return page
        }
        let own: Page<IAM.Policy> = try await self.page(
            range, marker: place == nil ? input.marker : nil, maxItems: Int32(clamping: room)
        ) { pair in
            let policy = try PolicyRecord(pair)
            let uses = try await self.uses(of: policy.arn, account)
            let wire = policy.wire(attachments: uses.attachments, boundaries: uses.boundaries)
            return Self.isWanted(wire, input) ? wire : nil
        }
        return Page(items: page.items + own.items, marker: own.marker)
    }

    private static func isWanted(
        _ policy: IAM.Policy, _ input: IAM.ListPoliciesRequest
    ) -> Bool {
        let attached = policy.attachmentCount ?? 0
        let bounding = policy.permissionsBoundaryUsageCount ?? 0
        if input.onlyAttached == true, attached + bounding == 0 { return false }
        guard policy.path?.hasPrefix(input.pathPrefix ?? "/") ?? false else { return false }
        switch input.policyUsageFilter?.rawValue {
        case "PermissionsPolicy": return attached > 0
        case "PermissionsBoundary": return bounding > 0
        default: return true
        }
    }
}
