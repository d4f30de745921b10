// SPDX-License-Identifier: Apache-2.0
// The one thread that makes commits durable, and the calls that wait for it. How a sync is done
// and how a failed store comes back is `RocksStore`'s business.

import Storage
import Synchronization

/// Syncs as one group whatever was accepted while somebody waits for it.
///
/// Works in rounds: what was accepted before a round begins is covered by its sync; whoever
/// arrives during a round waits for the next. A round is not begun for a few while many are about
/// to come: it waits a moment for as many as were under way when the last one ended. Who is alone
/// never waits for others.
final class Committer: @unchecked Sendable {
    /// What the owner of the log does when asked.
    struct Actions: Sendable {
        /// Syncs and returns the last version covered, or says why it failed.
        let sync: @Sendable () -> Result<StoreVersion, StoreError>
        /// Whether something accepted is still unsynced although nobody waits.
        let hasUnsynced: @Sendable () -> Bool
        /// Tries to bring a failed store back; `nil` when it is open again.
        let recover: @Sendable () -> StoreError?
        /// Called once a store that came back takes calls and waiters again.
        let recovered: @Sendable () -> Void
        /// Whether the engine has to be asked again soon if it still stalls.
        let isStalled: @Sendable () -> Bool
        let checkStall: @Sendable () -> Void
    }

    private struct Waiter {
        let version: UInt64
        let continuation: UnsafeContinuation<StoreError?, Never>
    }

    /// Unsynced changes nobody waits for are synced after this long.
    private static let idleMilliseconds = 200
    private static let backoffMilliseconds = 50...2_000
    /// A round waits for others no longer than this, and not when nobody came for that long.
    private static let gatheringNanoseconds: UInt64 = 1_000_000
    private static let silenceNanoseconds: UInt64 = 100_000

    private let gate = Gate()
    private let durable: Atomic<UInt64>
    private let waiting = Atomic<Int>(0)
    private let released = Atomic<UInt64>(0)

    // Guarded by `gate`.
    private var waiters: [Waiter] = []
    private var spare: [Waiter] = []
    private var sleeping = false
    /// Calls that were under way when the last round ended: those it released, those who waited.
    private var company = 0
    private var gathering = false
    private var stopping = false
    private var failure: StoreError?
    private var reopeners: [UnsafeContinuation<StoreError?, Never>] = []
    private var thread: EngineThread?

    init(durable: StoreVersion) { self.durable = Atomic(durable.rawValue) }

    /// Everything up to here is durable.
    var durableVersion: StoreVersion {
        StoreVersion(rawValue: durable.load(ordering: .acquiring))
    }

    /// Calls waiting now.
    var waitersCount: Int { waiting.load(ordering: .relaxed) }

    var releasedCount: UInt64 { released.load(ordering: .relaxed) }

    /// Starts the thread; `false` when the system gives none.
    func start(_ actions: Actions) -> Bool {
        thread = EngineThread(name: "martlet-commit") { [self] in loop(actions) }
        return thread != nil
    }

