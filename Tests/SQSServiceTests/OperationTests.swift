// SPDX-License-Identifier: Apache-2.0
// Operations through the dispatcher: lists, polls, batches, and a store that was reopened.

import Basics
import Chronology
import ServiceKit
import Storage
import Testing

@testable import SQSService

@Suite struct OperationTests {
    // MARK: Lists

    @Test func listsPageOverDeletedNames() async throws {
        let bed = try await SQSBed(limits: .aws)
        let names = (0..<12).map { "q\($0 + 10)" }
        for name in names { try await bed.create(name) }
        for name in names where name.hasSuffix("2") || name.hasSuffix("3") || name == "q10" {
            try await bed.call("DeleteQueue", ["QueueUrl": SQSBed.url(name)])
        }
        var listed: [String] = []
        var token: JSONValue?
        repeat {
            var input: JSONObject = [
                "MaxResults": .integer(2), "QueueNamePrefix": .string("q"),
            ]
            if let token { input["NextToken"] = token }
            let reply = try await bed.call("ListQueues", input)
            let urls = reply["QueueUrls"]?.arrayValue ?? []
            #expect(urls.count <= 2)
            listed += urls.compactMap {
                $0.stringValue?.split(separator: "/").last.map(String.init)
            }
            token = reply["NextToken"]
        } while token != nil
        #expect(
            listed == ["q11", "q14", "q15", "q16", "q17", "q18", "q19", "q20", "q21"])
    }

    @Test func aDeletedNameWaitsUnderAWSLimits() async throws {
        let bed = try await SQSBed(limits: .aws)
        try await bed.create("q")
        try await bed.call("DeleteQueue", ["QueueUrl": SQSBed.url("q")])
        let create: JSONObject = ["QueueName": .string("q")]
        #expect(await bed.fault("CreateQueue", create) == "QueueDeletedRecently")
        bed.advance(seconds: 60)
        try await bed.create("q")
        #expect(try await bed.counts("q") == ["0", "0", "0"])
    }

    // MARK: Batches

    /// An id whose time has passed is brought anew while its old entry is being forgotten.
    @Test func aBatchMayBringAnIdAnew() async throws {
        let bed = try await SQSBed()
        try await bed.create("q.fifo", ["FifoQueue": .string("true")])
        try await sendBatch(["x", "y"], bed)
        bed.advance(seconds: 301)
        try await sendBatch(["x", "z", "w"], bed)
        #expect(try await bed.counts("q.fifo")[0] == "5")
        try await sendBatch(["x", "z", "w"], bed)
        #expect(try await bed.counts("q.fifo")[0] == "5")
        let again = try await bed.restarted()
        again.advance(seconds: 302)
        try await sendBatch(["x", "z", "w"], again)
        #expect(try await again.counts("q.fifo")[0] == "5")
    }

    private func sendBatch(_ ids: [String], _ bed: SQSBed) async throws {
        let entries = ids.map { id in
            JSONValue.object([
                "Id": .string(id), "MessageBody": .string(id), "MessageGroupId": .string("g"),
                "MessageDeduplicationId": .string(id),
            ])
        }
        let reply = try await bed.call(
            "SendMessageBatch",
            ["QueueUrl": SQSBed.url("q.fifo"), "Entries": .array(entries)])
        #expect(reply["Successful"]?.arrayValue?.count == ids.count)
    }

    // MARK: Polls

    @Test func aPollEndsAtArrivalAndAtItsTime() async throws {
        let bed = try await SQSBed()
        try await bed.create("q")
        async let first = poll("q", bed)
        try await waitForWaiter("q", bed)
        try await bed.send("m", to: "q")
        let got = try await first
        #expect(got == ["m"])
        async let second = poll("q", bed)
        try await waitForWaiter("q", bed)
        bed.advance(seconds: 20)
        let nothing = try await second
        #expect(nothing == [])
    }

    @Test func aPollSeesADelayedMessageWhenItIsDue() async throws {
        let bed = try await SQSBed()
        try await bed.create("q", ["DelaySeconds": .string("5")])
        try await bed.send("m", to: "q")
        async let first = poll("q", bed)
        try await waitForWaiter("q", bed)
        bed.advance(seconds: 5)
        let got = try await first
        #expect(got == ["m"])
    }

    /// A store that was reopened has not deleted the queue: a poll goes on in the new cell.
    @Test func aPollOutlivesAReopenedStore() async throws {
        let bed = try await SQSBed()
        try await bed.create("q")
        async let first = poll("q", bed)
        try await waitForWaiter("q", bed)
        bed.service.dropResidentState()
        try await waitForWaiter("q", bed)
        try await bed.send("m", to: "q")
        let got = try await first
        #expect(got == ["m"])
    }

    @Test func aPollOfADeletedQueueIsRefused() async throws {
        let bed = try await SQSBed()
        try await bed.create("q")
        async let fault = bed.fault(
            "ReceiveMessage", ["QueueUrl": SQSBed.url("q"), "WaitTimeSeconds": .integer(20)])
        try await waitForWaiter("q", bed)
        try await bed.call("DeleteQueue", ["QueueUrl": SQSBed.url("q")])
        let refusal = await fault
        #expect(refusal == "QueueDoesNotExist")
    }

    private func poll(_ queue: String, _ bed: SQSBed) async throws -> [String] {
        let reply = try await bed.call(
            "ReceiveMessage",
            ["QueueUrl": SQSBed.url(queue), "WaitTimeSeconds": .integer(20)])
        return (reply["Messages"]?.arrayValue ?? []).compactMap { $0["Body"]?.stringValue }
    }

    private func waitForWaiter(_ queue: String, _ bed: SQSBed) async throws {
        while try await bed.service.registry.cell(SQSBed.name(queue))?.waiterCount == 0 {
            await Task.yield()
        }
    }

    // MARK: A dropped cell

    /// A cell that lost its claim is not taken for a deleted queue, nor kept.
    @Test func aCellThatLostItsClaimIsLoadedAnew() async throws {
        let bed = try await SQSBed()
        try await bed.create("q")
        try await bed.send("one", to: "q")
        let cell = try await bed.cell("q")
        _ = try await bed.world.store.claim(cell.cell)
        // The service's claim has ended without its knowledge.
        try await bed.send("two", to: "q")
        #expect(try await bed.receive("q") == ["one", "two"])
        let other = try await bed.cell("q")
        #expect(other !== cell)
        #expect(throws: StoreError.fenced) { try cell.look { _, _ in () } }
    }
}
