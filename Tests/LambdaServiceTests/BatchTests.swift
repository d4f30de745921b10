// SPDX-License-Identifier: Apache-2.0
// Events made of messages, and what a function's answer says about them.

import Basics
import Testing

@testable import LambdaService

@Suite struct BatchTests {
    private let queue = ARN(service: "sqs", region: .usEast1, account: .local, resource: "q")

    private func message(_ id: String, group: String? = nil, body: String = "b") throws
        -> QueueEventMessage
    {
        var attributes: JSONObject = ["SentTimestamp": .string("1")]
        if let group { attributes["MessageGroupId"] = .string(group) }
        let value = JSONValue.object([
            "MessageId": .string(id), "ReceiptHandle": .string("h-\(id)"),
            "Body": .string(body), "MD5OfBody": .string("m"),
            "Attributes": .object(attributes),
            "MessageAttributes": .object([
                "kind": .object(["DataType": .string("String"), "StringValue": .string("x")])
            ]),
        ])
        return try #require(QueueEventMessage(value, queue: queue))
    }

    @Test func eventHasTheDocumentedForm() throws {
        let payload = QueueEvent.payload([try message("1")])
        #expect(
            String(decoding: payload, as: UTF8.self)
                == #"{"Records":[{"messageId":"1","receiptHandle":"h-1","body":"b","#
                + #""attributes":{"SentTimestamp":"1"},"messageAttributes":{"kind":{"#
                + #""stringValue":"x","stringListValues":[],"binaryListValues":[],"#
                + #""dataType":"String"}},"md5OfBody":"m","eventSource":"aws:sqs","#
                + #""eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:q","#
                + #""awsRegion":"us-east-1"}]}"#)
    }

    @Test func cutsWhatIsTooLargeForOneEvent() throws {
        let messages = try (0..<5).map {
            try message("\($0)", body: String(repeating: "x", count: 100))
        }
        let each = messages[0].record.count
        let parts = QueueEvent.parts(messages, bytesMax: 2 * each + 20)
        #expect(parts.map(\.count) == [2, 2, 1])
        #expect(parts.allSatisfy { QueueEvent.payload($0).count <= 2 * each + 20 })
        #expect(QueueEvent.parts(messages, bytesMax: 10).map(\.count) == [1, 1, 1, 1, 1])
        #expect(QueueEvent.parts([], bytesMax: 10).isEmpty)
    }

    @Test(arguments: [
        "", "null", "{}", #"{"batchItemFailures":[]}"#, #"{"batchItemFailures":null}"#,
    ])
    func emptyAnswersAreSuccess(_ answer: String) {
        #expect(BatchOutcome.failures(in: Array(answer.utf8), of: ["1"]) == [])
    }

    @Test(arguments: [
        "[]", "\"x\"", "{", #"{"batchItemFailures":{}}"#, #"{"batchItemFailures":[1]}"#,
        #"{"batchItemFailures":[{"itemIdentifier":"9"}]}"#,
        #"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
        #"{"batchItemFailures":[{"itemIdentifier":"1"},{"wrong":"1"}]}"#,
    ])
    func badAnswersFailTheBatch(_ answer: String) {
        #expect(BatchOutcome.failures(in: Array(answer.utf8), of: ["1"]) == nil)
    }

    @Test func onlyWhatFailedStays() throws {
        let messages = try ["1", "2", "3"].map { try message($0) }
        let answer = Array(#"{"batchItemFailures":[{"itemIdentifier":"2"}]}"#.utf8)
        let failed = try #require(BatchOutcome.failures(in: answer, of: ["1", "2", "3"]))
        #expect(BatchOutcome.done(messages, failed: failed) == [0, 2])
    }

    @Test func aGroupStopsAtItsFirstFailure() throws {
        let messages = [
            try message("1", group: "a"), try message("2", group: "b"),
            try message("3", group: "a"), try message("4", group: "b"),
        ]
        #expect(BatchOutcome.done(messages, failed: ["1"]) == [1, 3])
        #expect(BatchOutcome.done(messages, failed: ["4"]) == [0, 1, 2])
    }

    @Test func paceHalvesAndGrows() {
        var pace = PollerPace(start: 5, ceiling: 6)
        pace.succeeded()
        pace.succeeded()
        #expect(pace.limit == 6)
        pace.failed()
        #expect(pace.limit == 3)
        pace.obstructed()
        pace.obstructed()
        pace.obstructed()
        #expect(pace.limit == 1)
        #expect(pace.obstacles == 3)
        pace.succeeded()
        #expect(pace.obstacles == 0)
        #expect(pace.limit == 2)
    }
}
