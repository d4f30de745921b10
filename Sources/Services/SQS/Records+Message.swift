// SPDX-License-Identifier: Apache-2.0
// A message's stored form. Written once, at the send; read by every receive.

import Basics
import Storage

extension Message {
    var record: [UInt8] {
        var writer = RecordWriter(.sqsMessage, capacity: body.utf8.count + 192)
        writer.time(1, sentAt)
        writer.string(2, groupID)
        writer.string(3, messageID)
        writer.string(4, body)
        writer.bytes(5, bodyDigest)
        writer.string(6, senderID)
        writer.string(7, traceHeader)
        writer.string(8, deduplicationID)
        writer.string(9, deadLetterSourceARN)
        writer.unsigned(10, cause == 0 ? nil : cause)
        for attribute in attributes {
            writer.nested(11) { writer in
                writer.string(1, attribute.name)
                writer.string(2, attribute.dataType)
                switch attribute.value {
                case .string(let text): writer.string(3, text)
                case .binary(let bytes): writer.bytes(4, bytes)
                }
            }
        }
        return writer.finish()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        self.init(messageID: "", body: "", bodyDigest: [], senderID: "", sentAt: .distantPast)
        var reader = try RecordReader(value, under: key, kind: .sqsMessage)
        while let field = try reader.next() {
            switch field {
            case 1: sentAt = try reader.time()
            case 2: groupID = try reader.string()
            case 3: messageID = try reader.string()
            case 4: body = try reader.string()
            case 5: bodyDigest = try reader.bytes()
            case 6: senderID = try reader.string()
            case 7: traceHeader = try reader.string()
            case 8: deduplicationID = try reader.string()
            case 9: deadLetterSourceARN = try reader.string()
            case 10: cause = try reader.unsigned()
            case 11:
                var nested = try reader.nested()
                attributes.append(try MessageAttribute(&nested))
            default: break
            }
        }
    }

    /// The parts of a record that order and expire a message, without its body.
    static func outline(_ value: [UInt8], key: StoreKey) throws(StoreError)
        -> (sentAt: Timestamp, groupID: String?)
    {
        var sentAt = Timestamp.distantPast
        var groupID: String?
        var reader = try RecordReader(value, under: key, kind: .sqsMessage)
        while let field = try reader.next(), field <= 2 {
            if field == 1 { sentAt = try reader.time() } else { groupID = try reader.string() }
        }
        return (sentAt, groupID)
    }
}

extension MessageAttribute {
    fileprivate init(_ reader: inout RecordReader) throws(StoreError) {
        self.init(name: "", dataType: "", value: .string(""))
        while let field = try reader.next() {
            switch field {
            case 1: name = try reader.string()
            case 2: dataType = try reader.string()
            case 3: value = .string(try reader.string())
            case 4: value = .binary(try reader.bytes())
            default: break
            }
        }
    }
}
