// SPDX-License-Identifier: Apache-2.0
// A whole world without edge and processes: the real services, dispatcher, outbox and clock on
// one seeded executor. The driver alone moves it.

package import Basics
package import Chronology
import Delivery
import IAMService
import IdentityAccess
import Journal
import LambdaService
import LogsService
import SQSService
package import ServiceKit
import Storage
import Synchronization
package import WireModel
import WireProtocols

/// One simulated world and its driver.
package final class SimulatedWorld: ServiceCaller {
    package let world: World
    package let time: SimulatedTime
    package let executor: SeededExecutor
    /// Draws the history's own choices, apart from what the world draws.
    package let choices: SeededEntropy
    package let functions: ScriptedFunctions
    package let trace: Trace

    private struct Parts: Sendable {
        let sqs: SQSService
        let lambda: LambdaService
        let logs: LogsService
        let iam: IAMService
        let outbox: Outbox
        let table: ServiceTable
        let dispatcher: Dispatcher
    }

    private let parts = Mutex<Parts?>(nil)

    private let seeds: SeededEntropy
    private let blobs: SimulatedBlobs
    private let store: SimulatedStore
    /// Counted as the platform counts its starts.
    private let boot: UInt64

    /// A world whose every choice follows from `seed`.
    ///
    /// `mode` is how its virtual clock runs against its simulated real time.
    package convenience init(
        seed: UInt64, start: Timestamp, mode: ClockMode = .real, keepsTrace: Bool = true
    ) {
        let seeds = SeededEntropy(seed: seed)
        let time = SimulatedTime(start: start)
        let executor = SeededExecutor(entropy: SeededEntropy(seed: seeds.next()))
        let choices = SeededEntropy(seed: seeds.next())
        let store = SimulatedStore(time: time, entropy: SeededEntropy(seed: seeds.next()))
        self.init(
            ground: (seeds, time, executor, choices, store, SimulatedBlobs()),
            setting: ClockSetting(mode: mode, now: start, offsetMilliseconds: 0), boot: 0,
            trace: Trace(keepsLines: keepsTrace))
    }

    private typealias Ground = (
        seeds: SeededEntropy, time: SimulatedTime, executor: SeededExecutor,
        choices: SeededEntropy, store: SimulatedStore, blobs: SimulatedBlobs
    )

    private init(ground: Ground, setting: ClockSetting, boot: UInt64, trace: Trace) {
        seeds = ground.seeds
        time = ground.time
        executor = ground.executor
        choices = ground.choices
        store = ground.store
        blobs = ground.blobs
        self.boot = boot
        self.trace = trace
        world = World(
            store: store, blobs: blobs, clock: VirtualClock(physical: time, setting: setting),
            entropy: SeededEntropy(seed: seeds.next()),
            journal: Journal(capacity: 10_000, firstNumber: boot << 40 + 1),
            background: Background(spawner: executor, activity: Activity()))
        functions = ScriptedFunctions(time: time, entropy: SeededEntropy(seed: seeds.next()))
        parts.withLock { [self] in $0 = makeParts() }
    }

    /// Ends this world as a power cut would and answers one on what the disk holds.
    ///
    /// Nothing of this one runs again; its clock's setting was durable before it held.
    package func crash() -> SimulatedWorld {
        trace.follow(self)
        let setting = world.clock.setting()
        time.forgetAlarms()
        let executor = SeededExecutor(entropy: SeededEntropy(seed: seeds.next()))
        let next = SimulatedStore(
            time: time, entropy: SeededEntropy(seed: seeds.next()), disk: store.powerCut())
        return SimulatedWorld(
            ground: (seeds, time, executor, choices, next, blobs), setting: setting,
            boot: boot + 1, trace: trace)
    }

    /// The store, for what is to go wrong with it.
    package var disk: SimulatedStore { store }

    private func makeParts() -> Parts {
        let iam = IAMService(world: world)
        let sqs = SQSService(world: world)
        let logs = LogsService(world: world)
        let outbox = Outbox(world: world)
        functions.bind(
            log: FunctionLog(world: world, roles: iam, caller: self))
        let lambda = LambdaService(
            world: world,
            ports: LambdaPorts(
                executor: functions, code: SimulatedCode(), caller: self, signals: sqs,
                roles: iam, policies: iam.directory,
                transfer: sqs.outboxIntake(policies: iam.directory)),
            outbox: outbox)
        let table = ServiceTable([
            sqs.registration, lambda.registration, logs.registration, iam.iamRegistration,
            iam.stsRegistration,
        ])
        table.observeReopenings(of: world.store)
        return Parts(
            sqs: sqs, lambda: lambda, logs: logs, iam: iam, outbox: outbox, table: table,
            dispatcher: Dispatcher(world: world, policySource: iam.directory))
    }

    /// Takes up what the store holds, as the platform does at its start.
    nonisolated(nonsending)
        package func start() async throws
    {
        guard let parts = parts.withLock({ $0 }) else { return }
        try await parts.sqs.start()
        try await parts.logs.start()
        try await parts.outbox.start()
        try await parts.lambda.start()
    }

    // MARK: Calls

    nonisolated(nonsending)
        package func call(_ call: InternalCall) async throws(ServiceFault) -> JSONValue
    {
        guard let parts = parts.withLock({ $0 }),
            let entry = parts.table.entry(service: call.service, operation: call.operation)
        else { throw .notImplemented(service: call.service, operation: call.operation) }
        let prepared: PreparedCall
        do {
            prepared = try entry.operation.prepare(ValueInput(value: call.input))
        } catch {
            throw (error as? ServiceFault) ?? .internalFailure
        }
        var context = CallContext(
            requestID: world.entropy.uuid(), principal: call.principal, account: call.account,
            region: call.region, endpoint: "http://localhost:4566",
            record: world.journal.allot(), cause: call.cause)
        context.activity = call.activity
        context.source = call.source
        let outcome = await parts.dispatcher.run(prepared, of: entry.service, context)
        switch outcome.result {
        case .success(let output): return JSONValue(writing: output)
        case .failure(let fault): throw fault
        }
    }

    /// A call of the account's root, as a client's would come.
    @discardableResult
    nonisolated(nonsending)
        package func call(_ service: String, _ operation: String, _ input: JSONObject)
        async throws -> JSONValue
    {
        try await call(
            InternalCall(
                service: service, operation: operation, input: .object(input),
                principal: .root(.local), account: .local, region: .usEast1, cause: .none))
    }

    // MARK: Driving

    /// Runs one job; `false` when none is ready.
    package func runReady() -> Bool {
        let ran = executor.step()
        if ran { trace.follow(self) }
        return ran
    }

    /// Moves time to the next alarm; `false` when there is none.
    package func advance() -> Bool {
        let moved = time.advance()
        if moved { trace.follow(self) }
        return moved
    }

    /// Deliveries that wait or are under way.
    package var outboxCount: Int { parts.withLock { $0?.outbox.count } ?? 0 }

    /// Runs one job, or moves time to the next alarm; `false` when nothing is left to happen.
    package func step() -> Bool {
        let moved = executor.step() || time.advance()
        trace.follow(self)
        return moved
    }

    /// Starts `body` on the world's executor; `drive` brings it to its end.
    package func begin<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) -> SimulatedOutcome<Value> {
        let outcome = SimulatedOutcome<Value>()
        executor.spawn {
            do {
                outcome.end(.success(try await body()))
            } catch {
                outcome.end(.failure(error))
            }
        }
        return outcome
    }

    /// Runs `body` to its end, moving time whenever nothing else can happen.
    package func drive<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value)
        throws -> Value
    {
        let outcome = begin(body)
        while outcome.result == nil {
            guard step() else { throw SimulationFailure("nothing is left to happen") }
        }
        guard let result = outcome.result else { throw SimulationFailure("no result") }
        return try result.get()
    }
}

/// What a driven body came to, once it has.
package final class SimulatedOutcome<Value: Sendable>: Sendable {
    private let ended = Mutex<Result<Value, any Error>?>(nil)

    package var result: Result<Value, any Error>? { ended.withLock { $0 } }

    fileprivate func end(_ result: Result<Value, any Error>) { ended.withLock { $0 = result } }
}

/// A history that cannot go on, or that broke an invariant.
package struct SimulationFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// An input given as a value.
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
