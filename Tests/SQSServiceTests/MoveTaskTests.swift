// SPDX-License-Identifier: Apache-2.0
// Move tasks out of dead-letter queues: their pace, their ends, and what a crash leaves of them.

import Basics
import Chronology
import ServiceKit
import Storage
import Testing

@testable import SQSService

@Suite struct MoveTaskTests {
    @Test func movesToTheSourceAsNewMessages() async throws {
        let bed = try await SQSBed()
        try await deadLetters(["a", "b"], bed)
        bed.advance(seconds: 100)
        try await start(bed)
        await bed.rest()
        #expect(try await bed.counts("dead") == ["0", "0", "0"])
        #expect(try await bed.counts("source") == ["2", "0", "0"])
        let task = try await task(bed)
        #expect(task["Status"]?.stringValue == "COMPLETED")
        #expect(task["ApproximateNumberOfMessagesMoved"]?.integerValue == 2)
        #expect(task["ApproximateNumberOfMessagesToMove"]?.integerValue == 2)
        #expect(task["TaskHandle"] == nil)
        // Retention begins anew: the messages were sent just now.
        let cell = try await bed.cell("source")
        let ages = try cell.look { queue, now in
            queue.window.map { now.milliseconds(since: $0.sentAt) }
        }
        #expect(ages.result == [0, 0])
        for kind in [KeyKind.sqsOutbox, .transferAccepted] {
            #expect(try await stored(kind, bed) == 0)
        }
    }

    @Test func movesAtItsRateOnTheVirtualClock() async throws {
        let bed = try await SQSBed()
        try await deadLetters((1...6).map { "m\($0)" }, bed)
        try await start(bed, rate: 2)
        await bed.rest()
        #expect(try await bed.counts("source")[0] == "1")
        bed.world.advance(milliseconds: 499)
        await bed.rest()
        #expect(try await bed.counts("source")[0] == "1")
        bed.world.advance(milliseconds: 1)
        await bed.rest()
        #expect(try await bed.counts("source")[0] == "2")
        bed.advance(seconds: 1)
        await bed.rest()
        #expect(try await bed.counts("source")[0] == "4")
        #expect(try await task(bed)["Status"]?.stringValue == "RUNNING")
        bed.advance(seconds: 10)
        await bed.rest()
        #expect(try await bed.counts("source")[0] == "6")
        #expect(try await task(bed)["Status"]?.stringValue == "COMPLETED")
    }

    @Test func aRestartGoesOnAtTheSamePace() async throws {
        let bed = try await SQSBed()
        try await deadLetters(["a", "b", "c"], bed)
        try await start(bed, rate: 1)
        await bed.rest()
        let again = try await bed.restarted()
        // Its clock begins anew; the task began a second later.
        again.advance(seconds: 1)
        await again.rest()
        #expect(try await again.counts("source")[0] == "1")
        again.advance(seconds: 1)
        await again.rest()
        #expect(try await again.counts("source")[0] == "2")
        again.advance(seconds: 1)
        await again.rest()
        #expect(try await again.counts("source")[0] == "3")
        #expect(try await task(again)["ApproximateNumberOfMessagesMoved"]?.integerValue == 3)
    }

    /// Killed after the message was marked and before anything was handed over.
    @Test func aRestartHandsOverWhatHadLeft() async throws {
        let bed = try await SQSBed()
        try await deadLetters(["a", "b"], bed)
        let cell = try await bed.cell("dead")
        let move = MoveStart(id: "task", destinationARN: nil, rate: nil)
        _ = try cell.commit { queue, now in ((), try queue.decideStartMove(move, now: now)) }
        _ = try cell.stepMove()
        #expect(try await bed.counts("dead") == ["0", "0", "0"])
        let again = try await bed.restarted()
        await again.rest()
        #expect(try await again.receive("source") == ["a", "b"])
        #expect(try await task(again)["ApproximateNumberOfMessagesMoved"]?.integerValue == 2)
    }

    @Test func aCancelledTaskLeavesTheRest() async throws {
        let bed = try await SQSBed()
        try await deadLetters(["a", "b", "c"], bed)
        let handle = try await start(bed, rate: 1)
        await bed.rest()
        let reply = try await bed.call("CancelMessageMoveTask", ["TaskHandle": .string(handle)])
        #expect(reply["ApproximateNumberOfMessagesMoved"]?.integerValue == 1)
        bed.advance(seconds: 10)
        await bed.rest()
        #expect(try await task(bed)["Status"]?.stringValue == "CANCELLED")
        #expect(try await bed.receive("dead") == ["b", "c"])
        let fault = await bed.fault("CancelMessageMoveTask", ["TaskHandle": .string(handle)])
        #expect(fault == "InvalidParameterValueException")
    }

    @Test func aMessageOfNoSourceFailsTheTask() async throws {
        let bed = try await SQSBed()
        try await bed.create("dead")
        try await bed.create("source", deadLettersTo: "dead")
        for body in ["x", "y"] { try await bed.send(body, to: "dead") }
        try await start(bed)
        await bed.rest()
        let task = try await task(bed)
        #expect(task["Status"]?.stringValue == "FAILED")
        #expect(task["FailureReason"]?.stringValue == "CouldNotDetermineMessageSource")
        #expect(try await bed.receive("dead") == ["x", "y"])
        #expect(try await stored(.sqsOutbox, bed) == 0)
    }

