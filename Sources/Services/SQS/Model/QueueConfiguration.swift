// SPDX-License-Identifier: Apache-2.0
// What a queue's attributes say, typed. Validation of what clients send is in
// `QueueConfiguration+Validation`; this file holds what a valid configuration is.

package import Basics
package import IdentityAccess

/// `RedrivePolicy`: after how many receives a message moves, and where to.
package struct RedrivePolicy: Hashable, Sendable {
    package let deadLetterTargetARN: String
    package let maxReceiveCount: Int

    package init(deadLetterTargetARN: String, maxReceiveCount: Int) {
        self.deadLetterTargetARN = deadLetterTargetARN
        self.maxReceiveCount = maxReceiveCount
    }

    /// The JSON form `GetQueueAttributes` shows.
    package var text: String {
        JSONValue.object([
            "deadLetterTargetArn": .string(deadLetterTargetARN),
            "maxReceiveCount": .integer(Int64(maxReceiveCount)),
        ]).text
    }
}

/// A queue's name, owner and attributes.
package struct QueueConfiguration: Sendable {
    package var account: AccountID
    package var region: Region
    package var name: String
    package var createdAt: Timestamp
    package var modifiedAt: Timestamp

    package var delaySeconds = 0
    package var maximumMessageSize = 1_048_576
    package var retentionSeconds = 345_600
    package var receiveWaitSeconds = 0
    package var visibilitySeconds = 30
    package var redrivePolicy: RedrivePolicy?
    package var deduplicatesByContent = false
    package var deduplicatesByGroup = false
    package var throughputLimitPerGroup = false
    /// Attributes kept as text: policies and encryption settings.
    package var texts: [QueueTextAttribute: String] = [:]
    /// Who may name this queue as dead-letter queue; `nil` is everybody.
    package var redriveAllowance: RedriveAllowance?
    /// The compiled queue policy, kept beside its text.
    package var policy: NamedPolicy?
    package var tags: [String: String] = [:]

    package init(account: AccountID, region: Region, name: String, createdAt: Timestamp) {
        self.account = account
        self.region = region
        self.name = name
        self.createdAt = createdAt
        modifiedAt = createdAt
    }

    package var isFIFO: Bool { name.hasSuffix(".fifo") }

    package var arn: ARN {
        ARN(service: "sqs", region: region, account: account, resource: name)
    }
}

/// Attributes of which the text itself is the value.
package enum QueueTextAttribute: String, CaseIterable, Sendable {
    case policy = "Policy"
    case redriveAllowPolicy = "RedriveAllowPolicy"
    case kmsMasterKeyID = "KmsMasterKeyId"
    case kmsDataKeyReusePeriod = "KmsDataKeyReusePeriodSeconds"
    case sqsManagedSSE = "SqsManagedSseEnabled"
}

extension QueueConfiguration {
    /// The attributes a client set or gets by default, by name, without counters and times.
    package var settable: [(name: String, value: String)] {
        var list: [(name: String, value: String)] = [
            ("DelaySeconds", String(delaySeconds)),
            ("MaximumMessageSize", String(maximumMessageSize)),
            ("MessageRetentionPeriod", String(retentionSeconds)),
            ("ReceiveMessageWaitTimeSeconds", String(receiveWaitSeconds)),
            ("VisibilityTimeout", String(visibilitySeconds)),
        ]
        if isFIFO {
            list.append(("FifoQueue", "true"))
            list.append(("ContentBasedDeduplication", deduplicatesByContent ? "true" : "false"))
            list.append(("DeduplicationScope", deduplicatesByGroup ? "messageGroup" : "queue"))
            list.append(
                (
                    "FifoThroughputLimit",
                    throughputLimitPerGroup ? "perMessageGroupId" : "perQueue"
                ))
        }
        if let redrivePolicy { list.append(("RedrivePolicy", redrivePolicy.text)) }
        for attribute in QueueTextAttribute.allCases {
            if let text = texts[attribute] { list.append((attribute.rawValue, text)) }
        }
        // Server-side encryption with SQS's own keys is on unless a KMS key was named.
        if texts[.sqsManagedSSE] == nil {
            list.append(
                ("SqsManagedSseEnabled", texts[.kmsMasterKeyID] == nil ? "true" : "false"))
        }
        return list
    }
}
