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

    /// Pauses after hand-overs that failed.
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

    private func drain(_ cell: QueueCell) async {
        repeat {
            do {
                while let (position, version) = try cell.nextLeaving() {
                    try await world.store.durable(version)
                    try await handOver(position, from: cell)
                }
            } catch {
                retry(cell)
                return
            }
        } while !cell.endRedriveIfDone()
    }

    /// Tries again after a pause; a cell that was dropped leaves it to the one that is loaded next.
    private func retry(_ cell: QueueCell) {
        guard let failures = cell.endRedrive() else { return }
        let pause = Self.backoff.milliseconds(
            afterFailures: failures, jitter: world.entropy.next())
        world.clock.schedule(at: world.clock.now().adding(milliseconds: pause)) { [weak cell] in
            if let cell { start(cell) }
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
        let accepted = try target.commit { queue, now in
            let changes = queue.decideTransfer(transfer, moved, now: now) { $0.record }
            return ((), changes ?? [])
        }
        try await world.store.durable(accepted.version)
        let removed = try source.commit { _, _ in ((), [.removed(position)]) }
        try await world.store.durable(removed.version)
        // Only now is a repetition impossible, so that the target may forget the id.
        _ = try target.commit { _, _ in ((), [.transferConfirmed(transfer)]) }
        note(recordID, message, from: configuration.arn, to: arn)
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