    @Test func aDeletedDestinationFailsTheTask() async throws {
        let bed = try await SQSBed()
        try await deadLetters(["a", "b"], bed)
        try await bed.create("other")
        try await start(bed, rate: 1, to: "other")
        await bed.rest()
        try await bed.call("DeleteQueue", ["QueueUrl": SQSBed.url("other")])
        bed.advance(seconds: 1)
        await bed.rest()
        let task = try await task(bed)
        #expect(task["Status"]?.stringValue == "FAILED")
        #expect(
            task["FailureReason"]?.stringValue == "AWS.SimpleQueueService.NonExistentQueue")
        #expect(try await bed.receive("dead") == ["b"])
    }

    /// What comes after the start stays: else a task could run for ever.
    @Test func laterMessagesStay() async throws {
        let bed = try await SQSBed()
        try await deadLetters(["a", "b"], bed)
        try await bed.create("other")
        try await start(bed, rate: 1, to: "other")
        await bed.rest()
        try await bed.send("late", to: "dead")
        bed.advance(seconds: 10)
        await bed.rest()
        #expect(try await task(bed)["Status"]?.stringValue == "COMPLETED")
        #expect(try await bed.receive("dead") == ["late"])
    }

    @Test func onlyTenTasksAreRemembered() async throws {
        let bed = try await SQSBed()
        try await deadLetters([], bed)
        for _ in 0..<12 {
            try await start(bed)
            await bed.rest()
        }
        let reply = try await bed.call(
            "ListMessageMoveTasks",
            ["SourceArn": .string(SQSBed.arn("dead")), "MaxResults": .integer(10)])
        #expect(reply["Results"]?.arrayValue?.count == 10)
        #expect(try await stored(.sqsMove, bed) == 10)
    }

    @Test func aBacklogBeyondTheWindowMoves() async throws {
        let bed = try await SQSBed()
        try await bed.create("dead")
        try await bed.create("source", deadLettersTo: "dead")
        try await bed.create("other")
        let count = Queue.windowCountMax + 300
        for number in 0..<count { try await bed.send("\(number)", to: "dead") }
        try await start(bed, to: "other")
        await bed.rest()
        #expect(try await bed.counts("other")[0] == "\(count)")
        #expect(try await bed.counts("dead") == ["0", "0", "0"])
    }

    /// The letters' index follows policies and deletions.
    @Test func theIndexOfSourcesFollowsThePolicies() async throws {
        let bed = try await SQSBed()
        try await bed.create("dead")
        try await bed.create("grave")
        try await bed.create("source", deadLettersTo: "dead")
        #expect(try await sources(of: "dead", bed) == ["source"])
        let policy = JSONValue.object([
            "deadLetterTargetArn": .string(SQSBed.arn("grave")), "maxReceiveCount": .integer(1),
        ])
        try await set("RedrivePolicy", policy.text, on: "source", bed)
        #expect(try await sources(of: "dead", bed) == [])
        #expect(try await sources(of: "grave", bed) == ["source"])
        let again = try await bed.restarted()
        #expect(try await sources(of: "grave", again) == ["source"])
        try await set("RedrivePolicy", "", on: "source", again)
        #expect(try await sources(of: "grave", again) == [])
        try await set("RedrivePolicy", policy.text, on: "source", again)
        try await again.call("DeleteQueue", ["QueueUrl": SQSBed.url("source")])
        #expect(try await sources(of: "grave", again) == [])
        #expect(try await stored(.sqsDeadLetterSource, again) == 0)
    }

    // MARK: Shorthand

    /// Messages that failed in `source` and lie in `dead`.
    private func deadLetters(_ bodies: [String], _ bed: SQSBed) async throws {
        try await bed.create("dead")
        try await bed.create("source", deadLettersTo: "dead")
        for body in bodies { try await bed.send(body, to: "source") }
        _ = try await bed.receive("source")
        bed.advance(seconds: 1)
        #expect(try await bed.receive("source") == [])
        await bed.rest()
        #expect(try await bed.counts("dead")[0] == "\(bodies.count)")
    }

    @discardableResult
    private func start(_ bed: SQSBed, rate: Int64? = nil, to target: String? = nil) async throws
        -> String
    {
        var input: JSONObject = ["SourceArn": .string(SQSBed.arn("dead"))]
        if let rate { input["MaxNumberOfMessagesPerSecond"] = .integer(rate) }
        if let target { input["DestinationArn"] = .string(SQSBed.arn(target)) }
        return try await bed.call("StartMessageMoveTask", input)["TaskHandle"]?.stringValue ?? ""
    }

    /// The latest task.
    private func task(_ bed: SQSBed) async throws -> JSONValue {
        let reply = try await bed.call(
            "ListMessageMoveTasks", ["SourceArn": .string(SQSBed.arn("dead"))])
        return try #require(reply["Results"]?.arrayValue?.first)
    }

    private func sources(of queue: String, _ bed: SQSBed) async throws -> [String] {
        try await bed.service.registry.deadLetterSources(
            of: try SQSBed.name(queue), after: nil, limit: 10)
    }

    private func set(_ name: String, _ value: String, on queue: String, _ bed: SQSBed)
        async throws
    {
        try await bed.call(
            "SetQueueAttributes",
            ["QueueUrl": SQSBed.url(queue), "Attributes": .object([name: .string(value)])])
    }

    private func stored(_ kind: KeyKind, _ bed: SQSBed) async throws -> Int {
        try await bed.world.store.range(KeyRange(kind: kind), limit: .max).count
    }
}
