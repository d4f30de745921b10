// SPDX-License-Identifier: Apache-2.0
// What CloudWatch Logs' inputs say to policies: the tags they set and remove. And the tags that
// its resources have.

import Basics
package import IdentityAccess
package import LogsWire
import ServiceKit
import Storage

extension CloudWatchLogs.CreateLogGroupRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .requestTags(tags) }
}

extension CloudWatchLogs.TagResourceRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .requestTags(tags) }
}

extension CloudWatchLogs.UntagResourceRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .tagKeys(tagKeys) }
}

extension LogsService {
    /// The tags of the group that an ARN names, or that holds the stream it names.
    nonisolated(nonsending)
        func tags(of resource: String) async throws -> [AccessTag]
    {
        guard let arn = ARN(parsing: resource), let account = AccountID(arn.account),
            let region = Region(arn.region), arn.resource.hasPrefix("log-group:")
        else { return [] }
        let parts = arn.resource.split(separator: ":", omittingEmptySubsequences: false)
        let name = LogGroupName(account: account, region: region, name: String(parts[1]))
        let snapshot = try await world.store.snapshot()
        try await world.store.durable(snapshot.version)
        guard let value = try await snapshot.get(name.key) else { return [] }
        return .tags(try LogGroup(value, key: name.key).tags)
    }
}
