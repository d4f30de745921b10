// SPDX-License-Identifier: Apache-2.0
// The service behind its dispatcher, called as the account's root over a store in memory.

import Basics
import Chronology
import IdentityAccess
import Journal
import ServiceKit
import Storage
import Testing
import WireModel
import WireProtocols

@testable import SQSService

/// A service under test.
struct SQSBed {
    let world: World
    let service: SQSService
    private let dispatcher: Dispatcher

    init(store: any Store = MemoryStore(), limits: SQSLimits = SQSLimits()) async throws {
        world = .still(store)
        service = SQSService(world: world, limits: limits)
        dispatcher = Dispatcher(world: world, policySource: NoPolicies())
        try await service.start()
    }

    /// The same world's service begun anew on what is stored.
    func restarted() async throws -> SQSBed { try await SQSBed(store: world.store) }

    @discardableResult
    func call(_ operation: String, _ input: JSONObject) async throws -> JSONValue {
        let registered = service.registration.operations.first {
            $0.descriptor.name == operation
        }
        let prepared = try #require(registered).prepare(ValueInput(value: .object(input)))
        let context = CallContext(
            requestID: "request", principal: .root(.local), account: .local, region: .usEast1,
            endpoint: "http://127.0.0.1:4566", record: world.journal.allot())
        let outcome = await dispatcher.run(prepared, of: service.registration, context)
        return JSONValue(writing: try outcome.result.get())
    }

    /// The code that a call is refused with.
    func fault(_ operation: String, _ input: JSONObject) async -> String {
        do {
            return "no fault: \(try await call(operation, input).text)"
        } catch let fault as ServiceFault {
            return fault.shapeName
        } catch {
            return "\(error)"
        }
    }

    // MARK: Shorthand

    static func url(_ queue: String) -> JSONValue { .string("http://x/000000000000/\(queue)") }
    static func arn(_ queue: String) -> String { "arn:aws:sqs:us-east-1:000000000000:\(queue)" }

    static func name(_ queue: String) throws -> QueueName {
        try #require(ARN(parsing: arn(queue)).flatMap { QueueName($0) })
    }

    func create(_ name: String, _ attributes: JSONObject = [:]) async throws {
        try await call(
            "CreateQueue", ["QueueName": .string(name), "Attributes": .object(attributes)])
    }

    /// A queue whose messages move to `target` after one receive.
    func create(_ name: String, deadLettersTo target: String) async throws {
        let policy = JSONValue.object([
            "deadLetterTargetArn": .string(Self.arn(target)), "maxReceiveCount": .integer(1),
        ])
        try await create(
            name, ["RedrivePolicy": .string(policy.text), "VisibilityTimeout": .string("1")])
    }

    func send(_ body: String, to queue: String) async throws {
        try await call(
            "SendMessage", ["QueueUrl": Self.url(queue), "MessageBody": .string(body)])
    }

    func receive(_ queue: String) async throws -> [String] {
        let reply = try await call(
            "ReceiveMessage",
            ["QueueUrl": Self.url(queue), "MaxNumberOfMessages": .integer(10)])
        return (reply["Messages"]?.arrayValue ?? []).compactMap { $0["Body"]?.stringValue }
    }

    /// Visible, not visible, delayed.
    func counts(_ queue: String) async throws -> [String] {
        let reply = try await call(
            "GetQueueAttributes",
            ["QueueUrl": Self.url(queue), "AttributeNames": .array([.string("All")])])
        return ["", "NotVisible", "Delayed"].map {
            reply["Attributes"]?["ApproximateNumberOfMessages\($0)"]?.stringValue ?? "?"
        }
    }

    /// The resident queue.
    func cell(_ queue: String) async throws -> QueueCell {
        let cell = try await service.registry.cell(try Self.name(queue))
        return try #require(cell)
    }

    func advance(seconds: Int64) { world.advance(milliseconds: seconds * 1000) }

    /// Waits until nothing runs.
    func rest() async {
        let ticket = WakeTicket()
        world.background.activity.awaitIdle(ticket)
        await ticket.wait()
    }
}

private struct NoPolicies: PolicySource {
    func policies(for principal: Principal) async throws -> EffectivePolicies { .none }
}

private struct ValueInput: InputSource {
    let value: JSONValue

    func read<Input: WireStructure>(_ type: Input.Type, of operation: OperationDescriptor) throws
        -> ReadInput<Input>
    {
        let read = try Input.read(from: value)
        return ReadInput(
            input: read.input, violations: read.violations, presentMembers: read.presentMembers)
    }
}
