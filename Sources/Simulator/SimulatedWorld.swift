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

    /// A world whose every choice follows from `seed`.
    ///
    /// `mode` is how its virtual clock runs against its simulated real time.
    package init(seed: UInt64, start: Timestamp, mode: ClockMode = .real) {
        let seeds = SeededEntropy(seed: seed)
        time = SimulatedTime(start: start)
        executor = SeededExecutor(entropy: SeededEntropy(seed: seeds.next()))
        choices = SeededEntropy(seed: seeds.next())
        let store = SimulatedStore(
            MemoryStore(), time: time, entropy: SeededEntropy(seed: seeds.next()))
        world = World(
            store: store, blobs: SimulatedBlobs(),
            clock: VirtualClock(
                physical: time,
                setting: ClockSetting(mode: mode, now: start, offsetMilliseconds: 0)),
            entropy: SeededEntropy(seed: seeds.next()),
            journal: Journal(capacity: 100_000, firstNumber: 1),
            background: Background(spawner: executor, activity: Activity()))
        functions = ScriptedFunctions(time: time, entropy: SeededEntropy(seed: seeds.next()))
        trace = Trace()
        parts.withLock { [self] in $0 = makeParts() }
    }

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
