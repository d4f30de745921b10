// SPDX-License-Identifier: Apache-2.0
// Messages on their way to a dead-letter queue: exactly one place, whatever happens meanwhile.

import Basics
import Chronology
import ServiceKit
import Storage
import StorageTesting
import Testing

@testable import SQSService

@Suite struct RedriveTests {
    @Test func aMessageReceivedTooOftenMoves() async throws {
        let bed = try await SQSBed()
        try await bed.create("dead")
        try await bed.create("source", deadLettersTo: "dead")
        try await bed.send("m", to: "source")
        #expect(try await bed.receive("source") == ["m"])
        bed.advance(seconds: 1)
        #expect(try await bed.receive("source") == [])
        await bed.rest()
        #expect(try await bed.counts("source") == ["0", "0", "0"])
        #expect(try await bed.receive("dead") == ["m"])
        #expect(try await stored(.transferAccepted, bed) == 0)
        #expect(try await stored(.sqsOutbox, bed) == 0)
    }

    @Test func aMissingTargetGivesTheMessageBack() async throws {
        let bed = try await SQSBed()
        try await bed.create("dead")
        try await bed.create("source", deadLettersTo: "dead")
        try await bed.call("DeleteQueue", ["QueueUrl": SQSBed.url("dead")])
        try await bed.send("m", to: "source")
        #expect(try await bed.receive("source") == ["m"])
        bed.advance(seconds: 1)
        _ = try await bed.receive("source")
        await bed.rest()
        bed.advance(seconds: 1)
        #expect(try await bed.receive("source") == ["m"])
        #expect(try await stored(.sqsOutbox, bed) == 0)
    }

    /// The message only changes places, which needs no space that it does not give back.
    @Test func aFullStoreHandsOver() async throws {
        let store = SlowStore(entropy: SeededEntropy(seed: 1))
        let bed = try await SQSBed(store: store)
        try await bed.create("dead")
        try await bed.create("source", deadLettersTo: "dead")
        try await bed.send("m", to: "source")
        #expect(try await bed.receive("source") == ["m"])
        bed.advance(seconds: 1)
        store.setFull(true)
        #expect(try await bed.receive("source") == [])
        await bed.rest()
        #expect(try await bed.receive("dead") == ["m"])
        #expect(try await bed.counts("source") == ["0", "0", "0"])
    }

    /// A cell that is loaded anew resumes what its predecessor had begun.
    @Test func loadingAQueueResumesItsHandOvers() async throws {
        let bed = try await interrupted()
        // Nobody calls `start`: the first use of the queue does it.
        _ = try await bed.counts("source")
        await bed.rest()
        #expect(try await bed.receive("dead") == ["m"])
    }

    @Test func startingResumesHandOvers() async throws {
        let bed = try await interrupted().restarted()
        await bed.rest()
        #expect(try await bed.receive("dead") == ["m"])
        #expect(try await bed.counts("source") == ["0", "0", "0"])
    }

    @Test func aDeletedSourceTakesItsMessagesWithIt() async throws {
        let bed = try await interrupted()
        try await bed.call("DeleteQueue", ["QueueUrl": SQSBed.url("source")])
        await bed.rest()
        let again = try await bed.restarted()
        await again.rest()
        // The hand-over that loading began may have been quicker than the deletion.
        let dead = try await again.counts("dead")[0]
        #expect(dead == "0" || dead == "1")
        let fault = await again.fault("GetQueueUrl", ["QueueName": .string("source")])
        #expect(fault == "QueueDoesNotExist")
        for kind in [KeyKind.sqsOutbox, .transferAccepted] {
            #expect(try await stored(kind, again) == 0)
        }
        let messages = try await stored(.sqsMessage, again)
        #expect("\(messages)" == dead)
    }

    /// What targets remember of a finished hand-over is dropped at the next start.
    @Test func finishedHandOversAreForgotten() async throws {
        let bed = try await SQSBed()
        try await bed.create("dead")
        let cell = try await bed.cell("dead")
        let message = Message(
            messageID: "id", body: "m", bodyDigest: [], senderID: "s",
            sentAt: bed.world.clock.now())
        for source in [0, 77] as [UInt64] {
            let id = TransferID(source: source, position: MessagePosition(1))
            _ = try cell.commit { queue, now in
                ((), queue.decideTransfer(id, message, now: now) { $0.record } ?? [])
            }
        }
        #expect(try await stored(.transferAccepted, bed) == 2)
        let again = try await bed.restarted()
        // The outbox's ids have no source to ask.
        #expect(try await stored(.transferAccepted, again) == 1)
        #expect(try await again.counts("dead") == ["2", "0", "0"])
    }

    /// A world in which a message was marked as leaving when the process died.
    private func interrupted() async throws -> SQSBed {
        let bed = try await SQSBed()
        try await bed.create("dead")
        try await bed.create("source", deadLettersTo: "dead")
        try await bed.send("m", to: "source")
        let cell = try await bed.cell("source")
        var lease = Lease(visibleAt: .distantPast, sentAt: bed.world.clock.now())
        lease.isLeaving = true
        let left = lease
        _ = try cell.commit { _, _ in ((), [.leased(MessagePosition(1), left)]) }
        bed.service.dropResidentState()
        return bed
    }

    private func stored(_ kind: KeyKind, _ bed: SQSBed) async throws -> Int {
        try await bed.world.store.range(KeyRange(kind: kind), limit: .max).count
    }
}
