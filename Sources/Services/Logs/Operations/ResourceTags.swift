// SPDX-License-Identifier: Apache-2.0
// TagResource, UntagResource and ListTagsForResource (CloudWatch Logs API reference), for log
// groups: other resources that have tags are not built.

import LogsWire
import ServiceKit
import Storage
import WireModel

extension LogsService {
    var tagResource: Operation {
        Operation(
            CloudWatchLogs.TagResource.self, validation: Self.validation,
            authorize: { [self] in try tagAccess("TagResource", $0.resourceArn, $1) },
            handler: { [self] input, context in
                let name = try taggedGroup(input.resourceArn, context)
                let (_, version) = try await change(name) { [self] group in
                    group.tags = try checkedTags(input.tags, existing: group.tags)
                }
                return Reply(EmptyStructure(), at: version)
            })
    }

    var untagResource: Operation {
        Operation(
            CloudWatchLogs.UntagResource.self, validation: Self.validation,
            authorize: { [self] in try tagAccess("UntagResource", $0.resourceArn, $1) },
            handler: { [self] input, context in
                let name = try taggedGroup(input.resourceArn, context)
                let (_, version) = try await change(name) { group in
                    for key in input.tagKeys { group.tags[key] = nil }
                }
                return Reply(EmptyStructure(), at: version)
            })
    }

    var listTagsForResource: Operation {
        Operation(
            CloudWatchLogs.ListTagsForResource.self, validation: Self.validation,
            authorize: { [self] in try tagAccess("ListTagsForResource", $0.resourceArn, $1) },
            handler: { [self] input, context in
                let name = try taggedGroup(input.resourceArn, context)
                let snapshot = try await world.store.snapshot()
                let group = try await group(name, in: snapshot)
                return Reply(
                    CloudWatchLogs.ListTagsForResourceResponse(tags: group.tags),
                    at: snapshot.version)
            })
    }

    /// These three are judged by the group's plain ARN, unlike all others.
    private func tagAccess(_ action: String, _ arn: String, _ context: CallContext) throws
        -> [Access]
    {
        [Access("logs:\(action)", on: try taggedGroup(arn, context).arn)]
    }

    private func taggedGroup(_ arn: String, _ context: CallContext) throws -> LogGroupName {
        guard arn.hasPrefix("arn:") else {
            throw LogsFaults.invalidParameter("Invalid ARN: \(arn)")
        }
        return try groupName(identifier: arn, context)
    }

    /// Tags after adding `added`, within the limits every tagged resource has.
    func checkedTags(_ added: [String: String], existing: [String: String]) throws
        -> [String: String]
    {
        guard !added.keys.contains(where: { $0.hasPrefix("aws:") }) else {
            throw LogsFaults.invalidParameter(
                "Tag keys starting with aws: are reserved for system use.")
        }
        let tags = existing.merging(added) { $1 }
        guard tags.count <= limits.tagsMax else {
            throw CloudWatchLogs.Faults.tooManyTagsException(
                message: "The resource cannot have more than \(limits.tagsMax) tags.")
        }
        return tags
    }
}
