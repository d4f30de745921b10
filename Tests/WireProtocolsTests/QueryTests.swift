// SPDX-License-Identifier: Apache-2.0
// awsQuery: names and lists in all their spellings, hostile parameters, XML that escapes.

import Basics
import IAMWire
import SQSWire
import Testing
import WireModel
import WireProtocols

/// Reads an input as awsQuery.
func readQuery<Operation: WireOperation>(_ type: Operation.Type, _ body: String)
    throws(ServiceFault) -> ReadResult<Operation.Input>
{
    try AWSQueryProtocol().read(
        Operation.Input.self, of: Operation.descriptor, from: WireRequest(body: Array(body.utf8)))
}

@Suite struct QueryTests {
    @Test func flattenedMapsAndListsAreRead() throws {
        let sent = try readQuery(
            SQS.SendMessage.self,
            "QueueUrl=http%3A%2F%2Fx%2Fq&MessageBody=a+b%2Bc&MessageAttribute.2.Name=n"
                + "&MessageAttribute.2.Value.DataType=Number&MessageAttribute.2.Value.StringValue=7"
                + "&MessageAttribute.1.Name=b&MessageAttribute.1.Value.DataType=Binary"
                + "&MessageAttribute.1.Value.BinaryValue=AAE%3D")
        #expect(sent.input.queueUrl == "http://x/q")
        #expect(sent.input.messageBody == "a b+c")
        #expect(sent.input.messageAttributes?["n"]?.stringValue == "7")
        #expect(sent.input.messageAttributes?["b"]?.binaryValue == [0, 1])
    }

    @Test func itemsComeInOrderOfTheirIndex() throws {
        let read = try readQuery(
            SQS.GetQueueAttributes.self,
            "QueueUrl=q&AttributeName.10=QueueArn&AttributeName.2=All&AttributeName.x=no")
        #expect(read.input.attributeNames == [.all, .queueArn])
    }

    @Test func aLoneItemNeedsNoIndex() throws {
        let read = try readQuery(SQS.GetQueueAttributes.self, "QueueUrl=q&AttributeName=All")
        #expect(read.input.attributeNames == [.all])
    }

    @Test func wrappedListsAreRead() throws {
        let read = try readQuery(
            IAM.CreateRole.self,
            "RoleName=r&AssumeRolePolicyDocument=%7B%7D&Tags.member.1.Key=k&Tags.member.1.Value=v")
        #expect(read.input.tags?.map(\.key) == ["k"])
    }

    @Test func hugeIndicesCostNothing() throws {
        let read = try readQuery(
            SQS.GetQueueAttributes.self,
            "QueueUrl=q&AttributeName.999999999=All&AttributeName.99999999999999999999=QueueArn")
        #expect(read.input.attributeNames == [.all])
    }

    @Test(arguments: [
        "QueueUrl=%", "QueueUrl=%2", "QueueUrl=%GG", "QueueUrl=%FF", "DelaySeconds=x",
        "DelaySeconds=", "DelaySeconds=99999999999", "MessageAttribute.1.Name=a",
        "MessageAttribute.1.Value.DataType=String", "QueueUrl.a=b",
        "MessageAttribute.1.Name=a&MessageAttribute.1.Value.BinaryValue=%23",
    ])
    func malformedParametersAreRefused(body: String) {
        #expect(throws: ServiceFault.self) { try readQuery(SQS.SendMessage.self, body) }
    }

    @Test func theNumberOfParametersIsBounded() {
        let many = (0..<30_000).map { "a.\($0)=x" }.joined(separator: "&")
        #expect(throws: ServiceFault.self) { try readQuery(SQS.SendMessage.self, many) }
        let deep = String(repeating: "a.", count: 10_000) + "b=x"
        #expect(throws: ServiceFault.self) { try readQuery(SQS.SendMessage.self, deep) }
    }

    @Test func everyCutEnds() {
        let body =
            "QueueUrl=http%3A%2F%2Fx&MessageBody=%F0%9F%98%80&MessageAttribute.1.Name=n"
            + "&MessageAttribute.1.Value.StringValue=v"
        for end in body.indices { _ = try? readQuery(SQS.SendMessage.self, String(body[..<end])) }
    }

    @Test func repliesEscapeAndNest() {
        let output = SQS.ReceiveMessageResult(messages: [
            SQS.Message(
                messageId: "1", body: "a<b>&\"\r\u{1}",
                attributes: [.senderId: "x", .sentTimestamp: "1"])
        ])
        let reply = AWSQueryProtocol().response(
            output, of: SQS.ReceiveMessage.descriptor, requestID: "r<1>")
        #expect(
            String(decoding: reply.body, as: UTF8.self) == """
                <?xml version="1.0"?>
                <ReceiveMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">\
                <ReceiveMessageResult><Message><MessageId>1</MessageId>\
                <Body>a&lt;b&gt;&amp;&quot;&#xD;\u{FFFD}</Body>\
                <Attribute><Name>SenderId</Name><Value>x</Value></Attribute>\
                <Attribute><Name>SentTimestamp</Name><Value>1</Value></Attribute>\
                </Message></ReceiveMessageResult>\
                <ResponseMetadata><RequestId>r&lt;1&gt;</RequestId></ResponseMetadata>\
                </ReceiveMessageResponse>

                """)
    }

    @Test func errorsCarryTheLegacyCode() {
        let fault = SQS.Faults.queueDoesNotExist(message: "no & never")
        let reply = AWSQueryProtocol().response(fault: fault, of: SQS.service, requestID: "r")
        let text = String(decoding: reply.body, as: UTF8.self)
        #expect(text.contains("<Code>AWS.SimpleQueueService.NonExistentQueue</Code>"))
        #expect(text.contains("<Message>no &amp; never</Message>"))
        #expect(text.contains("<Type>Sender</Type>"))
        #expect(reply.status == 400)
    }
}
