// SPDX-License-Identifier: Apache-2.0
// The durable outbox: what is to be delivered after the reply. Entries are stored in the commit
// that caused them, attempted in due order, and leave in the commit that knows their end.

import Basics
import Chronology
package import ServiceKit
package import Storage
import Synchronization

/// How much the outbox holds and does at once.
package struct OutboxLimits: Sendable {
    /// Entries beyond which `hasRoom` says no.
    package var entriesMax = 1_000_000
    /// Attempts running at once.
    package var runningMax = 256
    /// Attempts of one lane running at once.
    package var laneMax = 16

    package init() {}
}

/// An entry that a batch holds and the outbox does not know of yet.
package struct PendingEntry: Sendable {
    let header: OutboxHeader
}

/// Delivers entries durably, at least once, in due order within each lane's bound.
///
/// Call order: `register` every handler, `start`, and from then on `prepare` with the batch that
/// causes a delivery, `apply`, `accept`. A store that failed and was reopened needs nothing: each
/// attempt reads its entry anew and forgets what did not survive.
package final class Outbox: Sendable {
    private struct State {
        var schedule: OutboxSchedule
        var lastID = OutboxID(rawValue: 0)
        var handlers: [String: any DeliveryHandler] = [:]
        var alarm: (timer: VirtualClock.Timer, at: Timestamp)?
        var isRunning = false
    }

    /// An entry that may be attempted once `version` is durable.
    private struct Due: Sendable {
        let header: OutboxHeader
        let handler: any DeliveryHandler
    }

    /// Pause after the store refused to read or write.
    private static let storePauseMilliseconds: Int64 = 1000

    private let world: World
    private let limits: OutboxLimits
    private let state: Mutex<State>

    package init(world: World, limits: OutboxLimits = OutboxLimits()) {
        self.world = world
        self.limits = limits
        state = Mutex(
            State(
                schedule: OutboxSchedule(
                    runningMax: limits.runningMax, laneMax: limits.laneMax)))
    }

    /// Names who delivers the entries of `name`.
    package func register(_ name: String, _ handler: any DeliveryHandler) {
        state.withLock { $0.handlers[name] = handler }
    }

    /// Takes up what earlier runs left and begins to deliver.
    nonisolated(nonsending)
        package func start() async throws
    {
        var pages = world.store.pages(OutboxKeys.headers)
        while let page = try await pages.next() {
            let headers = try page.map { try OutboxHeader($0.value, key: $0.key) }
            state.withLock { state in
                for header in headers {
                    state.schedule.add(header)
                    state.lastID = max(state.lastID, header.id)
                }
            }
        }
        state.withLock { $0.isRunning = true }
        pump()
    }

    /// Starts nothing more; what is under way ends by itself.
    package func stop() {
        let alarm = state.withLock { state in
            state.isRunning = false
            defer { state.alarm = nil }
            return state.alarm
        }
        if let alarm { world.clock.cancel(alarm.timer) }
    }

    /// Whether more entries may be accepted.
    package var hasRoom: Bool { state.withLock { $0.schedule.count < limits.entriesMax } }

    /// Entries waiting or under way.
    package var count: Int { state.withLock { $0.schedule.count } }

    /// Adds an entry to `batch`; hand the result to `accept` once the batch is applied.
    package func prepare(_ draft: OutboxDraft, into batch: inout WriteBatch) -> PendingEntry {
        let now = world.clock.now()
        let id = state.withLock { state in
            state.lastID = OutboxID.next(after: state.lastID, now: now)
            return state.lastID
        }
        let header = OutboxHeader(
            id: id, handler: draft.handler, lane: draft.lane, acceptedAt: now, dueAt: now,
            cause: draft.cause)
        batch.put(key: OutboxKeys.header(id), value: header.record)
        batch.put(key: OutboxKeys.content(id), value: OutboxContent.record(draft.content))
        return PendingEntry(header: header)
    }

    /// Takes charge of an entry whose batch was applied.
    ///
    /// Nothing of it is attempted before the batch is durable.
    package func accept(_ entry: PendingEntry) {
        state.withLock { $0.schedule.add(entry.header) }
        pump()
    }

    /// Starts what is due and sets the one timer for what is not.
    private func pump() {
        let now = world.clock.now()
        let due: [Due] = state.withLock { state in
            guard state.isRunning else { return [] }
            var due: [Due] = []
            for header in state.schedule.takeDue(now: now) {
                guard let handler = state.handlers[header.handler] else {
                    // Stored by a release that knows more: it waits there for that one.
                    state.schedule.finish(header)
                    continue
                }
                due.append(Due(header: header, handler: handler))
            }
            arm(&state)
            return due
        }
        for entry in due { world.background.run { await self.deliver(entry) } }
    }

    private func arm(_ state: inout State) {
        let next = state.schedule.nextDue
        if let alarm = state.alarm {
            if alarm.at == next { return }
            world.clock.cancel(alarm.timer)
            state.alarm = nil
        }
        guard let next else { return }
        let timer = world.clock.schedule(at: next) { [weak self] in self?.alarm() }
        state.alarm = (timer, next)
    }

    private func alarm() {
        state.withLock { $0.alarm = nil }
        pump()
    }

    private func deliver(_ due: Due) async {
        let header = due.header
        do {
            // The entry's own commit lies at or below the latest version.
            try await world.store.durable(world.store.latestVersion)
            if let stored = try await stored(header.id) {
                guard stored.header.dueAt <= world.clock.now() else {
                    state.withLock { $0.schedule.reschedule(stored.header) }
                    pump()
                    return
                }
                let delivery = Delivery(
                    id: header.id, lane: header.lane, content: stored.content,
                    acceptedAt: stored.header.acceptedAt, attempts: stored.header.attempts,
                    deferrals: stored.header.deferrals, cause: header.cause,
                    activity: world.background.activity)
                let verdict = await due.handler.attempt(delivery)
                try await settle(stored.header, verdict)
                if case .done = verdict { await due.handler.removed(delivery) }
            } else {
                // Its commit did not survive a failed store.
                state.withLock { $0.schedule.finish(header) }
            }
        } catch {
            var later = header
            later.dueAt = world.clock.now().adding(milliseconds: Self.storePauseMilliseconds)
            state.withLock { $0.schedule.reschedule(later) }
        }
        pump()
    }

    nonisolated(nonsending)
        private func stored(_ id: OutboxID) async throws
        -> (header: OutboxHeader, content: [UInt8])?
    {
        let headerKey = OutboxKeys.header(id)
        let contentKey = OutboxKeys.content(id)
        guard let header = try await world.store.get(headerKey),
            let content = try await world.store.get(contentKey)
        else { return nil }
        return (
            try OutboxHeader(header, key: headerKey),
            try OutboxContent.content(of: content, key: contentKey)
        )
    }

    /// Stores what became of an entry and returns once that is durable.
    nonisolated(nonsending)
        private func settle(_ header: OutboxHeader, _ verdict: DeliveryVerdict) async throws
    {
        var batch = WriteBatch()
        var successors: [PendingEntry] = []
        var later = header
        switch verdict {
        case .done(let drafts):
            batch.delete(key: OutboxKeys.header(header.id))
            batch.delete(key: OutboxKeys.content(header.id))
            successors = drafts.map { prepare($0, into: &batch) }
        case .again(let due, let counts):
            later.dueAt = due
            later.attempts += counts ? 1 : 0
            later.deferrals = counts ? 0 : header.deferrals + 1
            batch.put(key: OutboxKeys.header(header.id), value: later.record)
        }
        // One entry makes way for its successors: refused for lack of space, it could never end.
        try await world.store.admitted(bytes: batch.byteCount, adds: false)
        let version = try world.store.apply(batch)
        for successor in successors { accept(successor) }
        try await world.store.durable(version)
        state.withLock { state in
            if case .done = verdict {
                state.schedule.finish(header)
            } else {
                state.schedule.reschedule(later)
            }
        }
    }
}
