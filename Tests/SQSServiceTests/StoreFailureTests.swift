// SPDX-License-Identifier: Apache-2.0
// Queues on a store that fails and comes back: nothing resident outlives what it rested on.

import Basics
import Chronology
import ServiceKit
import Storage
import StorageTesting
import Testing

@testable import SQSService

/// A service on a store that can be made to fail.
private struct Ground {
    let store: SlowStore
    let world: World
    let registry: QueueRegistry
    let redrive: Redrive

    init(seed: UInt64 = 1) {
        store = SlowStore(entropy: SeededEntropy(seed: seed))
        world = .still(store, seed: seed)
        let service = SQSService(world: world)
        store.reopenings.observe(service.registration.dropResidentState)
        registry = service.registry
        redrive = service.redrive
    }

    func name(_ text: String) -> QueueName {
        QueueName(account: .local, region: .usEast1, name: text)
    }

    func create(_ text: String, dead: String? = nil) async throws {
        var configuration = QueueConfiguration(
            account: .local, region: .usEast1, name: text, createdAt: world.clock.now())
        if let dead {
            configuration.redrivePolicy = RedrivePolicy(
                deadLetterTargetARN: name(dead).arn.description, maxReceiveCount: 1)
        }
        try await store.durable(try await registry.create(configuration).version)
    }

    func cell(_ text: String) async throws -> QueueCell {
        try #require(try await registry.cell(name(text)))
    }

    /// Sends; the answer is what a client would wait for.
    func send(_ body: String, to text: String) async throws -> StoreVersion {
        let message = Message(
            messageID: body, body: body, bodyDigest: MessageDigest.md5(body), senderID: "s",
            sentAt: world.clock.now())
        return try await cell(text).commit { queue, now in
            let (_, changes) = queue.decideSend(
                SendCommand(message: message, delaySeconds: nil),
                at: queue.header.nextPosition, now: now
            ) { $0.record }
            return ((), changes)
        }.version
    }

    /// The bodies that a receive of up to ten gives now, each hidden from then on.
    func receive(_ text: String, visibilitySeconds: Int = 30) async throws -> [String] {
        let cell = try await cell(text)
        while true {
            let (decision, version) = try cell.commit { queue, now in
                let decision = try queue.decideReceive(
                    ReceiveCommand(limit: 10, visibilitySeconds: visibilitySeconds), now: now
                ) { world.entropy.next() }
                if case .take(_, _, let changes) = decision { return (decision, changes) }
                return (decision, [])
            }
            switch decision {
            case .empty: return []
            case .needsWindow: try await cell.loadWindow()
            case .needsRecords(let positions): try await cell.loadRecords(positions)
            case .take(let deliveries, let leaving, _):
                try await store.durable(version)
                if !leaving.isEmpty { redrive.start(cell) }
                return try deliveries.map {
                    try Message(
                        $0.record, key: QueueKeys(cell: cell.cell).message($0.position)
                    ).body
                }
            }
        }
    }

    func idle() async {
        let ticket = WakeTicket()
        world.background.activity.awaitIdle(ticket)
        await ticket.wait()
    }
}

@Suite struct StoreFailureTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func whatDidNotSurviveIsNotShown(_ seed: UInt64) async throws {
        let ground = Ground(seed: seed)
        try await ground.create("q")
        try await ground.store.durable(try await ground.send("kept", to: "q"))
        ground.store.failNextSync()
        let lost = try await ground.send("lost", to: "q")
        await #expect(throws: StoreError.self) { try await ground.store.durable(lost) }
        try await ground.store.reopen()
        // A look, which writes nothing that the store could refuse.
        let found = try await ground.cell("q").look { queue, _ in queue.header.nextPosition }
        try await ground.store.durable(found.version)
        #expect(try await ground.receive("q") == ["kept"])
    }

    @Test func aDeleteThatDidNotSurviveIsUndone() async throws {
        let ground = Ground()
        try await ground.create("q")
        try await ground.store.durable(try await ground.send("a", to: "q"))
        #expect(try await ground.receive("q", visibilitySeconds: 0) == ["a"])
        ground.store.failNextSync()
        let gone = try await ground.cell("q").delete { _ in }
        await #expect(throws: StoreError.self) { try await ground.store.durable(gone) }
        try await ground.store.reopen()
        #expect(try await ground.receive("q") == ["a"])
    }

    @Test func whoWaitsOnAQueueIsSentToTheOneLoadedAnew() async throws {
        let ground = Ground()
        try await ground.create("q")
        let before = try await ground.cell("q")
        let ticket = WakeTicket()
        before.await(ticket)
        ground.store.failNextWrite()
        await #expect(throws: StoreError.self) { try await ground.send("a", to: "q") }
        #expect(!ticket.isWoken)
        try await ground.store.reopen()
        #expect(ticket.isWoken)
        #expect(throws: StoreError.fenced) { try before.look { _, _ in () } }
        _ = try await ground.send("b", to: "q")
        #expect(try await ground.receive("q") == ["b"])
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func aMessageThatLeftWhenTheStoreFailedArrivesOnce(_ seed: UInt64) async throws {
        let ground = Ground(seed: seed)
        try await ground.create("other")
        try await ground.create("dead")
        try await ground.create("source", dead: "dead")
        try await ground.store.durable(try await ground.send("a", to: "source"))
        #expect(try await ground.receive("source", visibilitySeconds: 0) == ["a"])
        _ = try? await ground.receive("source")
        // Somewhere on its way, as the seed has it.
        for _ in 0..<seed { await Task.yield() }
        if seed.isMultiple(of: 2) {
            ground.store.failNextWrite()
        } else {
            ground.store.failNextSync()
        }
        await ground.idle()
        // The fault strikes here at the latest.
        if let version = try? await ground.send("x", to: "other") {
            await #expect(throws: StoreError.self) { try await ground.store.durable(version) }
        }
        try await ground.store.reopen()
        let source = try await ground.cell("source")
        await ground.idle()
        if try source.look({ queue, _ in queue.receivableCount }).result > 0 {
            _ = try await ground.receive("source")
            await ground.idle()
        }
        #expect(try await ground.receive("dead") == ["a"])
        #expect(try await ground.receive("source") == [])
    }
}
