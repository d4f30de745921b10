// SPDX-License-Identifier: Apache-2.0
// Mappings from real queues to functions: batches, failures, order, life and refusals.

import Basics
import Storage
import Synchronization
import Testing

@testable import LambdaService

@Suite struct MappingTests {
    private func map(_ ground: Ground, _ queue: String, _ more: JSONObject = [:]) async throws
        -> JSONValue
    {
        var input: JSONObject = [
            "FunctionName": .string("f"), "EventSourceArn": .string(queue),
        ]
        for member in more.members { input[member.name] = member.value }
        return try await ground.lambda("CreateEventSourceMapping", input)
    }

    private static func bodies(_ payload: [UInt8]) -> [String] {
        let records = (try? JSONValue(parsing: payload))?["Records"]?.arrayValue ?? []
        return records.map { $0["body"]?.stringValue ?? "?" }
    }

    /// The bodies of each invocation.
    private func batches(_ ground: Ground) -> [[String]] {
        ground.executor.invocations.map { Self.bodies($0.payload) }
    }

    private func failing(on word: String) -> ClosureExecutor.Body {
        { invocation, _ in
            Self.bodies(invocation.payload).contains(word) ? .failure("no") : .answer("null")
        }
    }

    private func naming(_ word: String) -> ClosureExecutor.Body {
        { invocation, _ in
            let records =
                (try? JSONValue(parsing: invocation.payload))?["Records"]?.arrayValue ?? []
            let failed = records.filter { $0["body"]?.stringValue == word }
            let items = failed.map {
                JSONValue.object(["itemIdentifier": $0["messageId"] ?? .null])
            }
            return .answer(JSONValue.object(["batchItemFailures": .array(items)]).text)
        }
    }

    @Test func messagesAreDeletedOnlyAfterSuccess() async throws {
        let ground = try await Ground()
        let queue = try await ground.queue()
        try await ground.function()
        ground.executor.run(failing(on: "poison"))
        _ = try await map(ground, queue, ["BatchSize": .integer(1)])
        for body in ["fine", "poison"] { try await ground.send(body, to: queue) }
        await ground.idle()
        #expect(batches(ground).map(\.count) == [1, 1])
        #expect(try await ground.counts(queue) == ["0", "1"])
        await ground.advance(seconds: 30)
        #expect(batches(ground).filter { $0 == ["poison"] }.count == 2)
        #expect(batches(ground).filter { $0 == ["fine"] }.count == 1)
        await ground.stop()
    }

    @Test func batchesAreBounded() async throws {
        let ground = try await Ground()
        let queue = try await ground.queue()
        try await ground.function()
        for number in 0..<12 { try await ground.send("\(number)", to: queue) }
        _ = try await map(ground, queue, ["BatchSize": .integer(4)])
        await ground.idle()
        #expect(batches(ground).allSatisfy { $0.count <= 4 })
        #expect(batches(ground).flatMap { $0 }.count == 12)
        #expect(try await ground.counts(queue) == ["0", "0"])
        await ground.stop()
    }

    @Test func aWindowGathersABatch() async throws {
        let ground = try await Ground()
        let queue = try await ground.queue()
        try await ground.function()
        let settings: JSONObject = [
            "BatchSize": .integer(100), "MaximumBatchingWindowInSeconds": .integer(20),
        ]
        _ = try await map(ground, queue, settings)
        for number in 0..<15 { try await ground.send("\(number)", to: queue) }
        await ground.advance(seconds: 10)
        #expect(batches(ground) == [])
        await ground.advance(seconds: 11)
        #expect(batches(ground).map(\.count) == [15])
        await ground.stop()
    }

    @Test func aFullBatchDoesNotWaitForItsWindow() async throws {
        let ground = try await Ground()
        let queue = try await ground.queue()
        try await ground.function()
        let settings: JSONObject = [
            "BatchSize": .integer(12), "MaximumBatchingWindowInSeconds": .integer(300),
        ]
        _ = try await map(ground, queue, settings)
        for number in 0..<12 { try await ground.send("\(number)", to: queue) }
        await ground.idle()
        #expect(batches(ground).map(\.count) == [12])
        await ground.stop()
    }

