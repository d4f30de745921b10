// SPDX-License-Identifier: Apache-2.0
// The path of every call: who may pass, what waits for the disk, what a failure looks like.

import Basics
import Chronology
import IdentityAccess
import Journal
import SQSWire
import ServiceKit
import Storage
import StorageTesting
import Synchronization
import Testing
import WireModel
import WireProtocols

@Suite struct DispatcherTests {
    // MARK: Durability

    @Test func aReplyWaitsForTheDisk() async throws {
        let bed = DispatcherBed()
        bed.store.holdSyncs()
        let ended = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                #expect(await bed.call(as: .root(.local)) == "ok")
                ended.raise()
            }
            while bed.store.latestVersion == .zero { await Task.yield() }
            for _ in 0..<1_000 { await Task.yield() }
            // Applied and visible, but not synced: nobody may be told.
            #expect(!ended.isRaised)
            bed.store.releaseSyncs()
            try await group.waitForAll()
        }
        #expect(bed.store.durableVersion >= bed.store.latestVersion)
    }

    @Test func aFailedSyncIsAFaultAndNoReply() async {
        let bed = DispatcherBed()
        bed.store.failNextSync()
        #expect(await bed.call(as: .root(.local)) == "503 ServiceUnavailable")
        #expect(bed.world.journal.records().last?.status == 503)
    }

    // MARK: Permission

    @Test func aRoleWithoutPolicyIsRefusedBeforeTheHandler() async {
        let bed = DispatcherBed()
        #expect(await bed.call(as: Self.role) == "403 AccessDeniedException")
        #expect(bed.store.latestVersion == .zero)
    }

    @Test func aRoleNeedsEveryPermissionOfACall() async throws {
        let both = [Access("sqs:PurgeQueue", on: Self.queue), Access("sqs:Other", on: "*")]
        let one = DispatcherBed(accesses: both, policy: try Self.policy("sqs:PurgeQueue"))
        #expect(await one.call(as: Self.role) == "403 AccessDeniedException")
        let all = DispatcherBed(accesses: both, policy: try Self.policy("sqs:*"))
        #expect(await all.call(as: Self.role) == "ok")
    }

    @Test func theRootOfTheAccountNeedsNoPolicy() async {
        #expect(await DispatcherBed().call(as: .root(.local)) == "ok")
    }

    @Test func theRootOfAnotherAccountDoes() async throws {
        let other = try #require(AccountID("111111111111"))
        #expect(await DispatcherBed().call(as: .root(other)) == "403 AccessDeniedException")
    }

    @Test func aResourcePolicyBindsTheRootToo() async throws {
        let denial = try PolicyDocument.parse(
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","#
                + #""Action":"sqs:PurgeQueue","Resource":"*"}]}"#, as: .resource)
        let bed = DispatcherBed(resourcePolicy: NamedPolicy(name: "queue", document: denial))
        #expect(await bed.call(as: .root(.local)) == "403 AccessDeniedException")
    }

    @Test func aResourcePolicyThatCannotBeReadRefuses() async {
        let bed = DispatcherBed(resourcePolicyError: StoreError.fenced)
        #expect(await bed.call(as: .root(.local)) == "503 ServiceUnavailable")
        #expect(bed.store.latestVersion == .zero)
    }

    @Test func theTagsOfAResourceAreLookedUpOnlyForAPolicyThatAsks() async throws {
        let plain = DispatcherBed(policy: try Self.policy("sqs:*"))
        #expect(await plain.call(as: Self.role) == "ok")
        #expect(!plain.tagsAsked.isRaised)
        let asking = DispatcherBed(
            policy: try Self.policy("sqs:*", if: #"{"StringEquals": {"aws:ResourceTag/a": "b"}}"#))
        #expect(await asking.call(as: Self.role) == "ok")
        #expect(asking.tagsAsked.isRaised)
        let other = DispatcherBed(
            policy: try Self.policy("sqs:*", if: #"{"StringEquals": {"aws:ResourceTag/a": "c"}}"#))
        #expect(await other.call(as: Self.role) == "403 AccessDeniedException")
    }

    @Test func aServiceIsJudgedByTheSourceItActsFor() async throws {
        let policy = NamedPolicy(
            name: "queue",
            document: try PolicyDocument.parse(
                #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","#
                    + #""Principal":{"Service":"sns.amazonaws.com"},"Resource":"*","Condition":"#
                    + #"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:topic"}}}]}"#, as: .resource))
        let bed = DispatcherBed(resourcePolicy: policy)
        let topic = ARN(service: "sns", region: .usEast1, account: .local, resource: "topic")
        let other = ARN(service: "sns", region: .usEast1, account: .local, resource: "other")
        let sns = Principal.service("sns.amazonaws.com")
        #expect(await bed.call(as: sns, source: topic) == "ok")
        #expect(await bed.call(as: sns, source: other) == "403 AccessDeniedException")
        #expect(await bed.call(as: sns) == "403 AccessDeniedException")
    }

    // MARK: Failures

    @Test(arguments: [
        (StoreError.overloaded as any Error & Sendable, "400 ThrottlingException"),
        (StoreError.full, "503 ServiceUnavailable"),
        (StoreError.fenced, "503 ServiceUnavailable"),
        (ServiceFault(shapeName: "Odd", httpStatus: 418), "418 Odd"),
        (CancellationError(), "499 RequestAbandoned"),
        (Unforeseen(), "500 InternalFailure"),
    ])
    func whatAHandlerThrowsBecomesAFault(_ error: any Error & Sendable, _ expected: String) async {
        let bed = DispatcherBed(handlerError: error)
        #expect(await bed.call(as: .root(.local)) == expected)
    }

    @Test func everyCallLeavesOneRecord() async {
        let bed = DispatcherBed()
        _ = await bed.call(as: .root(.local))
        _ = await bed.call(as: Self.role)
        let records = bed.world.journal.records()
        #expect(records.map(\.status) == [200, 403])
        #expect(records.map(\.cause) == [JournalID(rawValue: 3), JournalID(rawValue: 3)])
        #expect(records.map(\.operation) == ["PurgeQueue", "PurgeQueue"])
        #expect(records[0].subjects == ["m"])
        #expect(records[1].error.contains("AccessDenied"))
        #expect(records[1].principal.hasSuffix("assumed-role/worker/s"))
    }

    // MARK: Ground

    fileprivate static let queue = "arn:aws:sqs:us-east-1:000000000000:q"
    private static let role = Principal.role(
        RoleSession(account: .local, roleName: "worker", roleID: "AROA", sessionName: "s"))

    private static func policy(_ action: String, if condition: String = "{}") throws
        -> NamedPolicy
    {
        NamedPolicy(
            name: "p",
            document: try PolicyDocument.parse(
                #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":""#
                    + action + #"","Resource":"*","Condition":"# + condition + "}]}",
                as: .identity))
    }
}

private struct Unforeseen: Error {}

private final class Flag: Sendable {
    private let state = Mutex(false)

    var isRaised: Bool { state.withLock { $0 } }
    func raise() { state.withLock { $0 = true } }
}

/// A dispatcher with one operation that writes one record.
private struct DispatcherBed {
    let world: World
    let store = SlowStore(entropy: SeededEntropy(seed: 1))
    let tagsAsked = Flag()
    private let registration: ServiceRegistration
    private let dispatcher: Dispatcher

    init(
        accesses: [Access] = [Access("sqs:PurgeQueue", on: DispatcherTests.queue)],
        policy: NamedPolicy? = nil, resourcePolicy: NamedPolicy? = nil,
        resourcePolicyError: StoreError? = nil, handlerError: (any Error & Sendable)? = nil
    ) {
        let store = store
        let tagsAsked = tagsAsked
        world = World(
            store: store, blobs: NoBlobs(),
            clock: VirtualClock(
                physical: StillTime(), setting: .untouched(at: StillTime().wall())),
            entropy: SeededEntropy(seed: 1), journal: Journal(capacity: 16, firstNumber: 1),
            background: Background(spawner: NoSpawner(), activity: Activity()))
        let operation = ServiceKit.Operation(
            SQS.PurgeQueue.self, validation: { _ in nil }, authorize: { _, _ in accesses },
            handler: { _, _ in
                if let handlerError { throw handlerError }
                var batch = WriteBatch()
                batch.put(key: StoreKey(bytes: [KeyKind.outbox.rawValue, 1]), value: [1])
                return Reply(EmptyStructure(), at: try store.apply(batch), subjects: ["m"])
            })
        registration = ServiceRegistration(
            SQS.service, operations: [operation],
            resourcePolicy: { _ in
                if let resourcePolicyError { throw resourcePolicyError }
                return resourcePolicy
            },
            resourceTags: { _ in
                tagsAsked.raise()
                return [AccessTag("a", "b")]
            })
        dispatcher = Dispatcher(world: world, policySource: OnePolicy(policy: policy))
    }

    /// `ok`, or status and name of the fault.
    func call(as principal: Principal, source: ARN? = nil) async -> String {
        let input = JSONValue.object(["QueueUrl": .string("http://x/000000000000/q")])
        do {
            let prepared = try registration.operations[0].prepare(ValueInput(value: input))
            var context = CallContext(
                requestID: "r", principal: principal, account: .local, region: .usEast1,
                endpoint: "http://localhost", record: world.journal.allot(),
                cause: JournalID(rawValue: 3))
            context.source = source
            _ = try await dispatcher.run(prepared, of: registration, context).result.get()
            return "ok"
        } catch let fault as ServiceFault {
            return "\(fault.httpStatus) \(fault.shapeName)"
        } catch {
            return "\(error)"
        }
    }
}

private struct OnePolicy: PolicySource {
    let policy: NamedPolicy?

    func policies(for principal: Principal) async throws -> EffectivePolicies {
        EffectivePolicies(identity: policy.map { [$0] } ?? [])
    }
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

private struct StillTime: PhysicalTime {
    func monotonicNanoseconds() -> UInt64 { 0 }
    func wall() -> Timestamp { Timestamp(seconds: 1_800_000_000) }
    func after(nanoseconds: UInt64, _ action: @escaping @Sendable () -> Void) -> PhysicalTimer {
        PhysicalTimer(cancel: {})
    }
}

/// Nothing of these tests runs in the background.
private struct NoSpawner: Spawner {
    func spawn(_ work: @escaping @Sendable () async -> Void) {}
}

private struct NoBlobs: BlobStore {
    func put(_ bytes: [UInt8]) async throws(BlobError) -> BlobHash { throw .full }
    func get(_ hash: BlobHash) async throws(BlobError) -> [UInt8] { throw .missing(hash) }
    func contains(_ hash: BlobHash) async throws(BlobError) -> Bool { false }
    func localPath(_ hash: BlobHash) async throws(BlobError) -> String { throw .missing(hash) }
    func collect(named: Set<BlobHash>) async throws(BlobError) -> Int { 0 }
}
