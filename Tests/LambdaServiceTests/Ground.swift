// SPDX-License-Identifier: Apache-2.0
// A small world around the service: real store, clock, queues and authorizer; functions are
// closures, time stands still unless moved.

import Basics
import Chronology
import Delivery
import IdentityAccess
import Journal
import LambdaService
import LambdaWire
import SQSService
import ServiceKit
import Storage
import Synchronization
import Testing
import WireModel
import WireProtocols

/// Real time that stands still.
struct StillTime: PhysicalTime {
    func monotonicNanoseconds() -> UInt64 { 0 }
    func wall() -> Timestamp { Timestamp(seconds: 1_800_000_000) }
    func after(nanoseconds: UInt64, _ action: @escaping @Sendable () -> Void) -> PhysicalTimer {
        PhysicalTimer(cancel: {})
    }
}

struct TaskSpawner: Spawner {
    func spawn(_ work: @escaping @Sendable () async -> Void) { Task { await work() } }
}

/// Functions as closures: the process seam's twin.
final class ClosureExecutor: FunctionExecutor {
    typealias Body = @Sendable (FunctionInvocation, FunctionSpecification) async -> FunctionResult

    private let body = Mutex<Body> { _, _ in FunctionResult(outcome: .success(payload: [])) }
    private let log = Mutex<[FunctionInvocation]>([])
    private let retirements = Mutex<[String?]>([])

    func run(_ body: @escaping Body) { self.body.withLock { $0 = body } }
    var invocations: [FunctionInvocation] { log.withLock { $0 } }
    var retired: [String?] { retirements.withLock { $0 } }

    func invoke(_ invocation: FunctionInvocation, on function: FunctionSpecification) async
        -> FunctionResult
    {
        log.withLock { $0.append(invocation) }
        let body = body.withLock { $0 }
        return await body(invocation, function)
    }

    func waitForCapacity(for function: FunctionSpecification) async {}
    func retire(functionARN: ARN, revisionID: String?) async {
        retirements.withLock { $0.append(revisionID) }
    }
    func availability(ofRuntime runtime: String) async -> RuntimeAvailability {
        runtime == "ruby3.4" ? .missing(explanation: "install ruby") : .exact(version: "1")
    }
    func shutdown() async {}
}

/// Takes every archive but one that says `bad`.
struct PlainCode: FunctionCodeStore {
    func validate(_ archive: [UInt8]) async throws(CodeRefusal) {
        switch String(decoding: archive, as: UTF8.self) {
        case "bad": throw .notReadable(reason: "bad")
        case "large": throw .tooLarge
        default: break
        }
    }
    func directory(of hash: BlobHash) async throws -> String { "/code/\(hash.hex)" }
    func collect(named: Set<BlobHash>) async {}
}

/// Blobs named by a sum that no test makes collide.
final class SumBlobs: BlobStore {
    private let blobs = Mutex<[BlobHash: [UInt8]]>([:])

    func put(_ bytes: [UInt8]) async throws(BlobError) -> BlobHash {
        let sum = CRC32C.checksum(bytes)
        let word = (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32(8 * $0)) }
        guard let hash = BlobHash(bytes: Array((0..<8).map { _ in word }.joined())) else {
            throw .failed(reason: "no hash")
        }
        blobs.withLock { $0[hash] = bytes }
        return hash
    }
    func get(_ hash: BlobHash) async throws(BlobError) -> [UInt8] {
        guard let bytes = blobs.withLock({ $0[hash] }) else { throw .missing(hash) }
        return bytes
    }
    func contains(_ hash: BlobHash) async throws(BlobError) -> Bool {
        blobs.withLock { $0[hash] != nil }
    }
    func localPath(_ hash: BlobHash) async throws(BlobError) -> String { "" }
    func collect(named: Set<BlobHash>) async throws(BlobError) -> Int { 0 }
}

/// Roles as a test lists them: by name, with the actions they allow.
final class ListedRoles: RoleSource, PolicySource {
    private let actions: [String: [String]]

    init(_ actions: [String: [String]]) { self.actions = actions }

    func session(
        of roleARN: ARN, for service: String, named sessionName: String, source: ARN?
    ) async throws -> RoleSession {
        let name = String(roleARN.resource.dropFirst("role/".count))
        guard actions[name] != nil else {
            throw ServiceFault(shapeName: "NoSuchEntity", httpStatus: 404)
        }
        return RoleSession(
            account: .local, roleName: name, roleID: "AROA", sessionName: sessionName)
    }

