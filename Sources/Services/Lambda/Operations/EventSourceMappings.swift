// SPDX-License-Identifier: Apache-2.0
// Getting, listing, updating and deleting event source mappings.

import Basics
import Chronology
import IdentityAccess
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    /// Permission on a mapping, with its function as AWS lets policies ask for it.
    nonisolated(nonsending)
        private func mappingAccess(
            _ action: String, _ uuid: String, _ context: CallContext
        ) async throws -> [Access]
    {
        let arn = ARN(
            service: "lambda", region: context.region, account: context.account,
            resource: "event-source-mapping:\(uuid)")
        let key = MappingKeys.mapping(context.account, context.region, uuid)
        let mapping = try await world.store.get(key).map { try EventSourceMapping($0, key: key) }
        let keys = mapping.map {
            [ContextKey("lambda:FunctionArn", $0.function.arn(qualifier: $0.qualifier))]
        }
        return [Access("lambda:\(action)", on: arn.description, keys: keys ?? [])]
    }

    nonisolated(nonsending)
        func storedMapping(_ uuid: String, _ context: CallContext, in reader: any StoreReader)
        async throws -> EventSourceMapping
    {
        let key = MappingKeys.mapping(context.account, context.region, uuid)
        guard let value = try await reader.get(key) else { throw LambdaFaults.mappingNotFound() }
        return try EventSourceMapping(value, key: key)
    }

    var getEventSourceMapping: Operation {
        Operation(
            Lambda.GetEventSourceMapping.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try await mappingAccess("GetEventSourceMapping", input.uuid, context)
            },
            handler: { [self] input, context in
                let mapping = try await storedMapping(input.uuid, context, in: world.store)
                return Reply(wire(mapping), at: mapping.storedAt)
            })
    }

    var listEventSourceMappings: Operation {
        Operation(
            Lambda.ListEventSourceMappings.self, validation: LambdaFaults.validation,
            authorize: { _, _ in Self.access("ListEventSourceMappings") },
            handler: { [self] input, context in
                let limit = min(Int(input.maxItems ?? 100), limits.mappingsPageMax)
                let wanted = try input.functionName.map { try directory.name($0, context) }
                var range = MappingKeys.all(context.account, context.region).prefix
                if let last = try Self.item(in: input.marker) {
                    range = range.after(
                        MappingKeys.mapping(context.account, context.region, last))
                }
                var found: [EventSourceMapping] = []
                var pages = world.store.pages(range)
                while found.count <= limit, let page = try await pages.next() {
                    for pair in page {
                        let mapping = try EventSourceMapping(pair.value, key: pair.key)
                        if let wanted, wanted.name != mapping.function { continue }
                        if let qualifier = wanted?.qualifier, qualifier != mapping.qualifier {
                            continue
                        }
                        if let source = input.eventSourceArn,
                            source != mapping.queue.description
                        {
                            continue
                        }
                        found.append(mapping)
                    }
                }
                let shown = found.prefix(limit)
                let marker = found.count > limit ? shown.last?.uuid : nil
                return Reply(
                    Lambda.ListEventSourceMappingsResponse(
                        nextMarker: marker.map(Self.marker),
                        eventSourceMappings: shown.map { wire($0) }),
                    at: world.store.latestVersion)
            })
    }

    var updateEventSourceMapping: Operation {
        Operation(
            Lambda.UpdateEventSourceMapping.self,
            rules: MappingMembers.rules(of: Lambda.UpdateEventSourceMapping.self),
            validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try await mappingAccess("UpdateEventSourceMapping", input.uuid, context)
            },
            handler: { [self] input, context in try await updateMapping(input, context) })
    }

    nonisolated(nonsending)
        private func updateMapping(
            _ input: Lambda.UpdateEventSourceMappingRequest, _ context: CallContext
        ) async throws -> Reply<Lambda.EventSourceMappingConfiguration>
    {
        let target = try input.functionName.map { try directory.name($0, context) }
        @Sendable func apply(to mapping: inout EventSourceMapping) throws(ServiceFault) {
            if let target {
                mapping.function = target.name
                mapping.qualifier = target.qualifier
            }
            if let size = input.batchSize { mapping.batchSize = Int(size) }
            if let window = input.maximumBatchingWindowInSeconds {
                mapping.windowSeconds = Int(window)
            }
            if let types = input.functionResponseTypes {
                mapping.reportsBatchItemFailures = !types.isEmpty
            }
            if let scaling = input.scalingConfig {
                mapping.maximumConcurrency = scaling.maximumConcurrency.map { Int($0) }
            }
            mapping.isEnabled = input.enabled ?? mapping.isEnabled
            mapping.kmsKeyARN = input.kmsKeyArn ?? mapping.kmsKeyARN
            try mapping.validate()
        }
        let before = try await storedMapping(input.uuid, context, in: world.store)
        var wanted = before
        try apply(to: &wanted)
        if wanted.isEnabled { try await checkSource(of: wanted, context) }
        let now = world.clock.now()
        try await world.store.admitted(bytes: 1024)
        let (changed, version) = try await world.store.transact { transaction in
            var mapping = try await storedMapping(input.uuid, context, in: transaction)
            let former = MappingKeys.pair(mapping)
            try apply(to: &mapping)
            mapping.modifiedAt = now
            _ = try await directory.resolve(
                mapping.function, qualifier: mapping.qualifier, in: transaction)
            if MappingKeys.pair(mapping) != former {
                transaction.delete(key: former)
                try await claimPair(mapping, in: transaction)
            }
            try Self.put(mapping, into: transaction)
            return mapping
        }
        var mapping = changed
        mapping.storedAt = version
        mappings.follow(mapping)
        var state = "Updating"
        if mapping.isEnabled != before.isEnabled {
            state = mapping.isEnabled ? "Enabling" : "Disabling"
        }
        return Reply(wire(mapping, state: state), at: version, subjects: [mapping.uuid])
    }

    var deleteEventSourceMapping: Operation {
        Operation(
            Lambda.DeleteEventSourceMapping.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try await mappingAccess("DeleteEventSourceMapping", input.uuid, context)
            },
            handler: { [self] input, context in
                try await world.store.admitted(bytes: 256, adds: false)
                let (mapping, version) = try await world.store.transact { transaction in
                    let mapping = try await storedMapping(input.uuid, context, in: transaction)
                    transaction.delete(key: MappingKeys.mapping(mapping))
                    transaction.delete(key: MappingKeys.pair(mapping))
                    return mapping
                }
                let shown = wire(mapping, state: "Deleting")
                mappings.forget(mapping.uuid)
                return Reply(shown, at: version, subjects: [mapping.uuid])
            })
    }
}
