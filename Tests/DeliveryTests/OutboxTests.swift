// SPDX-License-Identifier: Apache-2.0
// The outbox on a store: nothing before durability, nothing lost, nothing after the end.

import Basics
import Chronology
import Journal
import ServiceKit
import Storage
import StorageTesting
import Synchronization
import Testing

@testable import Delivery

private struct StillTime: PhysicalTime {
    func monotonicNanoseconds() -> UInt64 { 0 }
    func wall() -> Timestamp { Timestamp(seconds: 1_800_000_000) }
    func after(nanoseconds: UInt64, _ action: @escaping @Sendable () -> Void) -> PhysicalTimer {
        PhysicalTimer(cancel: {})
    }
}

private struct TaskSpawner: Spawner {
    func spawn(_ work: @escaping @Sendable () async -> Void) { Task { await work() } }
}

private struct NoBlobs: BlobStore {
    func put(_ bytes: [UInt8]) async throws(BlobError) -> BlobHash { throw .full }
    func get(_ hash: BlobHash) async throws(BlobError) -> [UInt8] { throw .missing(hash) }
    func contains(_ hash: BlobHash) async throws(BlobError) -> Bool { false }
    func localPath(_ hash: BlobHash) async throws(BlobError) -> String { "" }
    func collect(named: Set<BlobHash>) async throws(BlobError) -> Int { 0 }
}

/// Does with each attempt what a test says.
private final class Script: DeliveryHandler {
    typealias Body = @Sendable (Delivery) -> DeliveryVerdict
    private let body: Body
    private let log = Mutex<[String]>([])
    private let gone = Mutex(0)

    init(_ body: @escaping Body) { self.body = body }
    var attempts: [String] { log.withLock { $0 } }
    var removals: Int { gone.withLock { $0 } }

    func attempt(_ delivery: Delivery) async -> DeliveryVerdict {
        let text = String(decoding: delivery.content, as: UTF8.self)
        log.withLock { $0.append("\(text)#\(delivery.attempts)+\(delivery.deferrals)") }
        return body(delivery)
    }

    func removed(_ delivery: Delivery) async { gone.withLock { $0 += 1 } }
}

@Suite struct OutboxTests {
    private func world(
        _ store: any Store, now: Timestamp = Timestamp(seconds: 1_800_000_000)
    ) -> World {
        World(
            store: store, blobs: NoBlobs(),
            clock: VirtualClock(
                physical: StillTime(),
                setting: ClockSetting(mode: .frozen, now: now, offsetMilliseconds: 0)),
            entropy: SeededEntropy(seed: 1), journal: Journal(capacity: 10, firstNumber: 1),
            background: Background(spawner: TaskSpawner(), activity: Activity()))
    }

    private func idle(_ world: World) async {
        let ticket = WakeTicket()
        world.background.activity.awaitIdle(ticket)
        await ticket.wait()
    }

    private func put(_ texts: [String], lane: String = "lane", _ outbox: Outbox, _ world: World)
        throws
    {
        for text in texts {
            var batch = WriteBatch()
            let entry = outbox.prepare(
                OutboxDraft(
                    handler: "script", lane: lane, content: Array(text.utf8), cause: .none),
                into: &batch)
            try world.store.apply(batch)
            outbox.accept(entry)
        }
    }

    private func isEmpty(_ store: any Store) async throws -> Bool {
        try await store.range(KeyRange(kind: .outbox), limit: 1).isEmpty
    }

    @Test func deliversAndForgets() async throws {
        let world = world(MemoryStore())
        let script = Script { _ in .done }
        let outbox = Outbox(world: world)
        outbox.register("script", script)
        try await outbox.start()
        try put(["a", "b", "c"], outbox, world)
        await idle(world)
        #expect(script.attempts.sorted() == ["a#0+0", "b#0+0", "c#0+0"])
        #expect(script.removals == 3)
        #expect(outbox.count == 0)
        #expect(try await isEmpty(world.store))
    }

