// SPDX-License-Identifier: Apache-2.0
// Fair queues: a noisy message group of a standard queue does not hold the others up, and nothing
// of it is lost or handed out twice.

import Basics
import Storage
import Testing

@testable import SQSService

@Suite struct FairQueueTests {
    /// A backlog far beyond the window, its front in flight, and a quiet message at its end.
    @Test func aQuietGroupGoesBeforeABacklog() async throws {
        let bed = try await backlog(6_000)
        try bed.send("quiet", group: "b")
        try bed.send("alone")
        #expect(try await bed.bodies(2) == ["quiet", "alone"])
        #expect(try await bed.bodies(1) == ["30"])
    }

    @Test func aRestartForgetsNoQuietMessage() async throws {
        var bed = try await backlog(6_000)
        try bed.send("quiet", group: "b")
        try await bed.restart()
        #expect(try await bed.bodies(1) == ["quiet"])
    }

    @Test func everyMessageOfTheBacklogIsHandedOutOnce() async throws {
        let bed = try await backlog(5_000)
        for number in 0..<100 { try bed.send("q\(number)", group: "g\(number % 7)") }
        var got: Set<String> = []
        while true {
            let bodies = try await bed.bodies(10)
            if bodies.isEmpty { break }
            for body in bodies { #expect(got.insert(body).inserted) }
        }
        #expect(got.count == 5_000 - 30 + 100)
        #expect(try bed.counts() == [0, 5_100, 0])
    }

    /// With one consumer nobody has thirty messages in flight; the time they take tells.
    @Test func aSlowGroupIsNoisyByTheTimeItTakes() async throws {
        let bed = try await QueueBed()
        for number in 0..<5 { try bed.send("slow\(number)", group: "a") }
        let first = try #require(try await bed.receive(1).first)
        bed.advance(seconds: 10)
        try bed.delete(bed.handle(first))
        try bed.send("quick", group: "b")
        #expect(try await bed.bodies(1) == ["quick"])
        #expect(try await bed.bodies(1) == ["slow1"])
        // Ten minutes later nobody remembers.
        bed.advance(seconds: 600)
        #expect(try await bed.bodies(1) == ["slow1"])
    }

    @Test func ofTwoNoisyGroupsTheLessBusyGoesFirst() async throws {
        var limits = SQSLimits()
        limits.noisyInFlightMin = 2
        let bed = try await QueueBed(limits: limits)
        for number in 0..<6 { try bed.send("a\(number)", group: "a") }
        for number in 0..<6 { try bed.send("b\(number)", group: "b") }
        #expect(try await bed.bodies(4) == ["a0", "a1", "a2", "a3"])
        #expect(try await bed.bodies(2) == ["b0", "b1"])
        #expect(try await bed.bodies(4) == ["b2", "b3", "a4", "b4"])
    }

    /// Without noise the order is that of the sends, whatever the groups.
    @Test func quietGroupsKeepTheOrderOfTheirSends() async throws {
        let bed = try await QueueBed()
        for number in 0..<300 {
            try bed.send("\(number)", group: number % 3 == 0 ? nil : "g\(number % 100)")
        }
        var got: [String] = []
        while got.count < 300 { got += try await bed.bodies(10, visibility: 60) }
        #expect(got == (0..<300).map { "\($0)" })
    }

    @Test func aGroupHasSoManyMessagesApart() async throws {
        var limits = SQSLimits()
        limits.tenantWaitingMax = 3
        let bed = try await QueueBed(limits: limits)
        for number in 0..<10 { try bed.send("\(number)", group: "a") }
        #expect(try await bed.storedCount(.sqsMessageState) == 3)
        #expect(try await bed.bodies(10) == (0..<10).map { "\($0)" })
        #expect(try bed.cell.look { queue, _ in queue.tenants.overflowCount }.result == 0)
    }

    // MARK: Full queues

    @Test func aFullStandardQueueRefusesShortPollsOnly() async throws {
        var limits = SQSLimits()
        limits.inFlightStandardMax = 3
        let bed = try await QueueBed(limits: limits)
        for number in 0..<5 { try bed.send("\(number)") }
        #expect(try await bed.receive(10).count == 3)
        await #expect(throws: QueueRefusal.tooManyInFlight) { try await bed.receive(1) }
        var long = ReceiveCommand(limit: 1)
        long.waits = true
        let waiting = long
        let decision = try bed.cell.commit { queue, now in
            (try queue.decideReceive(waiting, now: now) { 1 }, [])
        }.result
        guard case .empty = decision else {
            Issue.record("\(decision)")
            return
        }
        #expect(try bed.cell.look { queue, _ in queue.hasReceivable }.result == false)
        bed.advance(seconds: 30)
        #expect(try await bed.receive(1).count == 1)
    }

    @Test func aFullFIFOQueueGivesNothing() async throws {
        var limits = SQSLimits()
        limits.inFlightFIFOMax = 2
        let bed = try await QueueBed("q.fifo", limits: limits)
        for number in 0..<3 {
            try bed.send("\(number)", group: "g\(number)", deduplication: "\(number)")
        }
        #expect(try await bed.receive(10).count == 2)
        #expect(try await bed.receive(10).isEmpty)
        bed.advance(seconds: 30)
        #expect(try await bed.bodies(1) == ["0"])
    }

    /// A queue in which group `a` has 30 messages in flight and all others waiting.
    private func backlog(_ count: Int) async throws -> QueueBed {
        let bed = try await QueueBed { $0.visibilitySeconds = 3_600 }
        for number in 0..<count { try bed.send("\(number)", group: "a") }
        for _ in 0..<3 { #expect(try await bed.receive(10).count == 10) }
        return bed
    }
}
