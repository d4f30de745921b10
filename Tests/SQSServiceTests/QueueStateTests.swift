// SPDX-License-Identifier: Apache-2.0
// What the queue keeps resident and stored: windows, heaps, retention, deduplication, transfers.

import Basics
import Chronology
import ServiceKit
import Storage
import Testing

@testable import SQSService

@Suite struct QueueStateTests {
    // MARK: The window

    @Test func aBacklogBeyondTheWindowComesInOrder() async throws {
        var bed = try await QueueBed()
        for number in 0..<6_000 { try bed.send("b\(number)") }
        #expect(try bed.counts() == [6_000, 0, 0])
        try await bed.restart()
        #expect(try bed.counts() == [6_000, 0, 0])
        var got: [String] = []
        while true {
            let bodies = try await bed.bodies(7)
            if bodies.isEmpty { break }
            got += bodies
        }
        #expect(got == (0..<6_000).map { "b\($0)" })
        #expect(try bed.counts() == [0, 6_000, 0])
    }

    /// A page read before a leased message went must not bring it back.
    @Test func whatIsDeletedWhilePagingStaysDeleted() async throws {
        var bed = try await QueueBed()
        try bed.send("one")
        try bed.send("two", delay: 5)
        try bed.send("three")
        try await bed.restart()
        let page = try await bed.world.store.range(KeyRange(kind: .sqsMessage), limit: 10)
        let loaded = page.enumerated().map { index, pair in
            Queue.WindowEntry(
                position: MessagePosition(UInt64(index) + 1), sentAt: QueueBed.start, group: nil,
                record: pair.value)
        }
        var queue = try bed.cell.look { queue, _ in queue }.result
        queue.beginPaging()
        queue.fold([.removed(MessagePosition(2))])
        queue.extendWindow(loaded, upTo: MessagePosition(4))
        queue.endPaging()
        #expect(queue.window.map(\.position.rawValue) == [1, 3])
        #expect(queue.goneWhilePaging.isEmpty)
    }

    // MARK: The header

    @Test(arguments: [false, true])
    func whatWasSentSinceTheStoredHeaderIsFoundAgain(isFIFO: Bool) async throws {
        var bed = try await QueueBed(isFIFO ? "q.fifo" : "q")
        let group = isFIFO ? "g" : nil
        for number in 0..<150 {
            try bed.send("b\(number)", group: group, deduplication: group.map { _ in "\(number)" })
        }
        if !isFIFO { try bed.send("later", delay: 600) }
        let before = try bed.cell.look { queue, _ in queue.header }.result
        try await bed.restart()
        #expect(try bed.cell.look { queue, _ in queue.header }.result == before)
        #expect(try bed.counts() == [150, 0, isFIFO ? 0 : 1])
        #expect(try await bed.bodies(1) == ["b0"])
        try await bed.restart()
        #expect(try bed.counts() == [149, 1, isFIFO ? 0 : 1])
    }

    /// A deleted position must not be given to another message.
    @Test func aDeletedMessagesPositionIsNotUsedAgain() async throws {
        var bed = try await QueueBed()
        try bed.send("delayed", delay: 1)
        bed.advance(seconds: 2)
        let deliveries = try await bed.receive(1)
        let delivery = try #require(deliveries.first)
        try bed.delete(bed.handle(delivery))
        try await bed.restart()
        try bed.send("next")
        let next = try await bed.receive(1)
        #expect(next.map(\.position) == [MessagePosition(2)])
    }

    @Test func sendsRarelyWriteTheHeader() async throws {
        let bed = try await QueueBed()
        let key = QueueKeys(cell: bed.cell.cell).header
        var headers: [[UInt8]?] = []
        for _ in 0..<200 {
            try bed.send()
            let header = try await bed.world.store.get(key)
            if headers.last != header { headers.append(header) }
        }
        #expect(headers.count <= 1 + 200 / Int(Queue.tailCountMax))
    }

    // MARK: Heaps