    func credentials(
        of roleARN: ARN, for service: String, named sessionName: String, source: ARN, seconds: Int
    ) async throws -> SessionCredentials {
        throw ServiceFault.internalFailure
    }

    func policies(for principal: Principal) async throws -> EffectivePolicies {
        guard case .role(let session) = principal, let allowed = actions[session.roleName] else {
            return .none
        }
        let document = JSONValue.object([
            "Version": .string("2012-10-17"),
            "Statement": .array([
                .object([
                    "Effect": .string("Allow"),
                    "Action": .array(allowed.map { .string($0) }), "Resource": .string("*"),
                ])
            ]),
        ])
        let policy = try PolicyDocument.parse(document.text, as: .identity)
        return EffectivePolicies(identity: [NamedPolicy(name: "p", document: policy)])
    }
}

/// Reads inputs from trees, as calls inside the process come.
private struct TreeSource: InputSource {
    let value: JSONValue

    func read<Input: WireStructure>(_ type: Input.Type, of operation: OperationDescriptor) throws
        -> ReadInput<Input>
    {
        let read = try Input.read(from: value)
        return ReadInput(
            input: read.input, violations: read.violations,
            presentMembers: read.presentMembers)
    }
}

/// One world with the queues and functions of one account.
final class Ground: ServiceCaller {
    let world: World
    let executor = ClosureExecutor()
    let roles: ListedRoles
    let sqs: SQSService
    private let services = Mutex<[String: ServiceRegistration]>([:])
    private let parts = Mutex<(lambda: LambdaService, outbox: Outbox)?>(nil)
    private let serial = Mutex(0)

    static let role = "arn:aws:iam::000000000000:role/worker"

    /// A world on `store`; several in turn on one store are a restart.
    init(
        store: any Store = MemoryStore(), blobs: any BlobStore = SumBlobs(),
        now: Timestamp = Timestamp(seconds: 1_800_000_000),
        roles: [String: [String]] = ["worker": ["sqs:*"], "idle": ["logs:*"]],
        remembers: Bool = true
    ) async throws {
        let spawner = TaskSpawner()
        world = World(
            store: store, blobs: blobs,
            clock: VirtualClock(
                physical: StillTime(),
                setting: ClockSetting(mode: .frozen, now: now, offsetMilliseconds: 0)),
            entropy: SeededEntropy(seed: UInt64(bitPattern: now.milliseconds)),
            journal: Journal(capacity: 10_000, firstNumber: 1),
            background: Background(spawner: spawner, activity: Activity()))
        self.roles = ListedRoles(roles)
        sqs = SQSService(world: world)
        let outbox = Outbox(world: world)
        let lambda = LambdaService(
            world: world,
            ports: LambdaPorts(
                executor: executor, code: PlainCode(), caller: self, signals: sqs,
                roles: self.roles, policies: self.roles,
                transfer: remembers ? sqs.outboxIntake(policies: self.roles) : nil),
            outbox: outbox)
        services.withLock { $0 = ["sqs": sqs.registration, "lambda": lambda.registration] }
        parts.withLock { $0 = (lambda, outbox) }
        try await sqs.start()
        try await outbox.start()
        try await lambda.start()
    }

    /// Ends everything that would go on by itself.
    func stop() async {
        let parts = parts.withLock { $0 }
        parts?.lambda.stop()
        parts?.outbox.stop()
        await idle()
    }

    var outboxCount: Int { parts.withLock { $0?.outbox.count ?? 0 } }

    func call(_ call: InternalCall) async throws(ServiceFault) -> JSONValue {
        guard let service = services.withLock({ $0[call.service] }),
            let operation = service.operations.first(where: {
                $0.descriptor.name == call.operation
            })
        else { throw .internalFailure }
        let number = serial.withLock { serial in
            serial += 1
            return serial
        }
        var context = CallContext(
            requestID: "request-\(number)", principal: call.principal, account: call.account,
            region: call.region, endpoint: "http://localhost:4566", record: world.journal.allot(),
            cause: call.cause)
        context.activity = call.activity
        let prepared: PreparedCall
        do {
            prepared = try operation.prepare(TreeSource(value: call.input))
        } catch let fault as ServiceFault {
            throw fault
        } catch {
            throw .serialization("\(error)")
        }
        let outcome = await Dispatcher(world: world, policySource: roles).run(
            prepared, of: service, context)
        return try JSONValue(writing: outcome.result.get())
    }

