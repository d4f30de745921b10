// SPDX-License-Identifier: Apache-2.0
// Tags of roles and users.

import Basics
import IAMWire
import ServiceKit
import Storage
import WireModel

extension IAMService {
    var tagOperations: [Operation] {
        [
            operation(IAM.TagRole.self, on: roleARN { $0.roleName }) { input, context in
                try await self.tag(.role, input.roleName, input.tags, context)
            },
            operation(IAM.UntagRole.self, on: roleARN { $0.roleName }) { input, context in
                try await self.untag(.role, input.roleName, input.tagKeys, context)
            },
            operation(IAM.ListRoleTags.self, on: roleARN { $0.roleName }) { input, context in
                let (page, version) = try await self.tags(
                    .role, input.roleName, input.marker, input.maxItems, context)
                let output = IAM.ListRoleTagsResponse(
                    tags: page.items, isTruncated: page.isTruncated, marker: page.marker)
                return (output, version)
            },
            operation(IAM.TagUser.self, on: userARN { $0.userName }) { input, context in
                try await self.tag(.user, input.userName, input.tags, context)
            },
            operation(IAM.UntagUser.self, on: userARN { $0.userName }) { input, context in
                try await self.untag(.user, input.userName, input.tagKeys, context)
            },
            operation(IAM.ListUserTags.self, on: userARN { $0.userName }) { input, context in
                let (page, version) = try await self.tags(
                    .user, input.userName, input.marker, input.maxItems, context)
                let output = IAM.ListUserTagsResponse(
                    tags: page.items, isTruncated: page.isTruncated, marker: page.marker)
                return (output, version)
            },
        ]
    }

    nonisolated(nonsending)
        private func tag(
            _ kind: EntityKind, _ name: String, _ tags: [IAM.Tag], _ context: CallContext
        ) async throws -> (EmptyStructure, StoreVersion)
    {
        try await change { transaction in
            var entity = try await transaction.entity(kind, context.account, name)
            entity.tags = try self.checkedTags(tags.map(\.stored), adding: entity.tags)
            transaction.put(key: entity.key, value: entity.record)
            return EmptyStructure()
        }
    }

    nonisolated(nonsending)
        private func untag(
            _ kind: EntityKind, _ name: String, _ keys: [String], _ context: CallContext
        ) async throws -> (EmptyStructure, StoreVersion)
    {
        try await change(adds: false) { transaction in
            var entity = try await transaction.entity(kind, context.account, name)
            let removed = Set(keys.map { $0.lowercased() })
            entity.tags.removeAll { removed.contains($0.key.lowercased()) }
            transaction.put(key: entity.key, value: entity.record)
            return EmptyStructure()
        }
    }

    nonisolated(nonsending)
        private func tags(
            _ kind: EntityKind, _ name: String, _ marker: String?, _ maxItems: Int32?,
            _ context: CallContext
        ) async throws -> (Page<IAM.Tag>, StoreVersion)
    {
        try await read { transaction in
            let entity = try await transaction.entity(kind, context.account, name)
            var start = 0
            if let marker {
                guard let position = Int(marker), (0...entity.tags.count).contains(position) else {
                    throw IAMFault.validation("Invalid Marker.")
                }
                start = position
            }
            let end = min(entity.tags.count, start + Int(maxItems ?? 100))
            return Page(
                items: entity.tags[start..<end].map(\.wire),
                marker: end < entity.tags.count ? String(end) : nil)
        }
    }

    /// Tags put over those there are; keys differ by more than case.
    func checkedTags(
        _ added: [StoredTag], adding present: [StoredTag]
    ) throws(ServiceFault) -> [StoredTag] {
        var tags = present
        var seen: Set<String> = []
        for tag in added {
            let folded = tag.key.lowercased()
            guard seen.insert(folded).inserted else {
                throw IAMFault.invalidInput(
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
            }
            guard !folded.hasPrefix("aws:") else {
                throw IAMFault.invalidInput(
                    "Tag keys cannot begin with the reserved prefix aws:.")
            }
            if let position = tags.firstIndex(where: { $0.key.lowercased() == folded }) {
                tags[position] = tag
            } else {
                tags.append(tag)
            }
        }
        guard tags.count <= limits.tagsPerEntity else {
            throw IAMFault.quota("TagsPerResource", limits.tagsPerEntity)
        }
        return tags
    }
}

extension IAM.Tag {
    var stored: StoredTag { StoredTag(key: key, value: value) }
}

extension StoredTag {
    var wire: IAM.Tag { IAM.Tag(key: key, value: value) }
}
