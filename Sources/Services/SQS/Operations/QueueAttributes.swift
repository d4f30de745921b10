// SPDX-License-Identifier: Apache-2.0
// GetQueueAttributes and SetQueueAttributes (SQS API reference).

import Basics
import SQSWire
import ServiceKit
import Storage
import WireModel

extension SQSService {
    /// Names a request may ask for besides the settable ones.
    private static let computedNames = [
        "QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed", "CreatedTimestamp", "LastModifiedTimestamp",
    ]

    private static let knownNames: Set<String> = Set(
        computedNames + QueueTextAttribute.allCases.map(\.rawValue) + [
            "All", "DelaySeconds", "MaximumMessageSize", "MessageRetentionPeriod",
            "ReceiveMessageWaitTimeSeconds", "VisibilityTimeout", "RedrivePolicy", "FifoQueue",
            "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit",
        ])

    /// Attributes that a queue keeps and shows without acting on them.
    static let attributeRules = MemberRules(stored: [
        "Attributes.KmsMasterKeyId": noEncryption,
        "Attributes.KmsDataKeyReusePeriodSeconds": noEncryption,
        "Attributes.SqsManagedSseEnabled": noEncryption,
        "Attributes.FifoThroughputLimit": "throughput is not limited",
    ])

    private static let noEncryption = "messages are not encrypted apart from the disk"

    var getQueueAttributes: Operation {
        Operation(
            SQS.GetQueueAttributes.self, validation: Self.validation,
            authorize: { [self] in try access("GetQueueAttributes", $0.queueUrl, $1) },
            handler: { [self] input, context in
                let names = input.attributeNames ?? []
                for name in names where !Self.knownNames.contains(name.rawValue) {
                    throw SQS.Faults.invalidAttributeName(
                        message: "Unknown Attribute \(name.rawValue).")
                }
                return try await withQueue(input.queueUrl, context) { cell in
                    try await settleExpiry(of: cell)
                    let (all, version) = try cell.look { queue, _ in Self.attributes(of: queue) }
                    let wanted = Set(names.map(\.rawValue))
                    var chosen: [SQS.QueueAttributeName: String] = [:]
                    for (name, value) in all where wanted.contains(name) || wanted.contains("All") {
                        chosen[SQS.QueueAttributeName(rawValue: name)] = value
                    }
                    return Reply(
                        SQS.GetQueueAttributesResult(attributes: chosen.isEmpty ? nil : chosen),
                        at: version)
                }
            })
    }

    private static func attributes(of queue: Queue) -> [(name: String, value: String)] {
        let configuration = queue.configuration
        return [
            ("QueueArn", configuration.arn.description),
            ("ApproximateNumberOfMessages", String(queue.visibleCount)),
            ("ApproximateNumberOfMessagesNotVisible", String(queue.notVisibleCount)),
            ("ApproximateNumberOfMessagesDelayed", String(queue.hiddenByDelayCount)),
            ("CreatedTimestamp", String(configuration.createdAt.seconds)),
            ("LastModifiedTimestamp", String(configuration.modifiedAt.seconds)),
        ] + configuration.settable
    }

    /// Pages in and drops what retention has made due beyond the window.
    nonisolated(nonsending)
        func settleExpiry(of cell: QueueCell) async throws
    {
        while try cell.commit({ queue, now in (queue.decideExpiry(now: now).needsWindow, []) })
            .result
        {
            try await cell.loadWindow()
        }
    }

    var setQueueAttributes: Operation {
        Operation(
            SQS.SetQueueAttributes.self, rules: Self.attributeRules, validation: Self.validation,
            authorize: { [self] in try ownerAccess("SetQueueAttributes", $0.queueUrl, $1) },
            handler: { [self] input, context in
                var attributes: [String: String] = [:]
                for (name, value) in input.attributes { attributes[name.rawValue] = value }
                let settings = attributes
                return try await withQueue(input.queueUrl, context) { cell in
                    var wanted = try cell.look { queue, _ in queue.configuration }.result
                    try Self.set(settings, on: &wanted, limits: limits)
                    if settings["RedrivePolicy"] != nil {
                        try await checkDeadLetterTarget(wanted, context)
                    }
                    let committed = try cell.commit { queue, now in
                        var configuration = queue.configuration
                        try Self.set(settings, on: &configuration, limits: limits)
                        configuration.modifiedAt = now
                        return ((), [.configured(configuration)])
                    }
                    return Reply(EmptyStructure(), at: committed.version)
                }
            })
    }

    private static func set(
        _ attributes: [String: String], on configuration: inout QueueConfiguration,
        limits: SQSLimits
    ) throws {
        do throws(AttributeRefusal) {
            try configuration.set(attributes, limits: limits, isCreating: false)
        } catch {
            throw SQSFaults.fault(for: error)
        }
    }
}
