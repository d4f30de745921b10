// SPDX-License-Identifier: Apache-2.0
// Deliveries that end in an SQS queue: dead letters and destinations of any service. The queue
// itself is reached through a port.

package import Basics
package import Chronology
package import IdentityAccess
package import Journal
package import ServiceKit
package import WireModel

/// A message for a queue, written by a service.
package struct QueueMessage: Hashable, Sendable {
    /// A message attribute with a text value.
    package struct Attribute: Hashable, Sendable {
        package let name: String
        /// `String` or `Number`.
        package let dataType: String
        package let value: String

        package init(_ name: String, _ dataType: String, _ value: String) {
            self.name = name
            self.dataType = dataType
            self.value = value
        }
    }

    package let body: String
    package let attributes: [Attribute]

    package init(body: String, attributes: [Attribute] = []) {
        self.body = body
        self.attributes = attributes
    }
}

/// One hand-over from the outbox to a queue.
package struct QueueHandOver: Sendable {
    package let message: QueueMessage
    package let queue: ARN
    /// The entry's id, by which the queue may know that it has accepted the message before.
    package let id: OutboxID
    package let principal: Principal
    /// The resource a service acts for that delivers as itself.
    package let source: ARN?
    package let cause: JournalID
    package let activity: Activity

    package init(
        message: QueueMessage, queue: ARN, id: OutboxID, principal: Principal,
        source: ARN? = nil, cause: JournalID, activity: Activity
    ) {
        self.message = message
        self.queue = queue
        self.id = id
        self.principal = principal
        self.source = source
        self.cause = cause
        self.activity = activity
    }
}

/// Puts messages of the outbox into queues.
package protocol QueueTransfer: Sendable {
    /// Returns once the message is durable in the queue; throws the queue's fault.
    ///
    /// An implementation that remembers ids accepts an id once; one that does not may leave a
    /// second copy when the process dies between its reply and the entry's removal.
    nonisolated(nonsending)
        func accept(_ handOver: QueueHandOver) async throws(ServiceFault)

    /// The entry is gone: its id will not come again.
    nonisolated(nonsending)
        func confirm(_ id: OutboxID, at queue: ARN) async
}

/// Sends by the queue's public operation: at least once, since it remembers no ids.
package struct CallingQueueTransfer: QueueTransfer {
    private let caller: any ServiceCaller

    package init(caller: any ServiceCaller) { self.caller = caller }

    nonisolated(nonsending)
        package func accept(_ handOver: QueueHandOver) async throws(ServiceFault)
    {
        guard let account = AccountID(handOver.queue.account),
            let region = Region(handOver.queue.region)
        else { throw ServiceFault(shapeName: "InvalidAddress", message: "not a queue's ARN") }
        var input: JSONObject = [
            "QueueUrl": .string(QueueAddress.url(of: handOver.queue)),
            "MessageBody": .string(handOver.message.body),
        ]
        if !handOver.message.attributes.isEmpty {
            var attributes = JSONObject()
            for attribute in handOver.message.attributes {
                attributes[attribute.name] = .object([
                    "DataType": .string(attribute.dataType),
                    "StringValue": .string(attribute.value),
                ])
            }
            input["MessageAttributes"] = .object(attributes)
        }
        _ = try await caller.call(
            InternalCall(
                service: "sqs", operation: "SendMessage", input: .object(input),
                principal: handOver.principal, account: account, region: region,
                cause: handOver.cause, activity: handOver.activity, source: handOver.source))
    }

    nonisolated(nonsending)
        package func confirm(_ id: OutboxID, at queue: ARN) async
    {}
}

/// How a queue is addressed by a caller that has its ARN.
package enum QueueAddress {
    /// A queue URL whose path names account and queue; its host is of no account.
    package static func url(of queue: ARN) -> String {
        "https://sqs.\(queue.region).amazonaws.com/\(queue.account)/\(queue.resource)"
    }
}