    /// Waits until `version` is durable.
    nonisolated(nonsending)
        func wait(for version: StoreVersion) async throws(StoreError)
    {
        let error = await withUnsafeContinuation { continuation in
            let answer: StoreError?? = gate.withLock {
                if let failure { return .some(failure) }
                if version.rawValue <= durable.load(ordering: .relaxed) { return .some(nil) }
                if stopping { return .some(.closed) }
                waiters.append(Waiter(version: version.rawValue, continuation: continuation))
                waiting.wrappingAdd(1, ordering: .relaxed)
                wake()
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
        if let error { throw error }
    }

    /// Tells the thread that the store has failed: all waiters throw and it tries to recover.
    func fail(_ error: StoreError) {
        gate.withLock {
            if failure == nil { failure = error }
            wake()
        }
    }

    /// After a recovery: everything up to `version` came back from the disk.
    func reset(durable version: StoreVersion) {
        gate.withLock { durable.store(version.rawValue, ordering: .releasing) }
    }

    /// Has the thread look at the store again soon.
    func nudge() { gate.withLock { wake() } }

    /// Waits for the next attempt to recover; returns at once when the store has not failed.
    nonisolated(nonsending)
        func recovered() async throws(StoreError)
    {
        let error = await withUnsafeContinuation { continuation in
            let now = gate.withLock {
                guard failure != nil, !stopping else { return true }
                reopeners.append(continuation)
                wake()
                return false
            }
            if now { continuation.resume(returning: nil) }
        }
        if let error { throw error }
    }

    /// Syncs what is left, releases everybody and ends the thread.
    ///
    /// Blocks.
    func stop() {
        gate.withLock {
            stopping = true
            gate.signal()
        }
        thread?.join()
        thread = nil
    }

    // MARK: The thread

    private enum Work {
        case sync
        case recover
        case look
        case stop
    }

    private func wake() {
        if sleeping || gathering && waiters.count >= company { gate.signal() }
    }

    private func loop(_ actions: Actions) {
        var backoff = Committer.backoffMilliseconds.lowerBound
        while true {
            switch next(actions, backoff: backoff) {
            case .sync: syncRound(actions)
            case .recover:
                releaseAllFailed()
                let error = actions.recover()
                let reopeners = gate.withLock {
                    if error == nil { failure = nil }
                    defer { self.reopeners = [] }
                    return self.reopeners
                }
                if error == nil { actions.recovered() }
                for reopener in reopeners { reopener.resume(returning: error) }
                backoff =
                    error == nil
                    ? Committer.backoffMilliseconds.lowerBound
                    : min(backoff * 2, Committer.backoffMilliseconds.upperBound)
            case .look: actions.checkStall()
            case .stop:
                if gate.withLock({ failure == nil }) { syncRound(actions) }
                releaseAllFailed()
                return
            }
        }
    }

    /// Sleeps until there is something to do.
    private func next(_ actions: Actions, backoff: Int) -> Work {
        let failed = gate.withLock { failure != nil }
        if failed {
            releaseAllFailed()
            return gate.withLock {
                if !stopping, reopeners.isEmpty, backoff > 50 { sleep(backoff) }
                return stopping ? .stop : .recover
            }
        }
        return gate.withLock {
            while true {
                if failure != nil { return .recover }
                if !waiters.isEmpty {
                    gather()
                    return .sync
                }
                if stopping { return .stop }
                let stalled = actions.isStalled()
                let unsynced = actions.hasUnsynced()
                let woken = sleep(
                    stalled ? 10 : unsynced ? Committer.idleMilliseconds : nil)
                if stalled { return .look }
                if unsynced, !woken, waiters.isEmpty, failure == nil { return .sync }
            }
        }
    }

    /// Inside the gate; whether somebody woke the thread.
    @discardableResult
    private func sleep(_ milliseconds: Int?) -> Bool {
        sleeping = true
        gate.wait(milliseconds: milliseconds)
        sleeping = false
        return !waiters.isEmpty || stopping || failure != nil
    }

    /// Inside the gate: lets those come who were under way a moment ago.
    private func gather() {
        let begun = MonotonicTime.now.nanoseconds
        var seen = 0
        while waiters.count < company, waiters.count > seen, !stopping, failure == nil,
            MonotonicTime.now.nanoseconds - begun < Self.gatheringNanoseconds
        {
            seen = waiters.count
            gathering = true
            gate.wait(nanoseconds: Self.silenceNanoseconds)
            gathering = false
        }
    }

    private func syncRound(_ actions: Actions) {
        switch actions.sync() {
        case .success(let covered):
            let ready = gate.withLock {
                durable.store(covered.rawValue, ordering: .releasing)
                let ready = takeWaiters(upTo: covered.rawValue)
                company = ready.count + waiters.count
                return ready
            }
            release(ready)
        case .failure(let error):
            gate.withLock { if failure == nil { failure = error } }
        }
    }

    /// Inside the gate: the waiters that `covered` releases, in the order of their arrival.
    private func takeWaiters(upTo covered: UInt64) -> [Waiter] {
        if waiters.allSatisfy({ $0.version <= covered }) {
            let ready = waiters
            waiters = spare
            spare = []
            return ready
        }
        let ready = waiters.filter { $0.version <= covered }
        waiters.removeAll { $0.version <= covered }
        return ready
    }

    private func release(_ ready: [Waiter]) {
        var ready = ready
        for waiter in ready { waiter.continuation.resume(returning: nil) }
        waiting.wrappingSubtract(ready.count, ordering: .relaxed)
        released.wrappingAdd(UInt64(ready.count), ordering: .relaxed)
        ready.removeAll(keepingCapacity: ready.capacity <= 16_384)
        gate.withLock { if spare.isEmpty { swap(&spare, &ready) } }
    }

    private func releaseAllFailed() {
        let (all, error) = gate.withLock {
            defer { waiters = [] }
            return (waiters, failure ?? .closed)
        }
        for waiter in all { waiter.continuation.resume(returning: error) }
        waiting.wrappingSubtract(all.count, ordering: .relaxed)
    }
}
