// SPDX-License-Identifier: Apache-2.0
// A queue delivery's content as stored bytes. Numbers of fields are never used again.

import Basics
import Storage

extension QueueDeliveryContent {
    var record: [UInt8] {
        var writer = RecordWriter(.outbox, capacity: message.body.utf8.count + 256)
        writer.string(1, queue.description)
        writer.string(2, message.body)
        for attribute in message.attributes {
            writer.nested(3) { writer in
                writer.string(1, attribute.name)
                writer.string(2, attribute.dataType)
                writer.string(3, attribute.value)
            }
        }
        writer.string(4, role.description)
        writer.string(5, service)
        writer.string(6, sessionName)
        writer.string(7, purpose)
        writer.string(8, subject)
        writer.string(9, source?.description)
        return writer.finish()
    }

    init(_ value: [UInt8]) throws(StoreError) {
        // The outbox has checked the frame this came in; the key only serves messages.
        let key = StoreKey(bytes: [KeyKind.outbox.rawValue])
        var queue = ""
        var body = ""
        var attributes: [QueueMessage.Attribute] = []
        var role = ""
        var service = ""
        var sessionName = ""
        var purpose = ""
        var subject = ""
        var source: String?
        var reader = try RecordReader(value, under: key, kind: .outbox)
        while let field = try reader.next() {
            switch field {
            case 1: queue = try reader.string()
            case 2: body = try reader.string()
            case 3: attributes.append(try Self.attribute(&reader))
            case 4: role = try reader.string()
            case 5: service = try reader.string()
            case 6: sessionName = try reader.string()
            case 7: purpose = try reader.string()
            case 8: subject = try reader.string()
            case 9: source = try reader.string()
            default: break
            }
        }
        guard let queue = ARN(parsing: queue), let role = ARN(parsing: role) else {
            throw reader.damage("not an ARN")
        }
        self.init(
            queue: queue, message: QueueMessage(body: body, attributes: attributes), role: role,
            service: service, sessionName: sessionName,
            source: source.flatMap { ARN(parsing: $0) }, purpose: purpose, subject: subject)
    }

    private static func attribute(_ reader: inout RecordReader) throws(StoreError)
        -> QueueMessage.Attribute
    {
        var name = ""
        var dataType = ""
        var value = ""
        var nested = try reader.nested()
        while let field = try nested.next() {
            switch field {
            case 1: name = try nested.string()
            case 2: dataType = try nested.string()
            case 3: value = try nested.string()
            default: break
            }
        }
        return QueueMessage.Attribute(name, dataType, value)
    }
}
