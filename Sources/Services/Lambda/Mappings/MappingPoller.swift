// SPDX-License-Identifier: Apache-2.0
// One mapping at work: waits for arrivals, receives under the function's role, and starts
// batches. What happens with a batch is in MappingPoller+Batch.

import Basics
import Chronology
import Delivery
import IdentityAccess
import Journal
import ServiceKit
import Storage
import Synchronization
import WireModel

/// What pollers of all mappings share.
struct PollerGround: Sendable {
    let world: World
    let directory: FunctionDirectory
    let runner: FunctionRunner
    let ledger: ConcurrencyLedger
    let roles: RoleChecks
    let caller: any ServiceCaller
    let signals: any ArrivalSignals
    let limits: LambdaLimits
}

/// Reads a queue for a function, woken by arrivals, never by a timer of its own.
///
/// One task coordinates: it rests until a message may be received and a place is free, receives,
/// and starts the batch beside itself. Received messages that are not deleted come back by the
/// queue's visibility timeout.
final class MappingPoller: Sendable {
    struct State {
        var isStopped = false
        var pace: PollerPace
        var running = 0
        var pausedUntil: Timestamp?
        var emptyReceives = 0
        var lastResult = "No records processed"
        /// The coordinator's wait, if it waits.
        var rest: WakeTicket?
        /// Set while that wait is for a place among the batches.
        var restsForPlace = false
    }

    /// Pauses after receives or runs that could not take place.
    static let backoff = Backoff(firstMilliseconds: 1000, ceilingMilliseconds: 60_000)
    /// Wake-ups without a message after which the poller pauses instead of asking on.
    static let emptyReceivesMax = 16

    let mapping: EventSourceMapping
    let ground: PollerGround
    let state: Mutex<State>

    init(_ mapping: EventSourceMapping, _ ground: PollerGround) {
        self.mapping = mapping
        self.ground = ground
        let ceiling = mapping.maximumConcurrency ?? ground.limits.mappingConcurrencyMax
        let start = min(ceiling, ground.limits.mappingConcurrencyStart)
        state = Mutex(State(pace: PollerPace(start: start, ceiling: ceiling)))
    }

    var lastResult: String { state.withLock { $0.lastResult } }

    private var isStopped: Bool { state.withLock { $0.isStopped } }
    var activity: Activity { ground.world.background.activity }

    func start() { ground.world.background.run { await self.poll() } }

    /// Receives nothing more; batches under way end by themselves.
    func stop() {
        let rest = state.withLock { state in
            state.isStopped = true
            return state.rest
        }
        rest?.wake()
    }

    private func poll() async {
        while !isStopped {
            await restForPlace()
            await restForPause()
            do {
                guard try await restForArrival(until: nil), !isStopped else { continue }
                let function = try await ready()
                guard !isStopped else { return }
                let session = try await ground.roles.session(
                    of: function.settings.role, for: function.name)
                let batch = try await gather(session)
                guard !batch.messages.isEmpty else { continue }
                launch(batch, function, session)
            } catch {
                obstructed(by: error)
            }
        }
    }

    /// The function, once it is durable and has room for another batch.
    private func ready() async throws -> ResolvedFunction {
        let key = MappingKeys.mapping(mapping)
        guard try await ground.world.store.get(key) != nil else {
            // Deleted while its poller was being made.
            state.withLock { $0.isStopped = true }
            throw LambdaFaults.mappingNotFound()
        }
        try await ground.world.store.durable(mapping.storedAt)
        let function = try await ground.directory.resolve(
            mapping.function, qualifier: mapping.qualifier)
        let reserved = function.function.reservedConcurrency
        if reserved == 0 {
            throw LambdaFaults.throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        }
        await ground.ledger.waitForRoom(function.name, limit: reserved, activity: activity)
        let specification = try ground.runner.specification(of: function)
        await ground.runner.executor.waitForCapacity(for: specification)
        return function
    }

    private func launch(_ batch: Batch, _ function: ResolvedFunction, _ session: RoleSession) {
        state.withLock { $0.running += 1 }
        ground.world.background.run {
            await self.process(batch, function, session)
            let rest = self.state.withLock { state in
                state.running -= 1
                return state.restsForPlace ? state.rest : nil
            }
            rest?.wake()
        }
    }

    // MARK: Resting

    /// Waits on a ticket that `stop` ends too.
    ///
    /// `arrange` is given the ticket before the wait; it may wake it.
    private func rest(
        forPlace: Bool = false, unless isOver: (State) -> Bool = { _ in false },
        _ arrange: (WakeTicket) async throws -> Void
    ) async throws {
        let ticket = WakeTicket(activity: activity)
        let mustRest = state.withLock { state in
            guard !state.isStopped, !isOver(state) else { return false }
            state.rest = ticket
            state.restsForPlace = forPlace
            return true
        }
        guard mustRest else { return }
        defer {
            state.withLock { state in
                state.rest = nil
                state.restsForPlace = false
            }
        }
        try await arrange(ticket)
        await ticket.wait()
    }

    private func restForPlace() async {
        try? await rest(forPlace: true, unless: { $0.running < $0.pace.limit }) { _ in }
    }

    private func restForPause() async {
        let until = state.withLock { state in
            defer { state.pausedUntil = nil }
            return state.pausedUntil
        }
        guard let until, until > ground.world.clock.now() else { return }
        let clock = ground.world.clock
        try? await rest { ticket in clock.schedule(at: until) { ticket.wake() } }
    }

    /// Waits until a message may be received; `false` when `deadline` came first.
    func restForArrival(until deadline: Timestamp?) async throws -> Bool {
        let clock = ground.world.clock
        var timer: VirtualClock.Timer?
        var used: WakeTicket?
        defer { if let timer { clock.cancel(timer) } }
        try await rest { ticket in
            used = ticket
            if let deadline { timer = clock.schedule(at: deadline) { ticket.wake() } }
            try await self.ground.signals.awaitArrival(at: self.mapping.queue, ticket)
        }
        if let used { await ground.signals.abandonArrival(at: mapping.queue, used) }
        guard let deadline else { return true }
        return clock.now() < deadline
    }

    // MARK: Obstacles

    /// Notes why nothing could be received or run, and pauses.
    func obstructed(by error: any Error) {
        let words = (error as? ServiceFault).map { "\($0.shapeName): \($0.message)" }
        obstructed("PROBLEM: \(words ?? "The service is unavailable.")")
    }

    func obstructed(_ result: String) {
        let now = ground.world.clock.now()
        let jitter = ground.world.entropy.next()
        state.withLock { state in
            state.pace.obstructed()
            state.lastResult = result
            let pause = Self.backoff.milliseconds(
                afterFailures: state.pace.obstacles, jitter: jitter)
            state.pausedUntil = now.adding(milliseconds: pause)
        }
    }
}
