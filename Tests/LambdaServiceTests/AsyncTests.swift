// SPDX-License-Identifier: Apache-2.0
// Asynchronous invocations through the outbox to each of their ends, on a clock that is moved.

import Basics
import Chronology
import Delivery
import IdentityAccess
import Journal
import SQSService
import ServiceKit
import Storage
import Synchronization
import Testing

@testable import LambdaService

@Suite struct AsyncTests {
    private func accept(_ ground: Ground, _ payload: String = #"{"order":7}"#) async throws {
        let reply = try await ground.lambda(
            "Invoke",
            [
                "FunctionName": .string("f"), "InvocationType": .string("Event"),
                "Payload": .string(Base64.encode(Array(payload.utf8))),
            ])
        #expect(reply["StatusCode"]?.integerValue == 202)
        #expect(reply["Payload"] == nil)
    }

    private func drops(_ ground: Ground) -> [String] {
        ground.world.journal.records().filter { $0.detail.hasPrefix("dropped") }.map(\.error)
    }

    @Test func runsOnceWhenItSucceeds() async throws {
        let ground = try await Ground()
        try await ground.function()
        try await accept(ground)
        await ground.advance(seconds: 21_600)
        #expect(ground.executor.invocations.map(\.payload) == [Array(#"{"order":7}"#.utf8)])
        #expect(ground.executor.invocations.first?.admission == .wait)
        #expect(ground.outboxCount == 0)
        #expect(drops(ground) == [])
    }

    @Test func retriesOnTimeAndDropsWithARecord() async throws {
        let ground = try await Ground()
        try await ground.function()
        ground.executor.run { _, _ in .failure("no") }
        try await accept(ground)
        var counts: [Int] = []
        for seconds in [0, 59, 1, 119, 1, 21_600] as [Int64] {
            await ground.advance(seconds: seconds)
            counts.append(ground.executor.invocations.count)
        }
        #expect(counts == [1, 1, 2, 2, 3, 3])
        #expect(Set(ground.executor.invocations.map(\.requestID)).count == 1)
        #expect(drops(ground) == ["RetriesExhausted"])
        #expect(ground.outboxCount == 0)
    }