    @Test func countsAttemptsAndDeferrals() async throws {
        let world = world(MemoryStore())
        let script = Script { delivery in
            let again = Timestamp(seconds: 1_800_000_000 + Int64(10 * (1 + delivery.attempts)))
            switch (delivery.attempts, delivery.deferrals) {
            case (0, 0): return .again(at: again, counts: false)
            case (0, 1): return .again(at: again, counts: true)
            default: return .done
            }
        }
        let outbox = Outbox(world: world)
        outbox.register("script", script)
        try await outbox.start()
        try put(["a"], outbox, world)
        await idle(world)
        #expect(script.attempts == ["a#0+0"])
        world.clock.jump(to: Timestamp(seconds: 1_800_000_010))
        await idle(world)
        // The second verdict was due at once.
        #expect(script.attempts == ["a#0+0", "a#0+1", "a#1+0"])
        #expect(outbox.count == 0)
    }

    @Test func successorsEnterWhenTheirCauseLeaves() async throws {
        let world = world(MemoryStore())
        let script = Script { delivery in
            guard delivery.content == Array("first".utf8) else { return .done }
            let next = OutboxDraft(
                handler: "script", lane: "other", content: Array("second".utf8), cause: .none)
            return .done(followedBy: [next])
        }
        let outbox = Outbox(world: world)
        outbox.register("script", script)
        try await outbox.start()
        try put(["first"], outbox, world)
        await idle(world)
        #expect(script.attempts == ["first#0+0", "second#0+0"])
        #expect(try await isEmpty(world.store))
    }

    @Test func whatAnEarlierRunLeftIsTakenUp() async throws {
        let store = MemoryStore()
        let first = world(store)
        let later = Timestamp(seconds: 1_800_000_060)
        let failing = Script { _ in .again(at: later, counts: true) }
        let before = Outbox(world: first)
        before.register("script", failing)
        try await before.start()
        try put(["a", "b"], before, first)
        await idle(first)
        before.stop()
        let second = world(store)
        let working = Script { _ in .done }
        let after = Outbox(world: second)
        after.register("script", working)
        try await after.start()
        await idle(second)
        #expect(working.attempts == [])
        second.clock.jump(to: later)
        await idle(second)
        #expect(working.attempts.sorted() == ["a#1+0", "b#1+0"])
        #expect(try await isEmpty(store))
    }

    @Test func entriesWithoutAHandlerAreKept() async throws {
        let store = MemoryStore()
        let world = world(store)
        let outbox = Outbox(world: world)
        try await outbox.start()
        try put(["a"], outbox, world)
        await idle(world)
        #expect(try await !isEmpty(store))
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func everyEntryEndsOnASlowStore(_ seed: UInt64) async throws {
        let store = SlowStore(entropy: SeededEntropy(seed: seed))
        let world = world(store)
        let script = Script { delivery in
            delivery.attempts < 2
                ? .again(at: delivery.acceptedAt, counts: true) : .done
        }
        let outbox = Outbox(world: world)
        outbox.register("script", script)
        try await outbox.start()
        for number in 0..<40 {
            try await store.admitted(bytes: 1000)
            try put(["\(number)"], lane: "lane\(number % 3)", outbox, world)
        }
        await idle(world)
        #expect(script.attempts.count == 120)
        #expect(Set(script.attempts).count == 120)
        #expect(outbox.count == 0)
        #expect(try await isEmpty(store))
    }

    /// A store that loses its ability to write in the middle: entries that survive are attempted
    /// again once it is back, and none is lost.
    @Test func nothingIsLostWhenTheStoreFails() async throws {
        let store = BrittleStore()
        let world = world(store)
        let script = Script { _ in .done }
        let outbox = Outbox(world: world)
        outbox.register("script", script)
        try await outbox.start()
        store.refusesWrites = true
        store.lets(1)
        try put(["a"], outbox, world)
        await idle(world)
        #expect(script.attempts == ["a#0+0"])
        #expect(outbox.count == 1)
        store.refusesWrites = false
        world.clock.jump(to: Timestamp(seconds: 1_800_000_002))
        await idle(world)
        #expect(script.attempts == ["a#0+0", "a#0+0"])
        #expect(outbox.count == 0)
        #expect(script.removals == 1)
    }
}