    @Test func partialFailuresReturnOnlyWhatFailed() async throws {
        let ground = try await Ground()
        let queue = try await ground.queue()
        try await ground.function()
        ground.executor.run(naming("poison"))
        for body in ["one", "poison", "two"] { try await ground.send(body, to: queue) }
        _ = try await map(
            ground, queue,
            ["FunctionResponseTypes": .array([.string("ReportBatchItemFailures")])])
        await ground.idle()
        #expect(try await ground.counts(queue) == ["0", "1"])
        await ground.advance(seconds: 30)
        #expect(batches(ground) == [["one", "poison", "two"], ["poison"]])
        await ground.stop()
    }

    @Test func fifoStopsAtTheFirstFailedItem() async throws {
        let ground = try await Ground()
        let queue = try await ground.queue("q.fifo", ["FifoQueue": "true"])
        try await ground.function()
        ground.executor.run(naming("poison"))
        for body in ["1", "poison", "3"] { try await ground.send(body, to: queue, group: "g") }
        _ = try await map(
            ground, queue,
            ["FunctionResponseTypes": .array([.string("ReportBatchItemFailures")])])
        await ground.idle()
        #expect(try await ground.counts(queue) == ["0", "2"])
        ground.executor.run { _, _ in .answer("null") }
        await ground.advance(seconds: 30)
        #expect(batches(ground) == [["1", "poison", "3"], ["poison", "3"]])
        #expect(try await ground.counts(queue) == ["0", "0"])
        await ground.stop()
    }

    @Test func groupsKeepTheirOrder() async throws {
        let ground = try await Ground()
        let queue = try await ground.queue("q.fifo", ["FifoQueue": "true"])
        try await ground.function()
        for number in 0..<6 {
            for group in ["a", "b"] {
                try await ground.send("\(group)\(number)", to: queue, group: group)
            }
        }
        _ = try await map(ground, queue, ["BatchSize": .integer(2)])
        await ground.idle()
        let seen = batches(ground).flatMap { $0 }
        for group in ["a", "b"] {
            #expect(seen.filter { $0.hasPrefix(group) } == (0..<6).map { "\(group)\($0)" })
        }
        await ground.stop()
    }

