// SPDX-License-Identifier: Apache-2.0
// CreateEventSourceMapping: settings, the role's permissions, the queue's visibility timeout.

import Basics
import Chronology
import Delivery
import IdentityAccess
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    var createEventSourceMapping: Operation {
        Operation(
            Lambda.CreateEventSourceMapping.self,
            rules: MappingMembers.rules(of: Lambda.CreateEventSourceMapping.self),
            validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                let (name, qualifier) = try directory.name(input.functionName, context)
                return [
                    Access(
                        "lambda:CreateEventSourceMapping", on: "*",
                        keys: [.init("lambda:FunctionArn", name.arn(qualifier: qualifier))])
                ]
            },
            handler: { [self] input, context in try await createMapping(input, context) })
    }

    nonisolated(nonsending)
        private func createMapping(
            _ input: Lambda.CreateEventSourceMappingRequest, _ context: CallContext
        ) async throws -> Reply<Lambda.EventSourceMappingConfiguration>
    {
        let (name, qualifier) = try directory.name(input.functionName, context)
        guard let text = input.eventSourceArn, let queue = ARN(parsing: text) else {
            throw LambdaFaults.invalid("Event source ARN is required.")
        }
        guard queue.service == "sqs" else {
            throw NotBuilt.fault(
                "EventSourceArn: only SQS queues are supported; \(queue.service) is not.")
        }
        guard queue.region == context.region.description else {
            throw LambdaFaults.invalid("The event source must be in the function's region.")
        }
        let tags = input.tags ?? [:]
        try FunctionRules.check(tags: tags, limits: limits)
        var mapping = EventSourceMapping(
            uuid: world.entropy.uuid(), function: name, qualifier: qualifier, queue: queue,
            modifiedAt: world.clock.now())
        mapping.tags = tags
        mapping.isEnabled = input.enabled ?? true
        mapping.kmsKeyARN = input.kmsKeyArn
        mapping.batchSize = input.batchSize.map { Int($0) } ?? 10
        mapping.windowSeconds = input.maximumBatchingWindowInSeconds.map { Int($0) } ?? 0
        mapping.reportsBatchItemFailures = !(input.functionResponseTypes ?? []).isEmpty
        mapping.maximumConcurrency = input.scalingConfig?.maximumConcurrency.map { Int($0) }
        try mapping.validate()
        try await checkSource(of: mapping, context)
        let wanted = mapping
        try await world.store.admitted(bytes: 1024)
        let (_, version) = try await world.store.transact { transaction in
            _ = try await directory.resolve(name, qualifier: qualifier, in: transaction)
            try await claimPair(wanted, in: transaction)
            try Self.put(wanted, into: transaction)
        }
        mapping.storedAt = version
        mappings.follow(mapping)
        return Reply(wire(mapping, state: "Creating"), at: version, subjects: [mapping.uuid])
    }

    /// Takes the one place for a mapping of this queue and function.
    nonisolated(nonsending)
        func claimPair(_ mapping: EventSourceMapping, in transaction: Transaction) async throws
    {
        let key = MappingKeys.pair(mapping)
        if let holder = try await transaction.get(key) {
            let uuid = String(decoding: holder, as: UTF8.self)
            guard uuid != mapping.uuid else { return }
            throw Lambda.Faults.resourceConflictException(
                message: "An event source mapping with SQS arn (\" \(mapping.queue) \") and "
                    + "function (\" \(mapping.function.name) \") already exists. Please update or "
                    + "delete the existing mapping with UUID \(uuid)")
        }
        transaction.put(key: key, value: Array(mapping.uuid.utf8))
    }

    static func put(_ mapping: EventSourceMapping, into transaction: Transaction) throws {
        guard let record = mapping.record else { throw ServiceFault.internalFailure }
        transaction.put(key: MappingKeys.mapping(mapping), value: record)
    }

    /// Throws unless the function's role may read the queue and the queue gives it time.
    nonisolated(nonsending)
        func checkSource(of mapping: EventSourceMapping, _ context: CallContext) async throws
    {
        let function = try await directory.resolve(
            mapping.function, qualifier: mapping.qualifier)
        let session = try await roles.session(of: function.settings.role, for: function.name)
        try await roles.require(
            ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            on: mapping.queue, of: session, service: "SQS")
        let visibility = try await visibilityTimeout(of: mapping.queue, session, context)
        let timeout = function.settings.timeoutSeconds
        guard visibility >= timeout else {
            throw LambdaFaults.invalid(
                "Queue visibility timeout: \(visibility) seconds is less than Function timeout: "
                    + "\(timeout) seconds")
        }
    }

    nonisolated(nonsending)
        private func visibilityTimeout(
            of queue: ARN, _ session: RoleSession, _ context: CallContext
        ) async throws -> Int
    {
        let reply: JSONValue
        do {
            reply = try await ports.caller.call(
                InternalCall(
                    service: "sqs", operation: "GetQueueAttributes",
                    input: .object([
                        "QueueUrl": .string(QueueAddress.url(of: queue)),
                        "AttributeNames": .array([.string("VisibilityTimeout")]),
                    ]), principal: .role(session), account: context.account,
                    region: context.region, cause: context.record))
        } catch {
            guard error.isSender else { throw error }
            throw LambdaFaults.invalid(
                "Error occurred while ReceiveMessage. SQS Error Code: "
                    + "\(error.queryErrorCode ?? error.code). SQS Error Message: \(error.message)")
        }
        let text = reply["Attributes"]?["VisibilityTimeout"]?.stringValue
        return text.flatMap { Int($0) } ?? 30
    }

    /// A mapping as AWS shows it.
    func wire(_ mapping: EventSourceMapping, state: String? = nil)
        -> Lambda.EventSourceMappingConfiguration
    {
        var shown = Lambda.EventSourceMappingConfiguration(uuid: mapping.uuid)
        shown.batchSize = Int32(clamping: mapping.batchSize)
        shown.maximumBatchingWindowInSeconds = Int32(clamping: mapping.windowSeconds)
        shown.eventSourceArn = mapping.queue.description
        shown.functionArn = mapping.function.arn(qualifier: mapping.qualifier)
        shown.lastModified = mapping.modifiedAt
        shown.lastProcessingResult = mappings.lastResult(mapping.uuid)
        shown.state = state ?? (mapping.isEnabled ? "Enabled" : "Disabled")
        shown.stateTransitionReason = "USER_INITIATED"
        shown.functionResponseTypes =
            mapping.reportsBatchItemFailures ? [.reportBatchItemFailures] : []
        shown.scalingConfig = mapping.maximumConcurrency.map {
            Lambda.ScalingConfig(maximumConcurrency: Int32(clamping: $0))
        }
        shown.kmsKeyArn = mapping.kmsKeyARN
        shown.eventSourceMappingArn = mapping.arn
        return shown
    }
}
