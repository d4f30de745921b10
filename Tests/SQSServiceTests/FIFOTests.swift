// SPDX-License-Identifier: Apache-2.0
// FIFO queues: groups, turns, deduplication and what a restart keeps of them.

import Basics
import Chronology
import ServiceKit
import Storage
import Testing

@testable import SQSService

@Suite struct FIFOTests {
    @Test func aGroupInFlightHoldsItsOthersBack() async throws {
        let bed = try await QueueBed("q.fifo")
        for body in ["a1", "a2", "b1"] { try bed.send(body, group: String(body.prefix(1))) }
        let first = try await bed.receive(1)
        #expect(try await bed.bodies() == ["b1"])
        #expect(try await bed.bodies().isEmpty)
        try bed.delete(bed.handle(try #require(first.first)))
        #expect(try await bed.bodies() == ["a2"])
    }

    @Test func aReturnedMessageComesBeforeItsSuccessors() async throws {
        let bed = try await QueueBed("q.fifo")
        for body in ["a1", "a2", "a3"] { try bed.send(body, group: "a") }
        #expect(try await bed.bodies(2, visibility: 10) == ["a1", "a2"])
        bed.advance(seconds: 10)
        #expect(try await bed.bodies() == ["a1", "a2", "a3"])
    }

    @Test func blockingOutlivesARestart() async throws {
        var bed = try await QueueBed("q.fifo")
        for body in ["a1", "a2"] { try bed.send(body, group: "a") }
        let taken = try await bed.receive(1)
        let first = try #require(taken.first)
        try await bed.restart()
        #expect(try await bed.receive().isEmpty)
        #expect(try bed.delete(bed.handle(first)))
        #expect(try await bed.bodies() == ["a2"])
    }

    @Test func handlesOfPassedTimeoutsAreRefused() async throws {
        let bed = try await QueueBed("q.fifo")
        try bed.send(group: "a")
        let taken = try await bed.receive(1, visibility: 10)
        let handle = bed.handle(try #require(taken.first))
        bed.advance(seconds: 10)
        #expect(throws: QueueRefusal.receiptHandleExpired) { try bed.delete(handle) }
        #expect(throws: QueueRefusal.receiptHandleExpired) {
            try bed.changeVisibility(handle, 5)
        }
    }

    // MARK: Deduplication

    @Test func anIdIsRememberedForFiveMinutes() async throws {
        var bed = try await QueueBed("q.fifo")
        let first = try bed.send("a", group: "a", deduplication: "d")
        bed.advance(seconds: 299)
        try await bed.restart()
        let second = try bed.send("b", group: "b", deduplication: "d")
        #expect(second.isDuplicate)
        #expect(second.messageID == first.messageID && second.position == first.position)
        bed.advance(seconds: 1)
        #expect(try !bed.send("c", group: "a", deduplication: "d").isDuplicate)
        #expect(try bed.counts() == [2, 0, 0])
    }

    @Test func aScopeOfGroupsKeepsGroupsApart() async throws {
        var bed = try await QueueBed("q.fifo") { $0.deduplicatesByGroup = true }
        try bed.send(group: "a", deduplication: "d")
        #expect(try !bed.send(group: "b", deduplication: "d").isDuplicate)
        #expect(try bed.send(group: "a", deduplication: "d").isDuplicate)
        try await bed.restart()
        #expect(try bed.send(group: "b", deduplication: "d").isDuplicate)
    }

    @Test func aDeletedMessageIsStillADuplicate() async throws {
        let bed = try await QueueBed("q.fifo")
        try bed.send(group: "a", deduplication: "d")
        let taken = try await bed.receive()
        try bed.delete(bed.handle(try #require(taken.first)))
        #expect(try bed.send(group: "a", deduplication: "d").isDuplicate)
        #expect(try bed.counts() == [0, 0, 0])
    }

    @Test func memoryAndStoreForgetTogether() async throws {
        let bed = try await QueueBed("q.fifo")
        for number in 0..<50 { try bed.send(group: "a", deduplication: "d\(number)") }
        bed.advance(seconds: 301)
        for number in 0..<30 { try bed.send(group: "a", deduplication: "e\(number)") }
        let remembered = try bed.cell.look { queue, _ in queue.deduplication.count }.result
        #expect(remembered == 30)
        #expect(try await bed.storedCount(.sqsDeduplication) == 30)
    }

    /// An id that is being forgotten and one that is brought anew may be the same.
    @Test func anIdBroughtAnewIsNotForgotten() async throws {
        var bed = try await QueueBed("q.fifo")
        for id in ["x", "y", "z"] { try bed.send(group: "a", deduplication: id) }
        bed.advance(seconds: 301)
        // Two are forgotten a send; z is among those left, and is remembered anew.
        try bed.send(group: "a", deduplication: "z")
        try bed.send(group: "a", deduplication: "w")
        #expect(try bed.send(group: "a", deduplication: "z").isDuplicate)
        try await bed.restart()
        #expect(try bed.send(group: "a", deduplication: "z").isDuplicate)
        #expect(try bed.send(group: "a", deduplication: "w").isDuplicate)
    }
}
