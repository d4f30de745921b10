// SPDX-License-Identifier: Apache-2.0
// The main job as a simulated history: orders are sent to a queue, a function works them off
// under its role, some fail at first and some always, and every order has exactly one end.

import Basics
import Chronology
import LambdaService
import ServiceKit
import Synchronization

/// Orders from their sending to their end.
package final class OrderHistory: Sendable {
    /// What the function has seen of the orders.
    private struct Ledger {
        var attempts: [String: Int] = [:]
        var done: [String: Int] = [:]
    }

    /// Where the orders ended.
    package struct Ending: Sendable {
        /// Orders the function has finished, in order.
        package var done: [String] = []
        /// Bodies in the dead-letter queue, in order.
        package var dead: [String] = []
        /// Asynchronous orders that reached their destinations, in order.
        package var succeeded: [String] = []
        package var failed: [String] = []
    }

    private let simulated: SimulatedWorld
    private let orders: Int
    private let ledger = Mutex(Ledger())

    private static let role = "arn:aws:iam::000000000000:role/worker"
    private static let prefix = "arn:aws:sqs:us-east-1:000000000000:"
    private static let maxReceiveCount = 3

    package init(_ simulated: SimulatedWorld, orders: Int) {
        self.simulated = simulated
        self.orders = orders
    }

    /// Plays the history; throws when an invariant is broken.
    nonisolated(nonsending)
        package func play() async throws -> Ending
    {
        try await simulated.start()
        simulated.functions.script("orders", .init(begin: { [self] in work($0) }))
        simulated.functions.script("receipts", .init(begin: { [self] in receipt($0) }))
        try await build()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for producer in 0..<3 {
                group.addTask { try await self.produce(producer) }
            }
            group.addTask { try await self.invokeAsynchronously() }
            try await group.waitForAll()
        }
        try await settle()
        let ending = try await gather()
        try check(ending)
        return ending
    }

    // MARK: Building

    nonisolated(nonsending)
        private func build() async throws
    {
        let trust = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",\
            "Principal":{"Service":"lambda.amazonaws.com"}}]}
            """
        let policy = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":\
            ["sqs:ReceiveMessage","sqs:DeleteMessage","sqs:GetQueueAttributes",\
            "sqs:SendMessage","logs:*"]}]}
            """
        try await simulated.call(
            "iam", "CreateRole",
            ["RoleName": .string("worker"), "AssumeRolePolicyDocument": .string(trust)])
        try await simulated.call(
            "iam", "PutRolePolicy",
            [
                "RoleName": .string("worker"), "PolicyName": .string("work"),
                "PolicyDocument": .string(policy),
            ])
        for name in ["dead", "succeeded", "failed"] {
            try await simulated.call("sqs", "CreateQueue", ["QueueName": .string(name)])
        }
        let redrive = JSONValue.object([
            "deadLetterTargetArn": .string(Self.prefix + "dead"),
            "maxReceiveCount": .integer(Int64(Self.maxReceiveCount)),
        ])
        try await simulated.call(
            "sqs", "CreateQueue",
            [
                "QueueName": .string("orders"),
                "Attributes": .object([
                    "RedrivePolicy": .string(redrive.text), "VisibilityTimeout": .string("30"),
                ]),
            ])
        for name in ["orders", "receipts"] { try await createFunction(name) }
        try await simulated.call(
            "lambda", "PutFunctionEventInvokeConfig",
            [
                "FunctionName": .string("receipts"), "MaximumRetryAttempts": .integer(2),
                "DestinationConfig": .object([
                    "OnSuccess": .object([
                        "Destination": .string(Self.prefix + "succeeded")
                    ]),
                    "OnFailure": .object(["Destination": .string(Self.prefix + "failed")]),
                ]),
            ])
        try await simulated.call(
            "lambda", "CreateEventSourceMapping",
            [
                "FunctionName": .string("orders"),
                "EventSourceArn": .string(Self.prefix + "orders"), "BatchSize": .integer(5),
                "FunctionResponseTypes": .array([.string("ReportBatchItemFailures")]),
            ])
    }

    nonisolated(nonsending)
        private func createFunction(_ name: String) async throws
    {
        try await simulated.call(
            "lambda", "CreateFunction",
            [
                "FunctionName": .string(name), "Runtime": .string("python3.11"),
                "Role": .string(Self.role), "Handler": .string("index.handler"),
                "Timeout": .integer(20),
                "Code": .object(["ZipFile": .string(Base64.encode(Array("code".utf8)))]),
            ])
    }

    // MARK: Clients

    private static func isPoison(_ number: Int) -> Bool { number % 7 == 3 }

    /// Sends every third order, with pauses between.
    private func produce(_ producer: Int) async throws {
        for number in 0..<orders where number % 3 == producer {
            await simulated.time.pause(milliseconds: simulated.choices.below(1_500))
            let kind = Self.isPoison(number) ? "poison" : "order"
            try await simulated.call(
                "sqs", "SendMessage",
                [
                    "QueueUrl": .string("http://x/000000000000/orders"),
                    "MessageBody": .string("\(kind)-\(number)"),
                ])
        }
    }

    private func invokeAsynchronously() async throws {
        for number in 0..<orders / 2 {
            await simulated.time.pause(milliseconds: simulated.choices.below(2_000))
            let kind = Self.isPoison(number) ? "spoiled" : "receipt"
            let payload = JSONValue.object(["order": .string("\(kind)-\(number)")]).text
            try await simulated.call(
                "lambda", "Invoke",
                [
                    "FunctionName": .string("receipts"), "InvocationType": .string("Event"),
                    "Payload": .string(Base64.encode(Array(payload.utf8))),
                ])
        }
    }

    // MARK: The functions

    /// Poison fails always; every other fifth order at its first attempt.
    private func work(_ invocation: FunctionInvocation) -> ScriptedFunctions.Answer {
        guard let event = try? JSONValue(parsing: invocation.payload) else {
            return .init(.error)
        }
        var failures: [JSONValue] = []
        ledger.withLock { ledger in
            for record in event["Records"]?.arrayValue ?? [] {
                let body = record["body"]?.stringValue ?? ""
                ledger.attempts[body, default: 0] += 1
                let isFirst = ledger.attempts[body] == 1
                let number = Int(body.drop { $0 != "-" }.dropFirst()) ?? 0
                if body.hasPrefix("poison") || isFirst && number % 5 == 1 {
                    failures.append(
                        .object(["itemIdentifier": record["messageId"] ?? .null]))
                } else {
                    ledger.done[body, default: 0] += 1
                }
            }
        }
        return .init(.success, .object(["batchItemFailures": .array(failures)]))
    }

    private func receipt(_ invocation: FunctionInvocation) -> ScriptedFunctions.Answer {
        let order = (try? JSONValue(parsing: invocation.payload))?["order"]?.stringValue ?? ""
        let attempt = ledger.withLock { ledger in
            ledger.attempts[order, default: 0] += 1
            return ledger.attempts[order] ?? 0
        }
        let number = Int(order.drop { $0 != "-" }.dropFirst()) ?? 0
        let fails = order.hasPrefix("spoiled") || attempt == 1 && number % 4 == 0
        return .init(fails ? .error : .success, .object(["order": .string(order)]))
    }

    // MARK: Ends

    /// Lets time pass until every queue is empty or holds only ends.
    nonisolated(nonsending)
        private func settle() async throws
    {
        for _ in 0..<200 {
            await simulated.time.pause(milliseconds: 5_000)
            let open = try await counts("orders")
            let ended = try await counts("succeeded") + counts("failed")
            if open == 0, ended == orders / 2 { return }
        }
        throw SimulationFailure("orders never came to rest")
    }

    nonisolated(nonsending)
        private func counts(_ queue: String) async throws -> Int
    {
        let reply = try await simulated.call(
            "sqs", "GetQueueAttributes",
            [
                "QueueUrl": .string("http://x/000000000000/\(queue)"),
                "AttributeNames": .array([.string("All")]),
            ])
        return ["", "NotVisible", "Delayed"].reduce(0) { sum, suffix in
            let name = "ApproximateNumberOfMessages\(suffix)"
            return sum + (reply["Attributes"]?[name]?.stringValue.flatMap { Int($0) } ?? 0)
        }
    }

    nonisolated(nonsending)
        private func gather() async throws -> Ending
    {
        var ending = Ending()
        ending.done = ledger.withLock { ledger in
            ledger.done.flatMap { repeatElement($0.key, count: $0.value) }.sorted()
        }
        ending.dead = try await bodies("dead").sorted()
        for queue in ["succeeded", "failed"] {
            let orders = try await bodies(queue).compactMap { body in
                (try? JSONValue(parsing: body))?["requestPayload"]?["order"]?.stringValue
            }
            if queue == "failed" {
                ending.failed = orders.sorted()
            } else {
                ending.succeeded = orders.sorted()
            }
        }
        return ending
    }

    nonisolated(nonsending)
        private func bodies(_ queue: String) async throws -> [String]
    {
        var bodies: [String] = []
        while true {
            let reply = try await simulated.call(
                "sqs", "ReceiveMessage",
                [
                    "QueueUrl": .string("http://x/000000000000/\(queue)"),
                    "MaxNumberOfMessages": .integer(10), "VisibilityTimeout": .integer(3_600),
                ])
            let messages = reply["Messages"]?.arrayValue ?? []
            guard !messages.isEmpty else { return bodies }
            bodies += messages.compactMap { $0["Body"]?.stringValue }
        }
    }

    private func check(_ ending: Ending) throws {
        let numbers = 0..<orders
        let done = numbers.filter { !Self.isPoison($0) }.map { "order-\($0)" }.sorted()
        let dead = numbers.filter { Self.isPoison($0) }.map { "poison-\($0)" }.sorted()
        guard ending.done == done else { throw SimulationFailure("done: \(ending.done)") }
        guard ending.dead == dead else { throw SimulationFailure("dead: \(ending.dead)") }
        let half = 0..<orders / 2
        let succeeded = half.filter { !Self.isPoison($0) }.map { "receipt-\($0)" }.sorted()
        let failed = half.filter { Self.isPoison($0) }.map { "spoiled-\($0)" }.sorted()
        guard ending.succeeded == succeeded else {
            throw SimulationFailure("succeeded: \(ending.succeeded)")
        }
        guard ending.failed == failed else { throw SimulationFailure("failed: \(ending.failed)") }
        let attempts = ledger.withLock { $0.attempts }
        for body in dead where attempts[body] != Self.maxReceiveCount {
            throw SimulationFailure("\(body) was tried \(attempts[body] ?? 0) times")
        }
        for order in failed where attempts[order] != 3 {
            throw SimulationFailure("\(order) was tried \(attempts[order] ?? 0) times")
        }
    }
}
