// SPDX-License-Identifier: Apache-2.0
// Stored and opaque forms: what is written reads back, what is tampered with is refused.

import Basics
import Chronology
import ServiceKit
import Storage
import Testing

@testable import SQSService

@Suite struct RecordTests {
    private let key = QueueKeys(cell: CellID(rawValue: 3))

    @Test func aMessageReadsBack() throws {
        var message = Message(
            messageID: "id", body: "b\u{1F600}", bodyDigest: MessageDigest.md5("b"),
            senderID: "AIDA", sentAt: Timestamp(milliseconds: 123_456_789))
        message.attributes = [
            MessageAttribute(name: "a", dataType: "String.x", value: .string("")),
            MessageAttribute(name: "b", dataType: "Binary", value: .binary([0, 255])),
        ]
        message.traceHeader = "Root=1"
        message.groupID = "g"
        message.deduplicationID = "d"
        message.deadLetterSourceARN = "arn:aws:sqs:us-east-1:000000000000:s"
        message.cause = .max
        let position = key.message(MessagePosition(1))
        #expect(try Message(message.record, key: position) == message)
        let outline = try Message.outline(message.record, key: position)
        #expect(outline.sentAt == message.sentAt && outline.groupID == "g")
    }

    @Test func leasesHeadersAndEntriesReadBack() throws {
        var lease = Lease(visibleAt: .distantPast, sentAt: Timestamp(milliseconds: 1))
        lease.receiveCount = .max
        lease.firstReceivedAt = Timestamp(milliseconds: 2)
        lease.receivedAt = Timestamp(milliseconds: 3)
        lease.nonce = .max
        lease.isLeaving = true
        #expect(try Lease(lease.record, key: key.lease(MessagePosition(1))) == lease)
        let plain = Lease(visibleAt: Timestamp(milliseconds: 9), sentAt: .distantPast)
        #expect(try Lease(plain.record, key: key.lease(MessagePosition(1))) == plain)
        var header = QueueHeader()
        header.nextPosition = MessagePosition(.max)
        header.freshCount = 5
        header.purgedAt = Timestamp(milliseconds: 4)
        #expect(try QueueHeader(header.record, key: key.header) == header)
        let entry = DeduplicationEntry(
            messageID: "m", position: MessagePosition(8), expiresAt: Timestamp(milliseconds: 7))
        let entryKey = key.deduplication(DeduplicationKey(group: nil, identifier: "d"))
        #expect(try DeduplicationEntry(entry.record, key: entryKey) == entry)
    }

    @Test func aConfigurationReadsBack() throws {
        var configuration = QueueConfiguration(
            account: .local, region: .usEast1, name: "q.fifo",
            createdAt: Timestamp(milliseconds: 1_000))
        try configuration.set(
            [
                "DelaySeconds": "1", "MaximumMessageSize": "2048", "VisibilityTimeout": "7",
                "MessageRetentionPeriod": "120", "ReceiveMessageWaitTimeSeconds": "3",
                "ContentBasedDeduplication": "true", "DeduplicationScope": "messageGroup",
                "FifoThroughputLimit": "perMessageGroupId",
                "RedrivePolicy":
                    #"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:d.fifo","#
                    + #""maxReceiveCount":"4"}"#,
                "RedriveAllowPolicy": #"{"redrivePermission":"denyAll"}"#,
                "KmsMasterKeyId": "k",
            ], limits: SQSLimits(), isCreating: true)
        configuration.tags = ["b": "2", "a": ""]
        let read = try QueueConfiguration(configuration.record, key: key.configuration)
        #expect(read.record == configuration.record)
        #expect(read.settable.map(\.value) == configuration.settable.map(\.value))
        #expect(read.redrivePolicy?.maxReceiveCount == 4)
        #expect(read.redriveAllowance == .denyAll)
        #expect(read.tags == configuration.tags)
    }

    // MARK: Receipt handles

