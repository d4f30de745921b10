// SPDX-License-Identifier: Apache-2.0
// What Lambda's inputs say to policies: the tags they set and remove. And the tags that its
// resources have.

import Basics
package import IdentityAccess
package import LambdaWire
import ServiceKit
import Storage

extension Lambda.CreateFunctionRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .requestTags(tags) }
}

extension Lambda.CreateEventSourceMappingRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .requestTags(tags) }
}

extension Lambda.TagResourceRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .requestTags(tags) }
}

extension Lambda.UntagResourceRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .tagKeys(tagKeys) }
}

extension LambdaService {
    /// The tags of the function or event source mapping that an ARN names.
    nonisolated(nonsending)
        func tags(of resource: String) async throws -> [AccessTag]
    {
        guard let arn = ARN(parsing: resource), arn.service == "lambda",
            let account = AccountID(arn.account), let region = Region(arn.region)
        else { return [] }
        let parts = arn.resource.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 2 else { return [] }
        let snapshot = try await world.store.snapshot()
        try await world.store.durable(snapshot.version)
        switch parts[0] {
        case "function":
            let name = FunctionName(account: account, region: region, name: String(parts[1]))
            return .tags(try await directory.function(name, in: snapshot)?.tags)
        case "event-source-mapping":
            let key = MappingKeys.mapping(account, region, String(parts[1]))
            let value = try await snapshot.get(key)
            return .tags(try value.map { try EventSourceMapping($0, key: key) }?.tags)
        default: return []
        }
    }
}
