// SPDX-License-Identifier: Apache-2.0
// The event a function gets for a batch of messages, in AWS's form.

package import Basics

/// A received message as an event shows it.
package struct QueueEventMessage: Sendable {
    package let messageID: String
    package let receiptHandle: String
    /// Set for messages of FIFO queues.
    package let groupID: String?
    /// The `Records` entry.
    package let record: [UInt8]

    /// Reads one message of a `ReceiveMessage` reply; `nil` if a member is missing.
    package init?(_ message: JSONValue, queue: ARN) {
        guard let messageID = message["MessageId"]?.stringValue,
            let receiptHandle = message["ReceiptHandle"]?.stringValue
        else { return nil }
        self.messageID = messageID
        self.receiptHandle = receiptHandle
        let attributes = message["Attributes"]?.objectValue ?? JSONObject()
        groupID = attributes["MessageGroupId"]?.stringValue
        var entry: JSONObject = [
            "messageId": .string(messageID),
            "receiptHandle": .string(receiptHandle),
            "body": message["Body"] ?? .string(""),
            "attributes": .object(attributes),
            "messageAttributes": Self.attributes(message["MessageAttributes"]),
            "md5OfBody": message["MD5OfBody"] ?? .string(""),
        ]
        if let digest = message["MD5OfMessageAttributes"] {
            entry["md5OfMessageAttributes"] = digest
        }
        entry["eventSource"] = .string("aws:sqs")
        entry["eventSourceARN"] = .string(queue.description)
        entry["awsRegion"] = .string(queue.region)
        record = JSONValue.object(entry).bytes
    }

    /// Message attributes under the names events use, in lower camel case.
    private static func attributes(_ attributes: JSONValue?) -> JSONValue {
        var converted = JSONObject()
        for member in attributes?.objectValue?.members ?? [] {
            var value = JSONObject()
            if let text = member.value["StringValue"] { value["stringValue"] = text }
            if let bytes = member.value["BinaryValue"] { value["binaryValue"] = bytes }
            value["stringListValues"] = .array([])
            value["binaryListValues"] = .array([])
            value["dataType"] = member.value["DataType"] ?? .string("String")
            converted[member.name] = .object(value)
        }
        return .object(converted)
    }
}

/// Puts messages together to events.
package enum QueueEvent {
    private static let opening = Array(#"{"Records":["#.utf8)
    private static let closing = Array("]}".utf8)

    package static func payload(_ messages: [QueueEventMessage]) -> [UInt8] {
        var payload: [UInt8] = []
        payload.reserveCapacity(messages.reduce(16) { $0 + $1.record.count + 1 })
        payload.append(contentsOf: opening)
        for (position, message) in messages.enumerated() {
            if position > 0 { payload.append(UInt8(ascii: ",")) }
            payload.append(contentsOf: message.record)
        }
        payload.append(contentsOf: closing)
        return payload
    }

    /// Cuts a batch so that no part's event is larger than `bytesMax`, in order.
    ///
    /// A message that is larger alone is a part of its own.
    package static func parts(_ messages: [QueueEventMessage], bytesMax: Int)
        -> [[QueueEventMessage]]
    {
        let frame = opening.count + closing.count
        var parts: [[QueueEventMessage]] = []
        var part: [QueueEventMessage] = []
        var bytes = frame
        for message in messages {
            if !part.isEmpty, bytes + message.record.count + 1 > bytesMax {
                parts.append(part)
                part = []
                bytes = frame
            }
            part.append(message)
            bytes += message.record.count + 1
        }
        if !part.isEmpty { parts.append(part) }
        return parts
    }
}