    @Test(arguments: [true, false])
    func deadLetterAndDestinationBothGetIt(_ remembers: Bool) async throws {
        let ground = try await Ground(remembers: remembers)
        let letters = try await ground.queue("letters")
        let records = try await ground.queue("records")
        try await ground.function(
            "f", ["DeadLetterConfig": .object(["TargetArn": .string(letters)])])
        try await ground.lambda(
            "PutFunctionEventInvokeConfig",
            [
                "FunctionName": .string("f"), "MaximumRetryAttempts": .integer(1),
                "DestinationConfig": .object([
                    "OnFailure": .object(["Destination": .string(records)])
                ]),
            ])
        ground.executor.run { _, _ in .failure("no good") }
        try await accept(ground)
        await ground.advance(seconds: 600)
        let letter = try #require(try await ground.take(letters).first)
        #expect(letter["Body"]?.stringValue == #"{"order":7}"#)
        let attributes = letter["MessageAttributes"]
        #expect(attributes?["ErrorCode"]?["StringValue"]?.stringValue == "200")
        #expect(attributes?["ErrorCode"]?["DataType"]?.stringValue == "Number")
        #expect(attributes?["ErrorMessage"]?["StringValue"]?.stringValue == "no good")
        #expect(
            attributes?["RequestID"]?["StringValue"]?.stringValue?.hasPrefix("request-") == true)
        let taken = try await ground.take(records)
        #expect(taken.count == 1)
        let record = try JSONValue(parsing: taken[0]["Body"]?.stringValue ?? "")
        #expect(record["requestContext"]?["condition"]?.stringValue == "RetriesExhausted")
        #expect(record["requestContext"]?["approximateInvokeCount"]?.integerValue == 2)
        #expect(record["responseContext"]?["functionError"]?.stringValue == "Unhandled")
        #expect(drops(ground) == [])
    }

    @Test func successGoesToItsDestination() async throws {
        let ground = try await Ground()
        let records = try await ground.queue("records")
        try await ground.function()
        try await ground.lambda(
            "PutFunctionEventInvokeConfig",
            [
                "FunctionName": .string("f"),
                "DestinationConfig": .object([
                    "OnSuccess": .object(["Destination": .string(records)])
                ]),
            ])
        ground.executor.run { _, _ in .answer(#"{"ok":true}"#) }
        try await accept(ground)
        await ground.idle()
        let taken = try await ground.take(records)
        let record = try JSONValue(parsing: taken.first?["Body"]?.stringValue ?? "")
        #expect(record["requestContext"]?["condition"]?.stringValue == "Success")
        #expect(record["responsePayload"]?["ok"]?.boolValue == true)
    }

    @Test func endsWhenItIsTooOld() async throws {
        let ground = try await Ground()
        let letters = try await ground.queue("letters")
        try await ground.function(
            "f", ["DeadLetterConfig": .object(["TargetArn": .string(letters)])])
        try await ground.lambda(
            "PutFunctionEventInvokeConfig",
            ["FunctionName": .string("f"), "MaximumEventAgeInSeconds": .integer(60)])
        ground.executor.run { _, _ in FunctionResult(outcome: .throttled(reason: "full")) }
        try await accept(ground)
        await ground.advance(seconds: 59)
        #expect(try await ground.take(letters).isEmpty)
        await ground.advance(seconds: 1)
        #expect(try await ground.take(letters).count == 1)
        #expect(ground.outboxCount == 0)
    }

    @Test func throttledEventsRunLater() async throws {
        let ground = try await Ground()
        try await ground.function()
        try await ground.lambda(
            "PutFunctionConcurrency",
            ["FunctionName": .string("f"), "ReservedConcurrentExecutions": .integer(0)])
        try await accept(ground)
        await ground.advance(seconds: 1800)
        #expect(ground.executor.invocations.isEmpty)
        try await ground.lambda("DeleteFunctionConcurrency", ["FunctionName": .string("f")])
        await ground.advance(seconds: 360)
        #expect(ground.executor.invocations.count == 1)
        #expect(ground.outboxCount == 0)
    }

    @Test func aReservationBoundsWhatRunsAtOnce() async throws {
        let ground = try await Ground()
        try await ground.function()
        try await ground.lambda(
            "PutFunctionConcurrency",
            ["FunctionName": .string("f"), "ReservedConcurrentExecutions": .integer(2)])
        let most = Most()
        ground.executor.run { _, _ in
            most.enter()
            await Task.yield()
            await Task.yield()
            most.leave()
            return .answer("1")
        }
        for _ in 0..<20 { try await accept(ground) }
        await ground.idle()
        #expect(ground.executor.invocations.count == 20)
        #expect(most.most <= 2)
    }

    @Test func aDeletedFunctionsEventsAreDroppedWithARecord() async throws {
        let ground = try await Ground()
        try await ground.function()
        ground.executor.run { _, _ in .failure("no") }
        try await accept(ground)
        await ground.idle()
        try await ground.lambda("DeleteFunction", ["FunctionName": .string("f")])
        // Another function of that name is not the one that accepted the event.
        try await ground.function()
        await ground.advance(seconds: 60)
        #expect(ground.executor.invocations.count == 1)
        #expect(drops(ground) == ["ResourceNotFoundException"])
        #expect(ground.outboxCount == 0)
    }

    @Test func survivesARestart() async throws {
        let store = MemoryStore()
        let blobs = SumBlobs()
        let first = try await Ground(store: store, blobs: blobs)
        let letters = try await first.queue("letters")
        try await first.function(
            "f", ["DeadLetterConfig": .object(["TargetArn": .string(letters)])])
        first.executor.run { _, _ in .failure("no") }
        try await accept(first)
        await first.advance(seconds: 60)
        #expect(first.executor.invocations.count == 2)
        await first.stop()
        let second = try await Ground(store: store, blobs: blobs, now: first.world.clock.now())
        second.executor.run { _, _ in .failure("no") }
        #expect(second.outboxCount == 1)
        await second.advance(seconds: 600)
        #expect(second.executor.invocations.count == 1)
        #expect(try await second.take(letters).count == 1)
        #expect(second.outboxCount == 0)
    }

    @Test func aHandOverThatIsRepeatedLeavesOneMessage() async throws {
        let ground = try await Ground()
        let queue = try await ground.queue("letters")
        let arn = try #require(ARN(parsing: queue))
        let intake = ground.sqs.outboxIntake(policies: ground.roles)
        let role = try #require(ARN(parsing: Ground.role))
        let session = try await ground.roles.session(
            of: role, for: LambdaService.principal, named: "f", source: arn)
        func handOver(_ id: UInt64, as principal: Principal) -> QueueHandOver {
            QueueHandOver(
                message: QueueMessage(
                    body: "b", attributes: [QueueMessage.Attribute("a", "String", "1")]),
                queue: arn, id: OutboxID(rawValue: id), principal: principal, cause: .none,
                activity: ground.world.background.activity)
        }
        try await intake.accept(handOver(7, as: .role(session)))
        try await intake.accept(handOver(7, as: .role(session)))
        #expect(try await ground.take(queue).count == 1)
        try await intake.accept(handOver(8, as: .role(session)))
        #expect(try await ground.take(queue).count == 2)
        // Confirmed, the id may be forgotten: the outbox never uses it again.
        await intake.confirm(OutboxID(rawValue: 7), at: arn)
        let stranger = Principal.user(UserPrincipal(account: .local, name: "u", id: "AIDA"))
        #expect(
            await refusal { try await intake.accept(handOver(9, as: stranger)) }
                .hasPrefix("AccessDenied"))
        #expect(try await ground.take(queue).count == 2)
    }

    @Test func aServiceThatDeliversIsHeldToTheSourceTheQueueNames() async throws {
        let ground = try await Ground()
        let policy =
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"#
            + #"{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*","#
            + #""Condition":{"ArnEquals":{"aws:SourceArn":"#
            + #""arn:aws:sns:us-east-1:000000000000:topic"}}}]}"#
        let queue = try await ground.queue("letters", ["Policy": policy])
        let arn = try #require(ARN(parsing: queue))
        let intake = ground.sqs.outboxIntake(policies: ground.roles)
        func handOver(_ id: UInt64, from topic: String?) -> QueueHandOver {
            QueueHandOver(
                message: QueueMessage(body: "b"), queue: arn, id: OutboxID(rawValue: id),
                principal: .service("sns.amazonaws.com"),
                source: topic.map {
                    ARN(service: "sns", region: .usEast1, account: .local, resource: $0)
                }, cause: .none, activity: ground.world.background.activity)
        }
        try await intake.accept(handOver(1, from: "topic"))
        for topic in ["other", nil] {
            #expect(
                await refusal { try await intake.accept(handOver(2, from: topic)) }
                    .hasPrefix("AccessDenied"))
        }
        #expect(try await ground.take(queue).count == 1)
    }

    @Test func aMissingDeadLetterQueueIsARecordedDrop() async throws {
        let ground = try await Ground()
        try await ground.function(
            "f",
            [
                "DeadLetterConfig": .object([
                    "TargetArn": .string("arn:aws:sqs:us-east-1:000000000000:gone")
                ])
            ])
        ground.executor.run { _, _ in .failure("no") }
        try await accept(ground)
        await ground.advance(seconds: 600)
        #expect(drops(ground) == ["QueueDoesNotExist"])
        #expect(ground.outboxCount == 0)
    }
}

/// The most that were inside at once.
private final class Most: Sendable {
    private let state = Mutex((now: 0, most: 0))

    var most: Int { state.withLock { $0.most } }
    func enter() {
        state.withLock { state in
            state.now += 1
            state.most = max(state.most, state.now)
        }
    }
    func leave() { state.withLock { $0.now -= 1 } }
}
