// SPDX-License-Identifier: Apache-2.0
// Attributes as clients send them: names, ranges and AWS's words for what is wrong.

import Basics
package import IdentityAccess

/// Why an attribute is refused.
package enum AttributeRefusal: Error, Hashable, Sendable {
    /// `InvalidAttributeName`.
    case unknownName(String)
    /// `InvalidAttributeValue`, for values outside an attribute's range.
    case invalidValue(name: String)
    /// `FifoQueue` is given when the queue is created and never changes.
    case queueTypeChange
    /// SQS's own encryption and KMS's were both asked for.
    case twoEncryptions
    /// `InvalidParameterValue`, with the reason AWS gives.
    case invalidParameter(String)
    /// `InvalidAttributeValue` for a policy, with what is wrong in it.
    case invalidPolicy(String)
    /// `OverLimit`, with what there is too much of.
    case overLimit(String)
}

extension QueueConfiguration {
    /// Sets attributes; those not named keep their values, an empty text removes a policy.
    ///
    /// `isCreating` allows `FifoQueue`, which never changes afterwards.
    package mutating func set(
        _ attributes: [String: String], limits: SQSLimits, isCreating: Bool
    ) throws(AttributeRefusal) {
        for name in attributes.keys.sorted() {
            guard let value = attributes[name] else { continue }
            try set(name, value, limits: limits, isCreating: isCreating)
        }
        if attributes["SqsManagedSseEnabled"] == "true", texts[.kmsMasterKeyID] != nil {
            throw .twoEncryptions
        }
        if throughputLimitPerGroup, !deduplicatesByGroup {
            throw .invalidParameter(
                "The perMessageGroupId value for FifoThroughputLimit is allowed only when the "
                    + "value for DeduplicationScope is messageGroup.")
        }
    }

    private mutating func set(
        _ name: String, _ value: String, limits: SQSLimits, isCreating: Bool
    ) throws(AttributeRefusal) {
        switch name {
        case "DelaySeconds":
            delaySeconds = try number(name, value, 0...limits.delaySecondsMax)
        case "MaximumMessageSize":
            maximumMessageSize = try number(
                name, value, limits.messageSizeMin...limits.messageBytesMax)
        case "MessageRetentionPeriod":
            retentionSeconds = try number(
                name, value, limits.retentionSecondsMin...limits.retentionSecondsMax)
        case "ReceiveMessageWaitTimeSeconds":
            receiveWaitSeconds = try number(name, value, 0...limits.waitSecondsMax)
        case "VisibilityTimeout":
            visibilitySeconds = try number(name, value, 0...limits.visibilitySecondsMax)
        case "RedrivePolicy":
            redrivePolicy = value.isEmpty ? nil : try Self.redrivePolicy(value, limits: limits)
        case "FifoQueue": try setFIFO(value, isCreating: isCreating)
        case "ContentBasedDeduplication":
            deduplicatesByContent = try flag(name, value, fifoOnly: true)
        case "DeduplicationScope":
            deduplicatesByGroup = try choice(name, value, no: "queue", yes: "messageGroup")
        case "FifoThroughputLimit":
            throughputLimitPerGroup = try choice(
                name, value, no: "perQueue", yes: "perMessageGroupId")
        default: try setText(name, value, limits: limits)
        }
    }

    private mutating func setText(_ name: String, _ value: String, limits: SQSLimits)
        throws(AttributeRefusal)
    {
        guard let attribute = QueueTextAttribute(rawValue: name) else { throw .unknownName(name) }
        switch attribute {
        case .policy:
            try QueuePolicyLimits.check(value, limits: limits)
            policy = value.isEmpty ? nil : try compiledPolicy(value)
        case .redriveAllowPolicy:
            redriveAllowance = value.isEmpty ? nil : try RedriveAllowance(parsing: value)
        case .kmsDataKeyReusePeriod: _ = try number(name, value, 60...86_400)
        case .sqsManagedSSE: _ = try flag(name, value, fifoOnly: false)
        case .kmsMasterKeyID: break
        }
        texts[attribute] = value.isEmpty ? nil : value
    }

    /// Compiles a queue policy; what the evaluator cannot judge is refused here.
    package func compiledPolicy(_ text: String) throws(AttributeRefusal) -> NamedPolicy {
        do throws(MalformedPolicy) {
            return NamedPolicy(
                name: arn.description,
                document: try PolicyDocument.parse(text, as: .resource))
        } catch {
            throw .invalidPolicy(error.message)
        }
    }

    private func setFIFO(_ value: String, isCreating: Bool) throws(AttributeRefusal) {
        guard isFIFO else { throw .unknownName("FifoQueue") }
        guard isCreating else { throw .queueTypeChange }
        guard value == "true" else { throw .invalidValue(name: "FifoQueue") }
    }

    private func number(_ name: String, _ value: String, _ range: ClosedRange<Int>)
        throws(AttributeRefusal) -> Int
    {
        guard let number = Int(value), range.contains(number) else {
            throw .invalidValue(name: name)
        }
        return number
    }

    private func flag(_ name: String, _ value: String, fifoOnly: Bool) throws(AttributeRefusal)
        -> Bool
    {
        guard !fifoOnly || isFIFO else { throw .unknownName(name) }
        switch value {
        case "true": return true
        case "false": return false
        default: throw .invalidValue(name: name)
        }
    }

    private func choice(_ name: String, _ value: String, no: String, yes: String)
        throws(AttributeRefusal) -> Bool
    {
        guard isFIFO else { throw .unknownName(name) }
        guard value == no || value == yes else { throw .invalidValue(name: name) }
        return value == yes
    }

    private static func redrivePolicy(_ text: String, limits: SQSLimits)
        throws(AttributeRefusal) -> RedrivePolicy
    {
        let reason = "Value \(text) for parameter RedrivePolicy is invalid. Reason: "
        guard let object = (try? JSONValue(parsing: text))?.objectValue else {
            throw .invalidParameter(reason + "Redrive policy is not a valid JSON map.")
        }
        for member in object.members
        where member.name != "deadLetterTargetArn" && member.name != "maxReceiveCount" {
            throw .invalidParameter(
                reason + "Only following attributes are supported: "
                    + "[deadLetterTargetArn, maxReceiveCount].")
        }
        guard let target = object["deadLetterTargetArn"]?.stringValue else {
            throw .invalidParameter(
                reason + "Redrive policy does not contain mandatory attribute: "
                    + "deadLetterTargetArn.")
        }
        guard let limit = object["maxReceiveCount"] else {
            throw .invalidParameter(
                reason + "Redrive policy does not contain mandatory attribute: maxReceiveCount.")
        }
        guard ARN(parsing: target)?.service == "sqs" else {
            throw .invalidParameter(reason + "Invalid value for deadLetterTargetArn.")
        }
        // SDKs in the field write the count as a number and as a string; AWS takes both.
        guard let count = limit.integerValue ?? limit.stringValue.flatMap({ Int64($0) }),
            (1...Int64(limits.maxReceiveCountMax)).contains(count)
        else {
            throw .invalidParameter(
                reason + "Invalid value for maxReceiveCount: \(limit.text), valid values are "
                    + "from 1 to \(limits.maxReceiveCountMax) both inclusive.")
        }
        return RedrivePolicy(deadLetterTargetARN: target, maxReceiveCount: Int(count))
    }
}
