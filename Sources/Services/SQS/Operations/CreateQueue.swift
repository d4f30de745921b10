// SPDX-License-Identifier: Apache-2.0
// CreateQueue (SQS API reference): idempotent for equal attributes.

import Basics
import Chronology
import SQSWire
import ServiceKit
import Storage

extension SQSService {
    var createQueue: Operation {
        Operation(
            SQS.CreateQueue.self, rules: Self.attributeRules, validation: Self.validation,
            authorize: { input, context in
                let arn = ARN(
                    service: "sqs", region: context.region, account: context.account,
                    resource: input.queueName)
                return [Access("sqs:CreateQueue", on: arn.description)]
            },
            handler: { [self] input, context in
                let configuration = try configuration(input, context)
                try await checkDeadLetterTarget(configuration, context)
                do {
                    let created = try await registry.create(configuration)
                    if !created.isNew { try compare(input, with: created.cell) }
                    let url = url(of: QueueName(configuration), context)
                    return Reply(SQS.CreateQueueResult(queueUrl: url), at: created.version)
                } catch QueueCreationRefusal.deletedRecently {
                    throw SQS.Faults.queueDeletedRecently(
                        message: "You must wait 60 seconds after deleting a queue before you "
                            + "can create another with the same name.")
                }
            })
    }

    private func configuration(_ input: SQS.CreateQueueRequest, _ context: CallContext) throws
        -> QueueConfiguration
    {
        var attributes: [String: String] = [:]
        for (name, value) in input.attributes ?? [:] { attributes[name.rawValue] = value }
        try checkName(input.queueName, isFIFO: attributes["FifoQueue"] == "true")
        var configuration = QueueConfiguration(
            account: context.account, region: context.region, name: input.queueName,
            createdAt: world.clock.now())
        do throws(AttributeRefusal) {
            try configuration.set(attributes, limits: limits, isCreating: true)
        } catch {
            throw SQSFaults.fault(for: error)
        }
        configuration.tags = try checkedTags(input.tags ?? [:], existing: [:])
        return configuration
    }

    private func checkName(_ name: String, isFIFO: Bool) throws {
        let base = isFIFO && name.hasSuffix(".fifo") ? name.dropLast(5) : Substring(name)
        let isLegal = base.utf8.allSatisfy {
            ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || $0 == 0x2D
                || $0 == 0x5F
        }
        guard isLegal, !base.isEmpty, name.utf8.count <= 80, !isFIFO || name.hasSuffix(".fifo")
        else {
            throw SQSFaults.invalidParameter(
                isFIFO
                    ? "The name of a FIFO queue can only include alphanumeric characters, "
                        + "hyphens, or underscores, must end with .fifo suffix and be 1 to 80 "
                        + "in length."
                    : "Can only include alphanumeric characters, hyphens, or underscores. "
                        + "1 to 80 in length")
        }
    }

    /// AWS compares only the attributes that the request names.
    private func compare(_ input: SQS.CreateQueueRequest, with cell: QueueCell) throws {
        let existing = try cell.look { queue, _ in queue.configuration }.result
        var wanted = existing
        var attributes: [String: String] = [:]
        for (name, value) in input.attributes ?? [:] { attributes[name.rawValue] = value }
        do throws(AttributeRefusal) {
            try wanted.set(attributes, limits: limits, isCreating: true)
        } catch {
            throw SQSFaults.fault(for: error)
        }
        for (old, new) in zip(existing.settable, wanted.settable) where old != new {
            throw SQS.Faults.queueNameExists(
                message: "A queue already exists with the same name and a different value for "
                    + "attribute \(old.name)")
        }
        guard existing.settable.count == wanted.settable.count else {
            throw SQS.Faults.queueNameExists(
                message: "A queue already exists with the same name and different attributes")
        }
    }

    /// A redrive policy must name an existing queue of the same kind.
    nonisolated(nonsending)
        func checkDeadLetterTarget(_ configuration: QueueConfiguration, _ context: CallContext)
        async throws
    {
        guard let policy = configuration.redrivePolicy else { return }
        let prefix = "Value \(policy.text) for parameter RedrivePolicy is invalid. Reason: "
        guard let arn = ARN(parsing: policy.deadLetterTargetARN), let name = QueueName(arn),
            name.account == configuration.account, name.region == configuration.region,
            let target = try await registry.cell(name)
        else {
            throw SQSFaults.invalidParameter(prefix + "Dead letter target does not exist.")
        }
        let allowance = try target.look { queue, _ in queue.configuration.redriveAllowance }.result
        guard allowance?.admits(configuration.arn) ?? true else {
            throw SQSFaults.invalidParameter(
                prefix + "Queue does not have permission to use the dead-letter queue.")
        }
        guard name.isFIFO == configuration.isFIFO else {
            throw SQSFaults.invalidParameter(
                prefix + "Dead-letter queue must be same type of queue as the source.")
        }
    }
}
