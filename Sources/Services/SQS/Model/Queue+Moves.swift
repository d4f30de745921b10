// SPDX-License-Identifier: Apache-2.0
// Move tasks: starting one, taking its messages out at its rate, ending it. Carrying a message
// over is the business of `Redrive`.

package import Basics

/// What a start asks for.
package struct MoveStart: Sendable {
    package var id: String
    package var destinationARN: String?
    package var rate: Int?

    package init(id: String, destinationARN: String?, rate: Int?) {
        self.id = id
        self.destinationARN = destinationARN
        self.rate = rate
    }
}

/// What a task that is looked at comes to.
package enum MoveStep: Sendable {
    /// No task is active, or its messages are under way.
    case idle
    /// The window must be paged in first; then decide again.
    case needsWindow
    /// Messages wait for their time.
    case wait(until: Timestamp)
    /// Messages begin to leave, or the task ends.
    case advance([QueueChange])

    package var changes: [QueueChange] {
        if case .advance(let changes) = self { changes } else { [] }
    }
}

extension Queue {
    /// Tasks a queue remembers.
    private static let movesMax = 10
    /// Messages that one step lets leave at most.
    static let stepMax = 100

    /// The task that moves messages out of this queue.
    package var activeMove: MoveTask? { moves.last.flatMap { $0.isActive ? $0 : nil } }

    package func move(number: UInt64) -> MoveTask? { moves.last { $0.number == number } }

    mutating func note(_ task: MoveTask) {
        if let index = moves.lastIndex(where: { $0.number == task.number }) {
            moves[index] = task
        } else {
            moves.append(task)
        }
    }

    /// Decides on a start.
    package func decideStartMove(_ start: MoveStart, now: Timestamp) throws(QueueRefusal)
        -> [QueueChange]
    {
        guard activeMove == nil else { throw .moveActive }
        let task = MoveTask(
            number: (moves.last?.number ?? 0) &+ 1, id: start.id,
            destinationARN: start.destinationARN, rate: start.rate, startedAt: now,
            end: header.nextPosition, toMove: UInt64(visibleCount))
        let forgotten = moves.prefix(max(0, moves.count + 1 - Self.movesMax))
        return forgotten.map { .moveForgotten(number: $0.number) } + [.moveNoted(task)]
    }

    /// Decides on a cancellation; messages under way still arrive.
    package func decideCancelMove(id: String) throws(QueueRefusal)
        -> (moved: UInt64, changes: [QueueChange])
    {
        guard var task = moves.last(where: { $0.id == id }) else { throw .moveUnknown }
        guard task.status == .running else { throw .moveEnded }
        task.status = movingCount == 0 ? .cancelled : .cancelling
        return (task.moved, [.moveNoted(task)])
    }

    /// Decides what the active task does next, once what it took out has arrived.
    package mutating func decideMoveStep(now: Timestamp) -> MoveStep {
        guard var task = activeMove, movingCount == 0 else { return .idle }
        if task.status == .cancelling {
            task.status = .cancelled
            return .advance([.moveNoted(task)])
        }
        let allowance = task.allowance(now: now)
        let limit = max(1, min(allowance, Self.stepMax))
        guard let movable = movable(limit, before: task.end) else { return .needsWindow }
        if movable.isEmpty {
            task.status = .completed
            return .advance([.moveNoted(task)])
        }
        guard allowance > 0 else { return .wait(until: task.nextDue) }
        return .advance(
            movable.map { position, lease in
                var lease = lease
                lease.isLeaving = true
                lease.moveTask = task.number
                return .leased(position, lease)
            })
    }

    /// Decides on the end of one message's move: it arrived.
    package func decideMoved(_ position: MessagePosition) -> [QueueChange] {
        guard let number = entries[position]?.lease.moveTask, var task = move(number: number) else {
            return [.removed(position)]
        }
        task.moved += 1
        return [.removed(position), .moveNoted(task)]
    }

    /// Decides on the end of one message's move: it stays, and the task has failed if it was
    /// active until now.
    package func decideMoveFailed(_ position: MessagePosition, reason: String) -> [QueueChange] {
        guard let entry = entries[position], entry.lease.isLeaving else { return [] }
        var lease = entry.lease
        let number = lease.moveTask
        lease.isLeaving = false
        lease.moveTask = 0
        lease.visibleAt = .distantPast
        guard var task = move(number: number), task.isActive else {
            return [.leased(position, lease)]
        }
        task.status = .failed
        task.failureReason = reason
        return [.leased(position, lease), .moveNoted(task)]
    }

    /// Visible messages before `end`, the oldest first; `nil` when the window must be paged in.
    private mutating func movable(_ limit: Int, before end: MessagePosition)
        -> [(MessagePosition, Lease)]?
    {
        guard !isFIFO else {
            return groups.candidates(limit: limit).filter { $0 < end }.compactMap { position in
                entries[position].map { (position, $0.lease) }
            }
        }
        var found: [(MessagePosition, Lease)] = []
        var walk = VisibleWalk(noisy: [], fresh: window)
        defer { self.end(walk) }
        while found.count < limit {
            switch next(&walk, before: end) {
            case .end: return found
            case .needsWindow: return found.isEmpty ? nil : found
            case .entry(let position, let entry): found.append((position, entry.lease))
            case .fresh(let entry):
                var lease = Lease(visibleAt: .distantPast, sentAt: entry.sentAt)
                lease.tenant = entry.group
                found.append((entry.position, lease))
            }
        }
        return found
    }
}
