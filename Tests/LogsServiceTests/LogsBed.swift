// SPDX-License-Identifier: Apache-2.0
// A world in memory with a frozen clock, and calls through the registered handlers.

import Basics
import Chronology
import IdentityAccess
import Journal
import LogsService
import ServiceKit
import Storage
import Synchronization
import Testing
import WireModel
import WireProtocols

@testable import LogsService

/// A service under test.
struct LogsBed {
    static let start = Timestamp(milliseconds: 1_700_000_000_000)

    let world: World
    let service: LogsService
    let activity = Activity()

    init(limits: LogsLimits = LogsLimits()) {
        world = World(
            store: MemoryStore(), blobs: NoBlobs(),
            clock: VirtualClock(
                physical: StillTime(),
                setting: ClockSetting(mode: .frozen, now: Self.start, offsetMilliseconds: 0)),
            entropy: SeededEntropy(seed: 1), journal: Journal(capacity: 16, firstNumber: 1),
            background: Background(spawner: TaskSpawner(), activity: activity))
        service = LogsService(world: world, limits: limits)
    }

    var now: Int64 { world.clock.now().milliseconds }

    func prepare(_ operation: String, _ input: JSONValue) throws -> PreparedCall {
        let registered = service.registration.operations.first {
            $0.descriptor.name == operation
        }
        return try #require(registered).prepare(ValueInput(value: input))
    }

    /// Calls an operation; the output under its model names.
    @discardableResult
    func call(_ operation: String, _ input: JSONValue) async throws -> JSONValue {
        let reply = try await prepare(operation, input).run(Self.context)
        try await world.store.durable(reply.version)
        return JSONValue(writing: reply.output)
    }

    /// The fault that a call is answered with.
    func fault(_ operation: String, _ input: JSONValue) async -> String {
        do {
            let output = try await call(operation, input)
            return "no fault: \(output.text)"
        } catch let fault as ServiceFault {
            return "\(fault.shapeName): \(fault.message)"
        } catch {
            return "\(error)"
        }
    }

    /// ARN of each permission a call needs, after its action.
    func accesses(_ operation: String, _ input: JSONValue) async throws -> [String] {
        try await prepare(operation, input).accesses(Self.context).map {
            "\($0.action) \($0.resource)"
        }
    }

    static let context = CallContext(
        requestID: "request", principal: .root(.local), account: .local, region: .usEast1,
        endpoint: "http://127.0.0.1:4566", record: JournalID(rawValue: 1))

    // MARK: Shorthand

    func makeStreams(_ group: String, _ streams: String...) async throws {
        _ = try? await call("CreateLogGroup", ["logGroupName": .string(group)])
        for stream in streams {
            try await call(
                "CreateLogStream",
                ["logGroupName": .string(group), "logStreamName": .string(stream)])
        }
    }

    /// Puts events given as milliseconds from the bed's start and message.
    @discardableResult
    func put(_ group: String, _ stream: String, _ events: (Int64, String)...) async throws
        -> JSONValue
    {
        try await put(group, stream, events)
    }

    @discardableResult
    func put(_ group: String, _ stream: String, _ events: [(Int64, String)]) async throws
        -> JSONValue
    {
        try await call("PutLogEvents", Self.batch(group, stream, events))
    }

    static func batch(_ group: String, _ stream: String, _ events: [(Int64, String)]) -> JSONValue {
        [
            "logGroupName": .string(group), "logStreamName": .string(stream),
            "logEvents": .array(
                events.map { time, message in
                    [
                        "timestamp": .integer(start.milliseconds + time),
                        "message": .string(message),
                    ]
                }),
        ]
    }

    func messages(_ output: JSONValue) -> [String] {
        (output["events"]?.arrayValue ?? []).compactMap { $0["message"]?.stringValue }
    }

    /// Everything FilterLogEvents gives over all pages.
    func filtered(_ input: JSONObject) async throws -> (messages: [String], pages: Int) {
        var input = input
        var all: [String] = []
        for page in 1...1_000 {
            let output = try await call("FilterLogEvents", .object(input))
            all += messages(output)
            guard let token = output["nextToken"] else { return (all, page) }
            input["nextToken"] = token
        }
        Issue.record("the pages never end")
        return (all, 0)
    }

    func advance(seconds: Int64) {
        world.clock.jump(to: world.clock.now().adding(seconds: seconds))
    }

    /// Waits until background deletion is done.
    func settle() async {
        let ticket = WakeTicket()
        activity.awaitIdle(ticket)
        await ticket.wait()
    }

    func count(_ kind: KeyKind) async throws -> Int {
        try await world.store.range(KeyRange(kind: kind), limit: .max).count
    }
}

/// An input that never was bytes.
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

private struct TaskSpawner: Spawner {
    func spawn(_ work: @escaping @Sendable () async -> Void) { Task { await work() } }
}

private struct StillTime: PhysicalTime {
    func monotonicNanoseconds() -> UInt64 { 0 }
    func wall() -> Timestamp { LogsBed.start }
    func after(nanoseconds: UInt64, _ action: @escaping @Sendable () -> Void) -> PhysicalTimer {
        PhysicalTimer(cancel: {})
    }
}

private struct NoBlobs: BlobStore {
    func put(_ bytes: [UInt8]) async throws(BlobError) -> BlobHash { throw .full }
    func get(_ hash: BlobHash) async throws(BlobError) -> [UInt8] { throw .missing(hash) }
    func contains(_ hash: BlobHash) async throws(BlobError) -> Bool { false }
    func localPath(_ hash: BlobHash) async throws(BlobError) -> String { throw .missing(hash) }
    func collect(named: Set<BlobHash>) async throws(BlobError) -> Int { 0 }
}
