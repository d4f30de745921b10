// SPDX-License-Identifier: Apache-2.0
// TagResource, UntagResource and ListTags, for functions and event source mappings.

import Basics
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    /// What an ARN in a tagging request leads to.
    private enum Tagged: Sendable {
        case function(FunctionName)
        case mapping(String)
    }

    private func tagged(_ text: String, _ context: CallContext) throws(ServiceFault) -> Tagged {
        guard let arn = ARN(parsing: text), arn.service == "lambda",
            arn.region == context.region.description, let account = AccountID(arn.account)
        else { throw LambdaFaults.invalid("The ARN \(text.prefix(256)) is not a Lambda resource.") }
        let parts = arn.resource.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts.first, parts.count) {
        case ("function", 2):
            return .function(
                FunctionName(account: account, region: context.region, name: String(parts[1])))
        case ("function", 3):
            throw LambdaFaults.invalid("Tags on function aliases and versions are not supported.")
        case ("event-source-mapping", 2): return .mapping(String(parts[1]))
        default:
            throw NotBuilt.fault("Resource: only functions and event source mappings have tags.")
        }
    }

    /// Changes the tags of a resource, in one transaction.
    nonisolated(nonsending)
        private func changeTags(
            _ text: String, _ context: CallContext,
            _ change: @Sendable (inout [String: String]) throws -> Void
        ) async throws -> StoreVersion
    {
        switch try tagged(text, context) {
        case .function(let name):
            return try await directory.change(name) { function, _ in
                try change(&function.tags)
            }.1
        case .mapping(let uuid):
            try await world.store.admitted(bytes: 1024)
            return try await world.store.transact { transaction in
                var mapping = try await storedMapping(uuid, context, in: transaction)
                try change(&mapping.tags)
                try Self.put(mapping, into: transaction)
            }.1
        }
    }

    var tagResource: Operation {
        Operation(
            Lambda.TagResource.self, validation: LambdaFaults.validation,
            authorize: { input, _ in [Access("lambda:TagResource", on: input.resource)] },
            handler: { [self] input, context in
                let limits = limits
                let version = try await changeTags(input.resource, context) { tags in
                    for (key, value) in input.tags { tags[key] = value }
                    try FunctionRules.check(tags: tags, limits: limits)
                }
                return Reply(EmptyStructure(), at: version)
            })
    }

    var untagResource: Operation {
        Operation(
            Lambda.UntagResource.self, validation: LambdaFaults.validation,
            authorize: { input, _ in [Access("lambda:UntagResource", on: input.resource)] },
            handler: { [self] input, context in
                let version = try await changeTags(input.resource, context) { tags in
                    for key in input.tagKeys { tags[key] = nil }
                }
                return Reply(EmptyStructure(), at: version)
            })
    }

    var listTags: Operation {
        Operation(
            Lambda.ListTags.self, validation: LambdaFaults.validation,
            authorize: { input, _ in [Access("lambda:ListTags", on: input.resource)] },
            handler: { [self] input, context in
                switch try tagged(input.resource, context) {
                case .function(let name):
                    let function = try await directory.resolve(name, qualifier: nil).function
                    return Reply(
                        Lambda.ListTagsResponse(tags: function.tags), at: function.storedAt)
                case .mapping(let uuid):
                    let mapping = try await storedMapping(uuid, context, in: world.store)
                    return Reply(
                        Lambda.ListTagsResponse(tags: mapping.tags), at: mapping.storedAt)
                }
            })
    }
}
