// SPDX-License-Identifier: Apache-2.0
// Changes as store operations: what each one writes and removes.

import Basics
import Storage

extension Queue {
    /// The window's messages before `end` as ranges without a gap.
    ///
    /// What lies between belongs to leases, and a message that leaves outlives its retention.
    private func freshRuns(before end: MessagePosition) -> [(
        from: MessagePosition, to: MessagePosition
    )] {
        var runs: [(from: MessagePosition, to: MessagePosition)] = []
        for entry in window {
            guard entry.position < end else { break }
            if let last = runs.last, last.to == entry.position {
                runs[runs.count - 1].to = entry.position.next
            } else {
                runs.append((entry.position, entry.position.next))
            }
        }
        return runs
    }

    /// Adds what `changes` write to a batch, the header last where it must be; answers the header
    /// if it is among them, for `storedHeader` once the batch is applied.
    ///
    /// A record that every send rewrites would cost as much as the message itself: what was only
    /// accepted since the stored header is found again by its positions.
    func encode(_ changes: [QueueChange], into batch: inout WriteBatch) -> QueueHeader? {
        let keys = QueueKeys(cell: CellID(rawValue: cellNumber))
        var after = header
        var isTailOnly = true
        for change in changes {
            encode(change, keys: keys, header: &after, into: &batch)
            if !change.keepsTail { isTailOnly = false }
        }
        guard after != storedHeader else { return nil }
        let tail = after.nextPosition.rawValue - storedHeader.nextPosition.rawValue
        guard !isTailOnly || tail >= Self.tailCountMax else { return nil }
        batch.put(key: keys.header, value: after.record)
        return after
    }

    private func encode(
        _ change: QueueChange, keys: QueueKeys,
        header: inout QueueHeader, into batch: inout WriteBatch
    ) {
        switch change {
        case .accepted(let position, let message, let lease):
            header.fold(change, isKnown: isFIFO)
            batch.put(key: keys.message(position), value: message.record)
            if let lease { batch.put(key: keys.lease(position), value: lease.record) }
        case .leased(let position, let lease):
            header.fold(change, isKnown: isFIFO || entries[position] != nil)
            batch.put(key: keys.lease(position), value: lease.record)
            let wasLeaving = entries[position]?.lease.isLeaving ?? false
            if lease.isLeaving {
                batch.put(
                    key: keys.leaving(position), value: RecordWriter(.sqsOutbox).finish())
            } else if wasLeaving {
                batch.delete(key: keys.leaving(position))
            }
        case .removed(let position):
            batch.delete(key: keys.message(position))
            guard let entry = entries[position] else { return }
            if entry.hasLease { batch.delete(key: keys.lease(position)) }
            if entry.lease.isLeaving { batch.delete(key: keys.leaving(position)) }
        case .freshExpired(let end, _):
            for run in freshRuns(before: end) {
                batch.deleteRange(keys.messages(from: run.from, to: run.to))
            }
            header.fold(change, isKnown: true)
        case .remembered(let key, let entry):
            batch.put(key: keys.deduplication(key), value: entry.record)
        case .forgotten(let forgotten):
            for key in forgotten { batch.delete(key: keys.deduplication(key)) }
        case .attempted(let id, let attempt):
            batch.put(key: keys.attempt(id), value: attempt.record)
        case .attemptsForgotten(let forgotten):
            for id in forgotten { batch.delete(key: keys.attempt(id)) }
        case .purged:
            header.fold(change, isKnown: true)
            for kind in [KeyKind.sqsMessage, .sqsMessageState, .sqsOutbox] {
                batch.deleteRange(keys.all(kind))
            }
        case .configured(let wanted):
            batch.put(key: keys.configuration, value: wanted.record)
            guard configuration.deadLetterSource != wanted.deadLetterSource else { return }
            if let old = configuration.deadLetterSource { batch.delete(key: old.key) }
            if let new = wanted.deadLetterSource {
                batch.put(key: new.key, value: DeadLetterSource.record)
            }
        case .transferAccepted(let transfer):
            batch.put(
                key: keys.transfer(transfer), value: RecordWriter(.transferAccepted).finish())
        case .transferConfirmed(let transfer): batch.delete(key: keys.transfer(transfer))
        case .moveNoted(let task): batch.put(key: keys.move(task.number), value: task.record)
        case .moveForgotten(let number): batch.delete(key: keys.move(number))
        }
    }
}
