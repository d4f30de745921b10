// SPDX-License-Identifier: Apache-2.0
// Which attributes a receive hands out with a message, and how.

import Basics
import SQSWire
import Storage

/// The attributes a receive asks for.
struct WantedAttributes {
    private let system: Set<String>
    private let wantsAllSystem: Bool
    private let names: Set<String>
    private let prefixes: [String]
    private let wantsAll: Bool

    private static let known: Set<String> = [
        "All", "SenderId", "SentTimestamp", "ApproximateReceiveCount",
        "ApproximateFirstReceiveTimestamp", "SequenceNumber", "MessageDeduplicationId",
        "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn",
    ]

    init(_ input: SQS.ReceiveMessageRequest) throws {
        var system: Set<String> = []
        // `AttributeNames` is the older name of `MessageSystemAttributeNames`; both count.
        for name in input.attributeNames ?? [] { system.insert(name.rawValue) }
        for name in input.messageSystemAttributeNames ?? [] { system.insert(name.rawValue) }
        for name in system.sorted() where !Self.known.contains(name) {
            throw SQS.Faults.invalidAttributeName(message: "Unknown Attribute \(name).")
        }
        self.system = system
        wantsAllSystem = system.contains("All")
        var names: Set<String> = []
        var prefixes: [String] = []
        for name in input.messageAttributeNames ?? [] {
            if name.hasSuffix(".*") {
                prefixes.append(String(name.dropLast(2)))
            } else {
                names.insert(name)
            }
        }
        wantsAll = names.contains("All") || prefixes.contains("")
        self.names = names
        self.prefixes = prefixes
    }

    /// A delivery as the client sees it.
    func message(_ delivery: Delivery, _ cell: QueueCell) throws -> SQS.Message {
        let key = QueueKeys(cell: cell.cell).message(delivery.position)
        let message = try Message(delivery.record, key: key)
        let attributes = message.attributes.filter { wants($0.name) }
        var values: [String: SQS.MessageAttributeValue] = [:]
        for attribute in attributes {
            switch attribute.value {
            case .string(let text):
                values[attribute.name] = SQS.MessageAttributeValue(
                    dataType: attribute.dataType, stringValue: text)
            case .binary(let bytes):
                values[attribute.name] = SQS.MessageAttributeValue(
                    dataType: attribute.dataType, binaryValue: bytes)
            }
        }
        let system = systemAttributes(message, delivery, isFIFO: cell.isFIFO)
        return SQS.Message(
            messageId: message.messageID,
            receiptHandle: ReceiptHandle(
                cell: cell.cell.rawValue, position: delivery.position, nonce: delivery.lease.nonce
            ).text,
            md5OfBody: Hex.encode(message.bodyDigest), body: message.body,
            attributes: system.isEmpty ? nil : system,
            md5OfMessageAttributes: MessageDigest.hexadecimal(of: attributes),
            messageAttributes: values.isEmpty ? nil : values)
    }

    private func wants(_ name: String) -> Bool {
        wantsAll || names.contains(name) || prefixes.contains { name.hasPrefix($0) }
    }

    private func systemAttributes(_ message: Message, _ delivery: Delivery, isFIFO: Bool)
        -> [SQS.MessageSystemAttributeName: String]
    {
        guard !system.isEmpty else { return [:] }
        var values: [SQS.MessageSystemAttributeName: String] = [:]
        func set(_ name: SQS.MessageSystemAttributeName, _ value: String?) {
            guard let value, wantsAllSystem || system.contains(name.rawValue) else { return }
            values[name] = value
        }
        set(.senderId, message.senderID)
        set(.sentTimestamp, String(message.sentAt.milliseconds))
        set(.approximateReceiveCount, String(delivery.lease.receiveCount))
        set(
            .approximateFirstReceiveTimestamp,
            delivery.lease.firstReceivedAt.map { String($0.milliseconds) })
        set(.messageGroupId, message.groupID)
        set(.awsTraceHeader, message.traceHeader)
        set(.deadLetterQueueSourceArn, message.deadLetterSourceARN)
        if isFIFO {
            set(.sequenceNumber, delivery.position.sequenceNumber)
            set(.messageDeduplicationId, message.deduplicationID)
        }
        return values
    }
}

extension SQS.Message {
    /// What is billed of a message that is handed out.
    var payloadBytes: Int {
        (body?.utf8.count ?? 0) + MessageInput.sizeBytes(of: messageAttributes)
    }
}