    @Test func aHandleReadsBack() {
        for number in [0, 1, 77, UInt64.max] {
            let handle = ReceiptHandle(
                cell: number, position: MessagePosition(number ^ 5), nonce: ~number)
            #expect(handle.text.utf8.count == 40)
            #expect(ReceiptHandle(parsing: handle.text) == handle)
        }
    }

    @Test func aHandleThatWasChangedIsNone() {
        let text = ReceiptHandle(cell: 7, position: MessagePosition(9), nonce: 11).text
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        for index in text.indices {
            for letter in letters where letter != text[index] {
                var changed = text
                changed.replaceSubrange(index...index, with: [letter])
                #expect(ReceiptHandle(parsing: changed) == nil)
            }
        }
        for other in ["", "x", text + "A", String(text.dropLast()), "ü\(text.dropFirst(2))"] {
            #expect(ReceiptHandle(parsing: other) == nil)
        }
    }

    @Test func aHandleOfAnotherQueueIsRefused() async throws {
        let bed = try await QueueBed()
        try bed.send()
        let taken = try await bed.receive()
        let delivery = try #require(taken.first)
        let foreign = ReceiptHandle(
            cell: 8, position: delivery.position, nonce: delivery.lease.nonce)
        #expect(throws: QueueRefusal.receiptHandleInvalid) { try bed.delete(foreign) }
        #expect(throws: QueueRefusal.receiptHandleInvalid) {
            try bed.changeVisibility(foreign, 1)
        }
    }

    // MARK: Digests

    /// Computed by an independent implementation of the documented algorithm.
    @Test func digestsAreAWSs() {
        let attributes = [
            MessageAttribute(name: "color", dataType: "String", value: .string("red")),
            MessageAttribute(name: "size", dataType: "Number.int", value: .string("42")),
            MessageAttribute(name: "ü", dataType: "Binary", value: .binary([0, 1, 255])),
        ]
        #expect(
            MessageDigest.hexadecimal(of: attributes) == "91ab693492ef4649540ae0736d2ab56c")
        #expect(MessageDigest.hexadecimal(of: []) == nil)
        #expect(Hex.encode(MessageDigest.md5("hello")) == "5d41402abc4b2a76b9719d911017c592")
        #expect(
            MessageDigest.contentDeduplicationID("hello")
                == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
    }

    // MARK: Attributes

    @Test(arguments: [
        ("DelaySeconds", "901"), ("DelaySeconds", "-1"), ("DelaySeconds", "x"),
        ("MaximumMessageSize", "1023"), ("MaximumMessageSize", "1048577"),
        ("MessageRetentionPeriod", "59"), ("MessageRetentionPeriod", "1209601"),
        ("ReceiveMessageWaitTimeSeconds", "21"), ("VisibilityTimeout", "43201"),
        ("FifoQueue", "true"), ("ContentBasedDeduplication", "true"),
        ("DeduplicationScope", "queue"), ("RedrivePolicy", "[]"),
        ("RedrivePolicy", #"{"maxReceiveCount":1}"#),
        ("RedrivePolicy", #"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:d"}"#),
        (
            "RedrivePolicy",
            #"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:d","maxReceiveCount":0}"#
        ),
        (
            "RedrivePolicy",
            #"{"deadLetterTargetArn":"arn:aws:sns:us-east-1:000000000000:d","maxReceiveCount":1}"#
        ),
        ("RedriveAllowPolicy", #"{"redrivePermission":"byQueue"}"#), ("Policy", "{"),
        ("QueueArn", "x"), ("Nonsense", "1"),
    ])
    func badAttributesAreRefused(_ name: String, _ value: String) {
        var configuration = QueueConfiguration(
            account: .local, region: .usEast1, name: "q", createdAt: .distantPast)
        #expect(throws: AttributeRefusal.self) {
            try configuration.set([name: value], limits: SQSLimits(), isCreating: true)
        }
    }
}
