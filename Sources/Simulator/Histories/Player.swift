// SPDX-License-Identifier: Apache-2.0
// Plays a plan: keeps the clients' agenda, which outlives the worlds, turns the crank of the
// world that lives, ends it where the plan says so, and writes down what was seen from outside.

import Basics
import Chronology
import ServiceKit
import Synchronization

/// One playing of one plan.
package final class Player: Sendable {
    /// What clients intend to do, by time and then by when they made up their minds.
    struct Intent: Sendable {
        let nanoseconds: UInt64
        let action: @Sendable (Player) -> Void
    }

    struct State {
        var simulated: SimulatedWorld
        var agenda: [Intent] = []
        var entries: [HistoryEntry] = []
        var calls = 0
        /// Calls that have no answer yet, with the event that says there will be none.
        var open: [(call: Int, unanswered: HistoryEvent)] = []
        /// Jobs until the next crash.
        var crashIn: Int?
        var crashes = 0
        /// Set when a start failed: the process ends and is started again.
        var mustRestart = false
    }

    let state: Mutex<State>
    private let plan: Plan
    private let functions: HistoryFunctions
    /// Bugs to plant in the world, for tests of the checkers.
    private let plantedBug: PlantedBug?

    /// What all worlds of the history had to tell.
    package let trace: Trace

    package init(_ plan: Plan, keepsTrace: Bool = false, plantedBug: PlantedBug? = nil) {
        self.plan = plan
        self.plantedBug = plantedBug
        let simulated = SimulatedWorld(
            seed: plan.seed, start: Timestamp(seconds: 1_800_000_000), keepsTrace: keepsTrace)
        trace = simulated.trace
        state = Mutex(State(simulated: simulated))
        let sink = EventSink()
        functions = HistoryFunctions { sink.record($0) }
        sink.bind(self)
    }

    package var simulated: SimulatedWorld { state.withLock { $0.simulated } }

    func record(_ event: HistoryEvent) {
        let simulated = simulated
        let entry = HistoryEntry(simulated.world.clock.now(), event)
        state.withLock { $0.entries.append(entry) }
        trace.follow(simulated)
        trace.note(event.description, at: entry.at)
    }

    // MARK: Playing

    /// Plays the plan to its end and answers what was seen.
    package func play() throws -> [HistoryEntry] {
        let first = simulated
        functions.bind(to: first.functions)
        try first.drive {
            try await first.start()
            try await HistorySetting.build(in: first)
        }
        plant(in: first)
        for step in plan.steps {
            intend(at: step.milliseconds * 1_000_000) { $0.perform(step.action) }
        }
        while turn(until: nil) {}
        simulated.disk.mend()
        try settle()
        try audit()
        return state.withLock { $0.entries }
    }

    /// One job, or the next thing due; `false` when no client intends anything more.
    ///
    /// With an end, turns until that time.
    private func turn(until end: UInt64?) -> Bool {
        let simulated = simulated
        if simulated.runReady() {
            countDown()
            return true
        }
        let (intended, isDone) = state.withLock { state in
            (
                state.agenda.first?.nanoseconds,
                state.agenda.isEmpty && state.open.isEmpty && state.crashIn == nil
            )
        }
        if end == nil, isDone { return false }
        let alarm = simulated.time.nextDue
        let next = [intended, alarm].compactMap { $0 }.min()
        guard let next, next <= end ?? .max else {
            if let end { simulated.time.move(to: end) }
            return false
        }
        if let intended, intended == next {
            simulated.time.move(to: intended)
            let intent = state.withLock { $0.agenda.removeFirst() }
            intent.action(self)
        } else {
            _ = simulated.advance()
        }
        return true
    }

    /// Ends the world after so many jobs, or in five seconds if there are fewer.
    func crash(afterJobs jobs: Int) {
        let (isWaiting, crashes) = state.withLock { ($0.crashIn != nil, $0.crashes) }
        if isWaiting { crash() }
        state.withLock { $0.crashIn = jobs }
        let planned = crashes + (isWaiting ? 1 : 0)
        intend(in: 5_000) { player in
            let isLate = player.state.withLock { $0.crashIn != nil && $0.crashes == planned }
            if isLate { player.crash() }
        }
    }

    private func countDown() {
        let isOver = state.withLock { state in
            if let left = state.crashIn {
                state.crashIn = left > 0 ? left - 1 : nil
                if left == 0 { return true }
            }
            return state.mustRestart
        }
        if isOver { crash() }
    }

    /// Ends the world; clients get no answer to what they asked of it.
    private func crash() {
        record(.fault(.crash))
        let old = simulated
        let next = old.crash()
        let unanswered = state.withLock { state in
            defer { state.open = [] }
            state.simulated = next
            state.crashes += 1
            state.crashIn = nil
            state.mustRestart = false
            return state.open.map(\.unanswered)
        }
        for event in unanswered { record(event) }
        functions.bind(to: next.functions)
        plant(in: next)
        _ = next.begin {
            do {
                try await next.start()
            } catch {
                self.state.withLock { $0.mustRestart = true }
            }
        }
    }

    private func plant(in simulated: SimulatedWorld) {
        if plantedBug == .acknowledgesBeforeSync { simulated.disk.acknowledgeEarly() }
    }

    /// Has `action` happen at `nanoseconds`, after all that was intended for then before.
    func intend(at nanoseconds: UInt64, _ action: @escaping @Sendable (Player) -> Void) {
        state.withLock { state in
            let place =
                state.agenda.firstIndex { $0.nanoseconds > nanoseconds } ?? state.agenda.count
            state.agenda.insert(Intent(nanoseconds: nanoseconds, action: action), at: place)
        }
    }

    func intend(in milliseconds: UInt64, _ action: @escaping @Sendable (Player) -> Void) {
        let now = simulated.time.monotonicNanoseconds()
        intend(at: now + milliseconds * 1_000_000, action)
    }

    // MARK: Ending

    /// Lets time pass until nothing is under way any more, twelve hours at most.
    private func settle() throws {
        for _ in 0..<72 {
            let end = simulated.time.monotonicNanoseconds() + 600_000_000_000
            while turn(until: end) {}
            let simulated = simulated
            let isAtRest = try simulated.drive {
                guard simulated.outboxCount == 0 else { return false }
                for queue in ["work", "work.fifo"] {
                    guard try await simulated.depth(of: queue) == 0 else { return false }
                }
                return true
            }
            if isAtRest { return }
        }
    }

    /// Takes every message out of every queue, those that move to a dead-letter queue there.
    private func audit() throws {
        let queues =
            HistorySetting.queues.map(\.name)
            + HistorySetting.queues.compactMap(\.deadLetters) + HistorySetting.ends
        for _ in 0..<HistorySetting.maxReceiveCount {
            var count = 0
            for queue in queues {
                let simulated = simulated
                let bodies = try simulated.drive { try await simulated.drain(queue) }
                for body in bodies { record(.found(queue: queue, body: body)) }
                count += bodies.count
            }
            if count == 0 { return }
            let end = simulated.time.monotonicNanoseconds() + 60_000_000_000
            while turn(until: end) {}
        }
    }
}

/// A bug that a history can be played with, to see that a checker catches it.
package enum PlantedBug: Sendable {
    case acknowledgesBeforeSync
}

/// Hands events to a player that is made after it.
private final class EventSink: Sendable {
    private struct Weak { weak var player: Player? }
    private let target = Mutex(Weak())

    func bind(_ player: Player) { target.withLock { $0.player = player } }
    func record(_ event: HistoryEvent) { target.withLock { $0.player }?.record(event) }
}
