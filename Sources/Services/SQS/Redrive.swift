// SPDX-License-Identifier: Apache-2.0
// Messages received too often move to the dead-letter queue by transfer: marked as leaving in
// the source, accepted by the target under the transfer's id, removed from the source. At any
// kill between these commits a message is visible in at most one of the two queues.

import Basics
import Chronology
import Delivery
import Journal
import ServiceKit
import Storage

/// Hands leaving messages over, one source at a time in order of position.
struct Redrive: Sendable {
    let world: World
    let registry: QueueRegistry

    /// Pauses after the store refused to read or write.
    private static let backoff = Backoff(firstMilliseconds: 1000, ceilingMilliseconds: 60_000)

    /// Starts handing over what leaves `cell`, unless somebody does already.
    func start(_ cell: QueueCell) {
        guard cell.beginRedrive() else { return }
        let redrive = self
        world.background.run {
            await redrive.drain(cell)
        }
    }

    /// Resumes the hand-overs that a crash interrupted: loading a queue starts its own.
    nonisolated(nonsending)
        func resumeAll() async throws
    {
        try await forgetFinished()
        var pages = world.store.pages(KeyRange(kind: .sqsOutbox), size: 256)
        var seen: Set<CellID> = []
        while let page = try await pages.next() {
            for pair in page {
                var decoder = try KeyDecoder(pair.key, kind: .sqsOutbox)
                let id = try decoder.cell()
                guard seen.insert(id).inserted else { continue }
                let key = QueueKeys(cell: id).configuration
                guard let stored = try await world.store.get(key) else { continue }
                let name = QueueName(try QueueConfiguration(stored, key: key))
                _ = try await registry.cell(name)
            }
        }
    }

    /// Drops what targets remember of hand-overs that a crash left without their last step.
    ///
    /// The source's mark goes in the commit that removes the message: without it the id will not
    /// come again. Ids from the outbox have no such mark.
    nonisolated(nonsending)
        private func forgetFinished() async throws
    {
        var pages = world.store.pages(KeyRange(kind: .transferAccepted), size: 256)
        while let page = try await pages.next() {
            var batch = WriteBatch()
            for pair in page {
                var decoder = try KeyDecoder(pair.key, kind: .transferAccepted)
                _ = try decoder.cell()
                let source = try decoder.unsigned()
                let position = MessagePosition(try decoder.unsigned())
                let mark = QueueKeys(cell: CellID(rawValue: source)).leaving(position)
                if source != 0, try await world.store.get(mark) == nil {
                    batch.delete(key: pair.key)
                }
            }
            if !batch.isEmpty { try await world.store.commit(batch, adds: false) }
        }
    }

    private func drain(_ cell: QueueCell) async {
        repeat {
            do {
                while let (position, version) = try cell.nextLeaving() {
                    try await world.store.durable(version)
                    try await handOver(position, from: cell)
                }
            } catch {
                let failures = cell.endRedrive()
                if let error = error as? StoreError { registry.discard(cell, after: error) }
                // A queue that was deleted took its messages with it.
                if case QueueRefusal.queueDeleted = error { return }
                if case StoreError.closed = error { return }
                resumeLater(cell.name, failures)
                return
            }
        } while !cell.endRedriveIfDone()
    }

    /// Tries again once the store may have recovered: what leaves is seen by nobody meanwhile.
    private func resumeLater(_ name: QueueName, _ failures: Int) {
        let redrive = self
        let pause = Self.backoff.milliseconds(
            afterFailures: failures, jitter: world.entropy.next())
        world.clock.schedule(at: world.clock.now().adding(milliseconds: pause)) {
            redrive.world.background.run {
                do {
                    if let cell = try await redrive.registry.cell(name) { redrive.start(cell) }
                } catch StoreError.closed {
                    return
                } catch {
                    redrive.resumeLater(name, failures + 1)
                }
            }
        }
    }

    private func handOver(_ position: MessagePosition, from source: QueueCell) async throws {
        let key = QueueKeys(cell: source.cell).message(position)
        guard let record = try await world.store.get(key) else {
            _ = try source.commit { _, _ in ((), [.removed(position)]) }
            return
        }
        var message = try Message(record, key: key)
        let configuration = try source.look { queue, _ in queue.configuration }.result
        guard let policy = configuration.redrivePolicy,
            let arn = ARN(parsing: policy.deadLetterTargetARN), let name = QueueName(arn),
            let target = try await registry.cell(name), target.cell != source.cell
        else {
            _ = try source.commit { queue, _ in ((), queue.decideGiveBack(position)) }
            return
        }
        message.deadLetterSourceARN = configuration.arn.description
        let recordID = world.journal.allot()
        let moved = message
        let transfer = TransferID(source: source.cell.rawValue, position: position)
        // The message only changes places: it may do so on a full disk.
        try await world.store.admitted(bytes: record.count, adds: false)
        let accepted = try commit(target) { queue, now in
            queue.decideTransfer(transfer, moved, now: now) { $0.record } ?? []
        }
        // Deleted meanwhile: looked for again, it will not be found, and gives the message back.
        guard let accepted else { return }
        try await world.store.durable(accepted)
        let removed = try source.commit { _, _ in ((), [.removed(position)]) }
        note(recordID, message, from: configuration.arn, to: arn)
        try await world.store.durable(removed.version)
        // Only now is a repetition impossible, so that the target may forget the id.
        _ = try commit(target) { _, _ in [.transferConfirmed(transfer)] }
    }

    /// Stores changes of a target; `nil` when it was deleted.
    private func commit(
        _ target: QueueCell, _ decide: (inout Queue, Timestamp) -> [QueueChange]
    ) throws -> StoreVersion? {
        do {
            return try target.commit { queue, now in ((), decide(&queue, now)) }.version
        } catch QueueRefusal.queueDeleted {
            return nil
        } catch let error as StoreError {
            registry.discard(target, after: error)
            throw error
        }
    }

    private func note(_ id: JournalID, _ message: Message, from source: ARN, to target: ARN) {
        var record = JournalRecord(
            id: id, cause: JournalID(rawValue: message.cause), kind: .delivery,
            time: world.clock.now(), service: "sqs", operation: "DeadLetter")
        record.resource = target.description
        record.subjects = [message.messageID]
        record.detail = "from \(source)"
        world.journal.append(record)
    }
}