    /// Calls as the account's root.
    @discardableResult
    func call(_ service: String, _ operation: String, _ input: JSONObject = [:]) async throws
        -> JSONValue
    {
        try await call(
            InternalCall(
                service: service, operation: operation, input: .object(input),
                principal: .root(.local), account: .local, region: .usEast1, cause: .none))
    }

    @discardableResult
    func lambda(_ operation: String, _ input: JSONObject = [:]) async throws -> JSONValue {
        try await call("lambda", operation, input)
    }

    // MARK: Time

    /// Waits until nothing runs.
    func idle() async {
        let ticket = WakeTicket()
        world.background.activity.awaitIdle(ticket)
        await ticket.wait()
    }

    /// Moves time on, letting what falls due on the way come to rest first.
    func advance(seconds: Int64) async {
        let target = world.clock.now().adding(seconds: seconds)
        await idle()
        while let due = world.clock.nextDue(), due <= target {
            world.clock.jump(to: due)
            world.clock.fireDue()
            await idle()
        }
        world.clock.jump(to: target)
        await idle()
    }

    // MARK: Things

    /// A function named `name`.
    @discardableResult
    func function(_ name: String = "f", _ more: JSONObject = [:]) async throws -> JSONValue {
        var input: JSONObject = [
            "FunctionName": .string(name), "Runtime": .string("python3.11"),
            "Role": .string(Self.role), "Handler": .string("index.handler"),
            "Code": .object(["ZipFile": .string(Base64.encode(Array("code".utf8)))]),
        ]
        for member in more.members { input[member.name] = member.value }
        return try await lambda("CreateFunction", input)
    }

    /// A queue; answers its ARN.
    func queue(_ name: String = "q", _ attributes: [String: String] = [:]) async throws -> String {
        var given = JSONObject()
        for key in attributes.keys.sorted() { given[key] = .string(attributes[key] ?? "") }
        try await call(
            "sqs", "CreateQueue", ["QueueName": .string(name), "Attributes": .object(given)])
        return "arn:aws:sqs:us-east-1:000000000000:\(name)"
    }

    func url(_ queue: String) -> JSONValue {
        .string("http://x/000000000000/\(queue.split(separator: ":").last ?? "")")
    }

    func send(_ body: String, to queue: String, group: String? = nil) async throws {
        var input: JSONObject = ["QueueUrl": url(queue), "MessageBody": .string(body)]
        if let group {
            input["MessageGroupId"] = .string(group)
            input["MessageDeduplicationId"] = .string("\(group)-\(body)")
        }
        try await call("sqs", "SendMessage", input)
    }

    /// Takes all visible messages off a queue.
    func take(_ queue: String) async throws -> [JSONValue] {
        let reply = try await call(
            "sqs", "ReceiveMessage",
            [
                "QueueUrl": url(queue), "MaxNumberOfMessages": .integer(10),
                "MessageAttributeNames": .array([.string("All")]),
                "VisibilityTimeout": .integer(0),
            ])
        return reply["Messages"]?.arrayValue ?? []
    }

    /// Visible and in flight.
    func counts(_ queue: String) async throws -> [String] {
        let reply = try await call(
            "sqs", "GetQueueAttributes",
            ["QueueUrl": url(queue), "AttributeNames": .array([.string("All")])])
        return [
            "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
        ].map { reply["Attributes"]?[$0]?.stringValue ?? "?" }
    }
}

extension FunctionResult {
    static func answer(_ text: String) -> FunctionResult {
        FunctionResult(outcome: .success(payload: Array(text.utf8)))
    }

    static func failure(_ message: String) -> FunctionResult {
        FunctionResult(
            outcome: .failure(
                FunctionFailure(
                    kind: .unhandled, errorType: "ValueError", errorMessage: message,
                    payload: Array(#"{"errorType":"ValueError"}"#.utf8))))
    }
}

/// The code of the fault that `body` throws.
func refusal(_ body: () async throws -> Void) async -> String {
    do {
        try await body()
        return "nothing"
    } catch let fault as ServiceFault {
        return "\(fault.shapeName): \(fault.message)"
    } catch {
        return "\(error)"
    }
}