    @Test func heapsStaySmallWhenMessagesGoRound() async throws {
        let bed = try await QueueBed()
        try bed.send()
        for _ in 0..<4_000 { #expect(try await bed.receive(1, visibility: 0).count == 1) }
        let first = try await bed.receive(1)
        let delivery = try #require(first.first)
        for _ in 0..<4_000 { try bed.changeVisibility(bed.handle(delivery), 60) }
        let sizes = try bed.cell.look { queue, _ in [queue.ready.count, queue.timeline.count] }
        #expect(sizes.result.allSatisfy { $0 < 2_000 }, "\(sizes.result)")
    }

    @Test func equalTimesOfTwoMessagesAreBothSettled() async throws {
        let bed = try await QueueBed()
        for body in ["a", "b", "c"] { try bed.send(body, delay: 10) }
        #expect(try bed.counts() == [0, 0, 3])
        bed.advance(seconds: 10)
        #expect(try await bed.bodies() == ["a", "b", "c"])
    }

    // MARK: Retention

    @Test func nothingOlderThanRetentionIsHandedOut() async throws {
        let bed = try await QueueBed { $0.retentionSeconds = 60 }
        for number in 0..<2_500 { try bed.send("old\(number)", delay: number % 2) }
        bed.advance(seconds: 30)
        try bed.send("young")
        bed.advance(seconds: 30)
        #expect(try await bed.bodies() == ["young"])
        #expect(try bed.counts() == [0, 1, 0])
        #expect(try await bed.storedCount(.sqsMessage) == 1)
    }

    @Test func retentionReachesWhatIsNotPagedIn() async throws {
        var bed = try await QueueBed { $0.retentionSeconds = 60 }
        for _ in 0..<1_500 { try bed.send() }
        try await bed.restart()
        bed.advance(seconds: 60)
        try await bed.settle()
        #expect(try bed.counts() == [0, 0, 0])
        #expect(try await bed.storedCount(.sqsMessage) == 0)
    }

    /// A message on its way to the dead-letter queue lies between expired ones.
    @Test func expirySparesWhatLeaves() async throws {
        let bed = try await QueueBed { $0.retentionSeconds = 60 }
        try bed.send("one")
        let moved = Message(
            messageID: "m", body: "moved", bodyDigest: [], senderID: "s", sentAt: bed.now)
        let id = TransferID(source: 9, position: MessagePosition(1))
        #expect(try bed.transfer(id, moved))
        try bed.send("three")
        var lease = Lease(visibleAt: .distantPast, sentAt: bed.now)
        lease.isLeaving = true
        try bed.commit([.leased(MessagePosition(2), lease)])
        bed.advance(seconds: 61)
        #expect(try bed.counts() == [0, 0, 0])
        let left = try await bed.world.store.range(KeyRange(kind: .sqsMessage), limit: 10)
        #expect(left.count == 1)
        let key = QueueKeys(cell: bed.cell.cell).message(MessagePosition(2))
        #expect(left.first?.key == key)
        #expect(try bed.cell.nextLeaving()?.position == MessagePosition(2))
    }

    // MARK: Bounds

    @Test func aFullFIFOQueueOffersNothingToWaitFor() async throws {
        var limits = SQSLimits()
        limits.inFlightFIFOMax = 2
        let bed = try await QueueBed("q.fifo", limits: limits)
        for group in ["a", "b", "c"] { try bed.send(group, group: group) }
        let deliveries = try await bed.receive(2)
        #expect(deliveries.count == 2)
        #expect(try await bed.receive().isEmpty)
        // Else whoever waits would be woken without end.
        let ticket = WakeTicket()
        bed.cell.await(ticket)
        #expect(!ticket.isWoken)
        try bed.delete(bed.handle(deliveries[0]))
        #expect(ticket.isWoken)
        #expect(try await bed.bodies() == ["c"])
    }

    @Test func aFullStandardQueueRefusesReceives() async throws {
        var limits = SQSLimits()
        limits.inFlightStandardMax = 2
        let bed = try await QueueBed(limits: limits)
        for _ in 0..<3 { try bed.send() }
        #expect(try await bed.receive(2).count == 2)
        await #expect(throws: QueueRefusal.tooManyInFlight) { try await bed.receive() }
    }

    @Test func aReceiveMovesOnlySoManyAtOnce() async throws {
        let bed = try await QueueBed {
            $0.redrivePolicy = RedrivePolicy(
                deadLetterTargetARN: "arn:aws:sqs:us-east-1:000000000000:d", maxReceiveCount: 1)
        }
        for _ in 0..<1_200 { try bed.send() }
        while try await !bed.receive(10, visibility: 5).isEmpty {}
        bed.advance(seconds: 5)
        let decision = try bed.cell.commit { queue, now in
            (try queue.decideReceive(ReceiveCommand(limit: 1), now: now) { 1 }, [])
        }.result
        guard case .take(let deliveries, let leaving, _) = decision else {
            Issue.record("\(decision)")
            return
        }
        #expect(deliveries.isEmpty)
        #expect(leaving.count == 1_000)
    }

    @Test func theRecordCacheKeepsWhatAReceiveLoads() {
        var cache = RecordCache()
        let large = [UInt8](repeating: 0, count: 1 << 20)
        for number in 0..<200 {
            cache.insert(MessagePosition(UInt64(number)), large)
            if number >= 9 {
                // A receive's ten messages stay together.
                for back in 0..<10 {
                    #expect(cache[MessagePosition(UInt64(number - back))] != nil)
                }
            }
        }
        #expect(cache[MessagePosition(100)] == nil)
        for number in 0..<1_000 {
            cache.insert(MessagePosition(UInt64(1_000 + number)), [1])
            cache.remove(MessagePosition(UInt64(1_000 + number)))
        }
        cache.insert(MessagePosition(5_000), [2])
        #expect(cache[MessagePosition(5_000)] == [2])
    }

    // MARK: Purge

    @Test func purgeForgetsWhatLeavesToo() async throws {
        let bed = try await QueueBed()
        for _ in 0..<3 { try bed.send(delay: 1) }
        var lease = Lease(visibleAt: .distantPast, sentAt: bed.now)
        lease.isLeaving = true
        try bed.commit([.leased(MessagePosition(1), lease)])
        try bed.purge()
        #expect(try bed.cell.nextLeaving() == nil)
        #expect(try bed.counts() == [0, 0, 0])
        // The hand-over that was under way removes what is not there any more.
        try bed.commit([.removed(MessagePosition(1))])
        #expect(try bed.counts() == [0, 0, 0])
        for kind in [KeyKind.sqsMessage, .sqsMessageState, .sqsOutbox] {
            #expect(try await bed.storedCount(kind) == 0)
        }
        try bed.send("new")
        #expect(try await bed.bodies() == ["new"])
    }

    @Test func purgesWaitUnderAWSLimits() async throws {
        let bed = try await QueueBed(limits: .aws)
        try bed.purge()
        #expect(throws: QueueRefusal.purgeInProgress) { try bed.purge() }
        bed.advance(seconds: 60)
        try bed.purge()
    }
}