    @Test func oneAdvanceTakesPoisonToTheDeadLetterQueue() async throws {
        let ground = try await Ground()
        let dead = try await ground.queue("dead")
        let queue = try await ground.queue(
            "q",
            ["RedrivePolicy": #"{"deadLetterTargetArn":"\#(dead)","maxReceiveCount":"3"}"#])
        try await ground.function()
        ground.executor.run(failing(on: "poison"))
        _ = try await map(ground, queue, ["BatchSize": .integer(1)])
        try await ground.send("poison", to: queue)
        await ground.advance(seconds: 600)
        #expect(batches(ground).count == 3)
        #expect(try await ground.take(dead).count == 1)
        #expect(try await ground.counts(queue) == ["0", "0"])
        await ground.stop()
    }

    @Test func resultsAreTold() async throws {
        let ground = try await Ground()
        let queue = try await ground.queue()
        try await ground.function()
        ground.executor.run(failing(on: "poison"))
        let made = try await map(ground, queue)
        #expect(made["State"]?.stringValue == "Creating")
        let uuid = try #require(made["UUID"])
        func got(_ member: String) async throws -> String? {
            try await ground.lambda("GetEventSourceMapping", ["UUID": uuid])[member]?.stringValue
        }
        #expect(try await got("State") == "Enabled")
        #expect(try await got("LastProcessingResult") == "No records processed")
        try await ground.send("fine", to: queue)
        await ground.idle()
        #expect(try await got("LastProcessingResult") == "OK")
        try await ground.send("poison", to: queue)
        await ground.idle()
        #expect(try await got("LastProcessingResult") == "PROBLEM: Function call failed")
        await ground.stop()
    }

    @Test func aDisabledMappingRests() async throws {
        let ground = try await Ground()
        let queue = try await ground.queue()
        try await ground.function()
        let uuid = try #require(try await map(ground, queue)["UUID"])
        let update: JSONObject = ["UUID": uuid, "Enabled": .bool(false)]
        let reply = try await ground.lambda("UpdateEventSourceMapping", update)
        #expect(reply["State"]?.stringValue == "Disabling")
        try await ground.send("waiting", to: queue)
        await ground.advance(seconds: 1)
        #expect(batches(ground) == [])
        #expect(try await ground.counts(queue) == ["1", "0"])
        try await ground.lambda(
            "UpdateEventSourceMapping", ["UUID": uuid, "Enabled": .bool(true)])
        await ground.idle()
        #expect(batches(ground) == [["waiting"]])
        let deleted = try await ground.lambda("DeleteEventSourceMapping", ["UUID": uuid])
        #expect(deleted["State"]?.stringValue == "Deleting")
        try await ground.send("left", to: queue)
        await ground.advance(seconds: 1)
        #expect(try await ground.counts(queue) == ["1", "0"])
        await ground.stop()
    }

    @Test func resumesAfterARestart() async throws {
        let store = MemoryStore()
        let blobs = SumBlobs()
        let first = try await Ground(store: store, blobs: blobs)
        let queue = try await first.queue()
        try await first.function()
        _ = try await map(first, queue)
        await first.stop()
        let second = try await Ground(store: store, blobs: blobs)
        try await second.send("after", to: queue)
        await second.idle()
        #expect(batches(second) == [["after"]])
        #expect(batches(first) == [])
        await second.stop()
    }

    @Test func anUnavailableFunctionMakesThePollerPause() async throws {
        let ground = try await Ground()
        let queue = try await ground.queue()
        try await ground.function()
        ground.executor.run { _, _ in
            FunctionResult(outcome: .unavailable(.startFailed(message: "no room")))
        }
        let uuid = try #require(try await map(ground, queue)["UUID"])
        for number in 0..<30 { try await ground.send("\(number)", to: queue) }
        await ground.idle()
        // No more than the batches begun before the first obstacle was met.
        #expect(ground.executor.invocations.count <= 5)
        let got = try await ground.lambda("GetEventSourceMapping", ["UUID": uuid])
        #expect(got["LastProcessingResult"]?.stringValue == "PROBLEM: no room")
        ground.executor.run { _, _ in .answer("null") }
        await ground.advance(seconds: 120)
        #expect(try await ground.counts(queue) == ["0", "0"])
        await ground.stop()
    }

    @Test func refusesWhatAWSRefuses() async throws {
        let ground = try await Ground(roles: [
            "worker": ["sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage"],
            "idle": ["sqs:ReceiveMessage", "sqs:GetQueueAttributes"],
        ])
        let queue = try await ground.queue()
        let fifo = try await ground.queue("q.fifo", ["FifoQueue": "true"])
        try await ground.function()
        try await ground.function(
            "slow", ["Timeout": .integer(31)])
        try await ground.function(
            "idle", ["Role": .string("arn:aws:iam::000000000000:role/idle")])
        let uuid = try await map(ground, queue)["UUID"]?.stringValue ?? "?"
        let missing = "arn:aws:sqs:us-east-1:000000000000:no"
        let window: JSONObject = ["MaximumBatchingWindowInSeconds": .integer(1)]
        let cases: [(String, JSONObject, String)] = [
            (queue, [:], "ResourceConflictException: An event source mapping with SQS arn"),
            (queue, [:], uuid),
            (
                queue, ["FunctionName": .string("idle")],
                "execution role does not have permissions to call DeleteMessage on SQS"
            ),
            (
                queue, ["FunctionName": .string("slow")],
                "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"
            ),
            (queue, ["FunctionName": .string("no")], "Function not found"),
            (missing, [:], "AWS.SimpleQueueService.NonExistentQueue"),
            (queue, ["BatchSize": .integer(11)], "Maximum batch window in seconds must be"),
            (fifo, window, "Batching window is not supported for FIFO queues."),
            (queue, ["StartingPosition": .string("LATEST")], "NotImplemented: StartingPosition"),
            (
                queue, ["ScalingConfig": .object(["MaximumConcurrency": .integer(1)])],
                "1 validation error"
            ),
            ("arn:aws:kinesis:us-east-1:000000000000:stream/s", [:], "NotImplemented"),
        ]
        for (source, more, expected) in cases {
            let words = await refusal { _ = try await map(ground, source, more) }
            #expect(words.contains(expected), "\(words)")
        }
        await ground.stop()
    }
}
