// SPDX-License-Identifier: Apache-2.0
// One message's way to another queue: accepted by the target under the transfer's id, then
// removed from the source, then forgotten by the target.

import Basics
import Chronology
import Journal
import ServiceKit
import Storage

extension Redrive {
    /// Where a leaving message goes.
    private enum Route {
        case queue(QueueCell)
        /// Nowhere: a move task fails with this reason, a redrive rests.
        case nowhere(reason: String)
    }

    /// What `ListMessageMoveTasks` says of a task whose messages can go nowhere (SQS Developer
    /// Guide, "Troubleshoot DLQ redrive issues").
    private enum FailureReason {
        static let noQueue = "AWS.SimpleQueueService.NonExistentQueue"
        static let noSource = "CouldNotDetermineMessageSource"
    }

    /// Carries a leaving message over, or gives it back.
    func handOver(_ departure: QueueCell.Departure, from source: QueueCell) async throws {
        let position = departure.position
        let key = QueueKeys(cell: source.cell).message(position)
        guard let record = try await world.store.get(key) else {
            _ = try source.commit { _, _ in ((), [.removed(position)]) }
            return
        }
        var message = try Message(record, key: key)
        let configuration = try source.look { queue, _ in queue.configuration }.result
        let target: QueueCell
        switch try await route(departure, message, from: source) {
        case .queue(let cell): target = cell
        case .nowhere(let reason):
            _ = try source.commit { queue, _ in
                departure.moveTask == 0
                    ? ((), queue.decideGiveBack(position))
                    : ((), queue.decideMoveFailed(position, reason: reason))
            }
            return
        }
        let isMove = departure.moveTask != 0
        prepare(&message, isMove: isMove, from: configuration)
        let moved = message
        let recordID = world.journal.allot()
        let transfer = TransferID(source: source.cell.rawValue, position: position)
        // The message only changes places: it may do so on a full disk.
        try await world.store.admitted(bytes: record.count, adds: false)
        let accepted = try commit(target) { queue, now in
            queue.decideTransfer(transfer, moved, isNew: isMove, now: now) { $0.record } ?? []
        }
        // Deleted meanwhile: looked for again, it will not be found, and gives the message back.
        guard let accepted else { return }
        try await world.store.durable(accepted)
        let removed = try source.commit { queue, _ in ((), queue.decideMoved(position)) }
        note(recordID, message, isMove: isMove, from: configuration.arn, to: target.name.arn)
        try await world.store.durable(removed.version)
        // Only now is a repetition impossible, so that the target may forget the id.
        _ = try commit(target) { _, _ in [.transferConfirmed(transfer)] }
    }

    private func route(
        _ departure: QueueCell.Departure, _ message: Message, from source: QueueCell
    ) async throws -> Route {
        let wanted: String?
        if departure.moveTask == 0 {
            wanted = try source.look { queue, _ in
                queue.configuration.redrivePolicy?.deadLetterTargetARN
            }.result
        } else {
            let task = try source.look { queue, _ in queue.move(number: departure.moveTask) }
            // A task that failed over another message takes no more of them along.
            guard let task = task.result, task.isActive else { return .nowhere(reason: "") }
            wanted = task.destinationARN ?? message.deadLetterSourceARN
            guard wanted != nil else { return .nowhere(reason: FailureReason.noSource) }
        }
        guard let wanted, let name = ARN(parsing: wanted).flatMap({ QueueName($0) }),
            let target = try await registry.cell(name), target.cell != source.cell
        else { return .nowhere(reason: FailureReason.noQueue) }
        return .queue(target)
    }

    /// What changes about a message on its way.
    private func prepare(
        _ message: inout Message, isMove: Bool, from configuration: QueueConfiguration
    ) {
        if isMove {
            message.messageID = world.entropy.uuid()
            message.deadLetterSourceARN = nil
            return
        }
        message.deadLetterSourceARN = configuration.arn.description
        // Two messages that shared an id one after the other are still two in the dead-letter
        // queue (SQS Developer Guide, "Learn how to configure a dead-letter queue redrive").
        if configuration.isFIFO { message.deduplicationID = message.messageID }
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

    private func note(
        _ id: JournalID, _ message: Message, isMove: Bool, from source: ARN, to target: ARN
    ) {
        var record = JournalRecord(
            id: id, cause: JournalID(rawValue: message.cause), kind: .delivery,
            time: world.clock.now(), service: "sqs",
            operation: isMove ? "MessageMove" : "DeadLetter")
        record.resource = target.description
        record.subjects = [message.messageID]
        record.detail = "from \(source)"
        world.journal.append(record)
    }
}
