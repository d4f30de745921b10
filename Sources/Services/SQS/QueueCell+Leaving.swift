// SPDX-License-Identifier: Apache-2.0
// A cell's messages on their way to another queue: who may hand them over, and what comes next.
// The hand-over itself is `Redrive`'s.

import Basics
import Chronology
import ServiceKit
import Storage
import Synchronization

extension QueueCell {
    /// A message to be handed over, with the version that made it leave.
    struct Departure: Sendable {
        let position: MessagePosition
        /// 0 when it leaves for the dead-letter queue.
        let moveTask: UInt64
        let version: StoreVersion
    }

    /// Takes the right to hand leaving messages over; one caller at a time has it.
    func beginRedrive() -> Bool {
        inside.withLock { inside in
            guard !inside.isRedriving, inside.presence == .living else { return false }
            inside.isRedriving = true
            return true
        }
    }

    /// Whether messages wait to be handed over, or a task has more of them to take.
    var hasDepartures: Bool {
        inside.withLock { $0.queue.nextLeaving() != nil || $0.queue.activeMove != nil }
    }

    /// The next message to hand over.
    func nextLeaving() throws -> Departure? {
        try inside.withLock { inside in
            try inside.checkLiving()
            return inside.queue.nextLeaving().map {
                Departure(
                    position: $0.position, moveTask: $0.lease.moveTask, version: inside.version)
            }
        }
    }

    /// Lets the active move task do what its time has come for.
    func stepMove() throws -> MoveStep {
        try commit { queue, now in
            let step = queue.decideMoveStep(now: now)
            return (step, step.changes)
        }.result
    }

    /// Runs `action` at `due`, unless something is to be run for the move task already.
    func armMove(at due: Timestamp, _ action: @escaping @Sendable () -> Void) {
        inside.withLock { inside in
            guard inside.moveAlarm == nil, inside.presence == .living else { return }
            inside.moveAlarm = world.clock.schedule(at: due) { [weak self] in
                self?.inside.withLock { $0.moveAlarm = nil }
                // Also for a cell that was dropped meanwhile: its successor is to go on.
                action()
            }
        }
    }

    /// Gives the right up after a failure; answers how many there were in a row.
    func endRedrive() -> Int {
        inside.withLock { inside in
            inside.isRedriving = false
            inside.redriveFailures += 1
            return inside.redriveFailures
        }
    }

    /// Gives the right up if nothing is left; a message that left meanwhile is not missed, nor
    /// a task that began.
    func endRedriveIfDone() -> Bool {
        inside.withLock { inside in
            let isMoveSeenTo = inside.queue.activeMove == nil || inside.moveAlarm != nil
            guard inside.queue.nextLeaving() == nil && isMoveSeenTo || inside.presence != .living
            else { return false }
            inside.isRedriving = false
            inside.redriveFailures = 0
            return true
        }
    }
}
