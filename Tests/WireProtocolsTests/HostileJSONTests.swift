// SPDX-License-Identifier: Apache-2.0
// JSON bodies that are broken, lying or huge: each ends as a SerializationException.

import Basics
import SQSWire
import Testing
import WireModel
import WireProtocols

/// Reads an input as awsJson 1.0.
func readJSON<Operation: WireOperation>(_ type: Operation.Type, _ body: [UInt8])
    throws(ServiceFault) -> ReadResult<Operation.Input>
{
    try AWSJSONProtocol(version: "1.0").read(
        Operation.Input.self, of: Operation.descriptor, from: WireRequest(body: body))
}

@Suite struct HostileJSONTests {
    @Test(arguments: [
        "{", "}", "[]", "null", "\"x\"", "{]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}",
        "{\"QueueUrl\":\"x\"} x", "{\"QueueUrl\":\"x\"}}", "{\"QueueUrl\":'x'}",
        "{\"QueueUrl\":\"x\" \"MessageBody\":\"y\"}", "{\"QueueUrl\":\"unterminated",
        "{\"QueueUrl\":\"ctrl\u{01}\"}", "{\"QueueUrl\":\"\\ud800\"}",
        "{\"QueueUrl\":\"\\ud800\\u0041\"}", "{\"QueueUrl\":\"\\udc00\"}",
        "{\"QueueUrl\":\"\\x\"}", "{\"QueueUrl\":\"\\u12\"}", "{\"QueueUrl\":\"\\",
        "{\"QueueUrl\":1}", "{\"QueueUrl\":true}", "{\"QueueUrl\":{}}", "{\"QueueUrl\":[]}",
        "{\"QueueUrl\":nul}", "{\"QueueUrl\":n", "{\"DelaySeconds\":\"1\"}",
        "{\"DelaySeconds\":1.5}", "{\"DelaySeconds\":01}", "{\"DelaySeconds\":-}",
        "{\"DelaySeconds\":1e}", "{\"DelaySeconds\":2147483648}",
        "{\"DelaySeconds\":99999999999999999999}", "{\"DelaySeconds\":true}",
        "{\"MessageAttributes\":[]}", "{\"MessageAttributes\":{\"a\":1}}",
        "{\"MessageAttributes\":{\"a\":{\"BinaryValue\":\"###\"}}}",
        "{\"Unknown\":{\"a\":[1,2,}}", "{\"Unknown\":[1 2]}", "{\"Unknown\":{1:2}}",
        "{\"Unknown\":tru}", "{\"Unknown\":-a}", "{\"Unknown\":\"\\ud800\"}",
        "\u{FEFF}{}", " ", "{\"QueueUrl\":\"x\",\"QueueUrl\"}",
    ])
    func isRefused(body: String) {
        let fault = #expect(throws: ServiceFault.self) {
            try readJSON(SQS.SendMessage.self, Array(body.utf8))
        }
        #expect(fault?.shapeName == "SerializationException")
        #expect(fault?.httpStatus == 400)
    }

    @Test func badUTF8IsRefused() {
        for bytes: [UInt8] in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]] {
            let body = Array("{\"QueueUrl\":\"".utf8) + bytes + Array("\"}".utf8)
            #expect(throws: ServiceFault.self) { try readJSON(SQS.SendMessage.self, body) }
        }
    }

    @Test(arguments: ["{\"Unknown\":", "[", "{\"a\":"])
    func depthIsBounded(open: String) {
        let body = "{\"Unknown\":" + String(repeating: open, count: 100_000)
        #expect(throws: ServiceFault.self) {
            try readJSON(SQS.SendMessage.self, Array(body.utf8))
        }
    }

    /// Every cut of a valid body, and every body with one byte changed: no trap, no hang.
    @Test func everyCutAndFlipEnds() throws {
        let body = Array(
            """
            {"QueueUrl":"https://x/\\u00e9","MessageBody":"b\\n","DelaySeconds":-12,"Other":[1.5e3,
            {"a":null,"b":[true,false]}],"MessageAttributes":{"k":{"DataType":"Binary",
            "BinaryValue":"AAEC"}}}
            """.utf8)
        _ = try readJSON(SQS.SendMessage.self, body)
        var refused = 0
        for end in body.indices {
            if (try? readJSON(SQS.SendMessage.self, Array(body[..<end]))) == nil { refused += 1 }
        }
        // The empty body stands for an empty object.
        #expect(refused == body.count - 1)
        for index in body.indices {
            for byte: UInt8 in [0x00, 0x22, 0x5C, 0x7B, 0x5D, 0x2C, 0x80, 0xFF] {
                var changed = body
                changed[index] = byte
                _ = try? readJSON(SQS.SendMessage.self, changed)
            }
        }
    }

    @Test func unknownMembersArePassedOver() throws {
        let body = "{\"x\":{\"y\":[1,{\"z\":\"\\\"\"}]},\"QueueUrl\":\"q\",\"MessageBody\":\"b\"}"
        let result = try readJSON(SQS.SendMessage.self, Array(body.utf8))
        #expect(result.input.queueUrl == "q")
        #expect(result.violations.isEmpty)
        #expect(
            SQS.SendMessageRequest.shape.names(of: result.presentMembers) == [
                "QueueUrl", "MessageBody",
            ])
    }

    @Test func nullMembersAreAbsent() throws {
        let body = "{\"QueueUrl\":null,\"MessageBody\":\"b\",\"DelaySeconds\":null}"
        let result = try readJSON(SQS.SendMessage.self, Array(body.utf8))
        #expect(result.input.delaySeconds == nil)
        #expect(result.violations.map(\.member) == ["QueueUrl"])
        #expect(result.violations.map(\.kind) == [.required])
    }

    @Test func escapesInNamesAndTextsAreRead() throws {
        let body = "{\"Queue\\u0055rl\":\"\\u0061\\ud83d\\ude00\\/\\t\",\"MessageBody\":\"😀\"}"
        let result = try readJSON(SQS.SendMessage.self, Array(body.utf8))
        #expect(result.input.queueUrl == "a😀/\t")
        #expect(result.input.messageBody == "😀")
    }

    @Test func theLastOfRepeatedMembersCounts() throws {
        let body = "{\"QueueUrl\":\"a\",\"QueueUrl\":\"b\",\"MessageBody\":\"\"}"
        #expect(try readJSON(SQS.SendMessage.self, Array(body.utf8)).input.queueUrl == "b")
    }

    @Test func wholeNumbersInOtherFormsAreIntegers() throws {
        for (text, value) in [
            ("1e1", 10), ("10.0", 10), ("-0", 0), ("-2147483648", -2_147_483_648),
        ] {
            let body = "{\"QueueUrl\":\"a\",\"MessageBody\":\"\",\"DelaySeconds\":\(text)}"
            let input = try readJSON(SQS.SendMessage.self, Array(body.utf8)).input
            #expect(input.delaySeconds == Int32(value))
        }
    }
}
