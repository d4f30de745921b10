// SPDX-License-Identifier: Apache-2.0
// LocalStack's look at a queue: its messages without receiving them, in XML or JSON.

import Basics
import HTTPFront

extension AdminAPI {
    func peek(_ request: HTTPRequest) async -> HTTPResponse {
        guard let url = QueryText(request.rawQuery ?? "")["QueueUrl"] else {
            return Self.error(400, "Name the queue with ?QueueUrl=.")
        }
        guard let found = try? await platform.peek(queueURL: url) else {
            return Self.error(404, "There is no such queue.")
        }
        if request.header("accept")?.hasPrefix("application/json") ?? false {
            let result: JSONObject = ["Message": .array(found.map { .object($0) })]
            return Self.json([
                "ReceiveMessageResponse": ["ReceiveMessageResult": .object(result)]
            ])
        }
        var xml = "<?xml version=\"1.0\"?>\n<ReceiveMessageResponse><ReceiveMessageResult>"
        for message in found {
            xml += "<Message>"
            for member in message.members { xml += Self.element(member.name, member.value) }
            xml += "</Message>"
        }
        xml += "</ReceiveMessageResult></ReceiveMessageResponse>"
        return HTTPResponse(
            status: 200, headers: [("content-type", "text/xml")], body: Array(xml.utf8))
    }

    /// Attributes become `<Attribute><Name>…</Name><Value>…</Value></Attribute>`.
    private static func element(_ name: String, _ value: JSONValue) -> String {
        guard case .object(let members) = value else {
            return "<\(name)>\(escaped(value.stringValue ?? value.text))</\(name)>"
        }
        return members.members.map { member in
            "<Attribute><Name>\(escaped(member.name))</Name>"
                + "<Value>\(escaped(member.value.stringValue ?? member.value.text))</Value>"
                + "</Attribute>"
        }.joined()
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\r": result += "&#xD;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
