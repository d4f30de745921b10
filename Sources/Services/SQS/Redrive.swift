// SPDX-License-Identifier: Apache-2.0
// Messages received too often move to the dead-letter queue, and move tasks take them out again,
// both by transfer: marked as leaving in the source, accepted by the target under the transfer's
// id, removed from the source. At any kill between these commits a message is visible in at most
// one of the two queues. What a hand-over does to a message is in `Redrive+HandOver`.

import Basics
import Chronology
import Delivery
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
        var seen: Set<CellID> = []
        for kind in [KeyKind.sqsOutbox, .sqsMove] {
            var pages = world.store.pages(KeyRange(kind: kind), size: 256)
            while let page = try await pages.next() {
                for pair in page {
                    var decoder = try KeyDecoder(pair.key, kind: kind)
                    let id = try decoder.cell()
                    if kind == .sqsMove, try !MoveTask(pair.value, key: pair.key).isActive {
                        continue
                    }
                    if seen.insert(id).inserted { try await load(id) }
                }
            }
        }
    }

    nonisolated(nonsending)
        private func load(_ cell: CellID) async throws
    {
        let key = QueueKeys(cell: cell).configuration
        guard let stored = try await world.store.get(key) else { return }
        _ = try await registry.cell(QueueName(try QueueConfiguration(stored, key: key)))
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
                while true {
                    if let departure = try cell.nextLeaving() {
                        try await world.store.durable(departure.version)
                        try await handOver(departure, from: cell)
                    } else if try await !goOn(cell) {
                        break
                    }
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

    /// Lets a move task go on; whether there is more to do now.
    private func goOn(_ cell: QueueCell) async throws -> Bool {
        try await world.store.admitted(bytes: 128 * Queue.stepMax, adds: false)
        switch try cell.stepMove() {
        case .idle: return false
        case .needsWindow: try await cell.loadWindow()
        case .wait(let due):
            let redrive = self
            let name = cell.name
            cell.armMove(at: due) { redrive.resume(name, afterFailures: 0) }
            return false
        case .advance: break
        }
        return true
    }

    /// Tries again once the store may have recovered: what leaves is seen by nobody meanwhile.
    private func resumeLater(_ name: QueueName, _ failures: Int) {
        let redrive = self
        let pause = Self.backoff.milliseconds(
            afterFailures: failures, jitter: world.entropy.next())
        world.clock.schedule(at: world.clock.now().adding(milliseconds: pause)) {
            redrive.resume(name, afterFailures: failures)
        }
    }

    private func resume(_ name: QueueName, afterFailures failures: Int) {
        let redrive = self
        world.background.run {
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
