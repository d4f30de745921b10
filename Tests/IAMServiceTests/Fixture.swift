// SPDX-License-Identifier: Apache-2.0
// A world with IAM and STS in it, called as the edge calls them: by operation and input tree.

import Basics
import Chronology
import IAMService
import IdentityAccess
import Journal
import ServiceKit
import Storage
import Synchronization
import WireModel
import WireProtocols

/// Real time that only tests move.
final class StillTime: PhysicalTime {
    static let start = Timestamp(seconds: 1_780_000_000)
    func monotonicNanoseconds() -> UInt64 { 0 }
    func wall() -> Timestamp { Self.start }
    func after(nanoseconds: UInt64, _ action: @escaping @Sendable () -> Void) -> PhysicalTimer {
        PhysicalTimer(cancel: {})
    }
}

/// IAM stores no blobs.
struct NoBlobs: BlobStore {
    func put(_ bytes: [UInt8]) async throws(BlobError) -> BlobHash { throw .full }
    func get(_ hash: BlobHash) async throws(BlobError) -> [UInt8] { throw .missing(hash) }
    func contains(_ hash: BlobHash) async throws(BlobError) -> Bool { false }
    func localPath(_ hash: BlobHash) async throws(BlobError) -> String { throw .missing(hash) }
    func collect(named: Set<BlobHash>) async throws(BlobError) -> Int { 0 }
}

/// Keeps what nobody awaits until a test runs it.
final class HeldWork: Spawner {
    private let held = Mutex<[@Sendable () async -> Void]>([])

    func spawn(_ work: @escaping @Sendable () async -> Void) {
        held.withLock { $0.append(work) }
    }

    /// Runs what is held; returns how many pieces that were.
    func run() async -> Int {
        let pieces = held.withLock { held in
            defer { held = [] }
            return held
        }
        for piece in pieces { await piece() }
        return pieces.count
    }
}

/// An input as a tree.
struct TreeInput: InputSource {
    let tree: JSONValue

    func read<Input: WireStructure>(
        _ type: Input.Type, of operation: OperationDescriptor
    ) throws -> ReadInput<Input> {
        let result = try Input.read(from: tree)
        return ReadInput(
            input: result.input, violations: result.violations,
            presentMembers: result.presentMembers)
    }
}

final class Fixture: Sendable {
    static let account = AccountID.local

    let world: World
    let service: IAMService
    let background = HeldWork()
    private let dispatcher: Dispatcher
    private let table: ServiceTable

    /// A world over `store`; a second one over the same store is a restart.
    init(
        store: any Store = MemoryStore(), seed: UInt64 = 1, limits: IAMLimits = IAMLimits()
    ) {
        let clock = VirtualClock(
            physical: StillTime(), setting: .untouched(at: StillTime.start))
        world = World(
            store: store, blobs: NoBlobs(), clock: clock, entropy: SeededEntropy(seed: seed),
            journal: Journal(capacity: 16, firstNumber: 1),
            background: Background(spawner: background, activity: Activity()))
        service = IAMService(world: world, limits: limits)
        dispatcher = Dispatcher(world: world, policySource: service.directory)
        table = ServiceTable([service.iamRegistration, service.stsRegistration])
    }

    /// Calls an operation and answers its output as a tree.
    @discardableResult
    func call(
        _ name: String, _ input: JSONValue = .object([:]), as principal: Principal? = nil,
        of service: String = "iam"
    ) async throws -> JSONValue {
        struct Unknown: Error {}
        guard let entry = table.entry(service: service, operation: name) else { throw Unknown() }
        let principal = principal ?? .root(Self.account)
        let context = CallContext(
            requestID: "r", principal: principal, account: principal.account ?? Self.account,
            region: .usEast1, endpoint: "http://localhost:4566",
            record: world.journal.allot())
        let prepared = try entry.operation.prepare(TreeInput(tree: input))
        let outcome = await dispatcher.run(prepared, of: entry.service, context)
        return JSONValue(writing: try outcome.result.get())
    }

    /// The code and message an operation is refused with.
    func refusal(
        _ name: String, _ input: JSONValue = .object([:]), as principal: Principal? = nil,
        of service: String = "iam"
    ) async -> [String] {
        do {
            let output = try await call(name, input, as: principal, of: service)
            return ["accepted", output.text]
        } catch let fault as ServiceFault {
            return [fault.code, fault.message]
        } catch {
            return ["\(error)", ""]
        }
    }
}

/// An input from names and texts.
func input(_ members: KeyValuePairs<String, String>) -> JSONValue {
    var object = JSONObject()
    for (name, value) in members { object[name] = .string(value) }
    return .object(object)
}

extension JSONValue {
    /// The value at a path of member names and positions.
    func at(_ path: String) -> JSONValue? {
        var value: JSONValue? = self
        for part in path.split(separator: ".") {
            if let position = Int(part) {
                let items = value?.arrayValue ?? []
                value = items.indices.contains(position) ? items[position] : nil
            } else {
                value = value?[String(part)]
            }
        }
        return value
    }

    func text(_ path: String) -> String? { at(path)?.stringValue }

    func adding(_ name: String, _ value: JSONValue) -> JSONValue {
        var object = objectValue ?? JSONObject()
        object[name] = value
        return .object(object)
    }
}

enum Policy {
    static let lambdaTrust = trust(#"{"Service": "lambda.amazonaws.com"}"#)

    static func trust(_ principal: String, condition: String? = nil) -> String {
        #"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": \#(principal), "#
            + (condition.map { "\"Condition\": \($0), " } ?? "")
            + #""Action": "sts:AssumeRole"}]}"#
    }

    static func allow(_ action: String, on resource: String = "*") -> String {
        #"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "\#(action)", "#
            + #""Resource": "\#(resource)"}]}"#
    }
}
