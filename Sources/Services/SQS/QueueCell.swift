// SPDX-License-Identifier: Apache-2.0
// The shell around one queue: its lock, its commits, its paging and those who wait for messages.
// What a command does is decided by `Queue`; nothing here looks at messages.

import Basics
import Chronology
import IdentityAccess
import ServiceKit
import Storage
import Synchronization

/// A resident queue.
///
/// One lock, never held across a suspension and never together with another cell's. A failed
/// `apply` changes nothing; a store that reopened fences the cell, which is then loaded anew.
final class QueueCell: Sendable {
    enum Presence: Sendable {
        case living, deleted
        /// The store ended the claim; the queue lives on in another cell.
        case dropped
    }

    struct Inside: Sendable {
        var queue: Queue
        /// The highest version this cell wrote or was loaded at.
        var version: StoreVersion
        var presence = Presence.living
        var waiters = Fifo<WakeTicket>()
        var abandonedWaiters = 0
        /// A hand-over to the dead-letter queue is under way.
        var isRedriving = false
        /// Hand-overs that failed in a row.
        var redriveFailures = 0
        var alarm: (timer: VirtualClock.Timer, at: Timestamp)?
        /// Wakes the move task whose next message waits for its time.
        var moveAlarm: VirtualClock.Timer?

        /// Throws unless the cell may still decide.
        func checkLiving() throws {
            switch presence {
            case .living: return
            case .deleted: throw QueueRefusal.queueDeleted
            case .dropped: throw StoreError.fenced
            }
        }
    }

    let cell: CellID
    let name: QueueName
    let isFIFO: Bool
    /// The store's count of reopenings when the cell was loaded.
    let reopening: UInt64
    let world: World
    private let epoch: UInt64
    let inside: Mutex<Inside>

    init(
        queue: Queue, cell: CellID, reopening: UInt64, epoch: UInt64, version: StoreVersion,
        world: World
    ) {
        self.cell = cell
        name = QueueName(queue.configuration)
        self.reopening = reopening
        isFIFO = queue.isFIFO
        self.epoch = epoch
        self.world = world
        inside = Mutex(Inside(queue: queue, version: version))
    }

    /// A command's result with the version it rests on.
    typealias Committed<Result> = (result: Result, version: StoreVersion)

    /// Decides on a command and stores what it changes, in one critical section.
    ///
    /// Call `store.admitted` first. `decide` sees the queue settled for `now`, mutates derived
    /// state only, and returns the changes to store and fold.
    func commit<Result>(
        _ decide: (inout Queue, Timestamp) throws -> (Result, [QueueChange])
    ) throws -> Committed<Result> {
        var woken: [WakeTicket] = []
        let committed: Committed<Result> = try inside.withLock { inside in
            try inside.checkLiving()
            let now = world.clock.now()
            try settle(&inside, now: now)
            let (result, changes) = try decide(&inside.queue, now)
            try store(changes, &inside)
            // A timeout set to 0 has passed already: whoever waits is to hear of it.
            if !changes.isEmpty { inside.queue.settle(now: now) }
            woken = takeWaiters(&inside)
            return (result, inside.version)
        }
        for ticket in woken { ticket.wake() }
        return committed
    }

    /// The queue's own policy; asked by every call, and so without settling anything.
    func policy() throws -> NamedPolicy? {
        try inside.withLock { inside in
            try inside.checkLiving()
            return inside.queue.configuration.policy
        }
    }

    /// The queue's tags, for conditions that ask for them; without settling either.
    func tags() throws -> [String: String] {
        try inside.withLock { inside in
            try inside.checkLiving()
            return inside.queue.configuration.tags
        }
    }

    /// Looks at the queue, settled for now.
    func look<Result>(_ body: (Queue, Timestamp) throws -> Result) throws -> Committed<Result> {
        try commit { queue, now in (try body(queue, now), []) }
    }

    /// Removes the queue and all it stores; later commands find it deleted.
    ///
    /// `others` joins the removal's batch, the directory entry for one.
    func delete(also others: (inout WriteBatch) -> Void) throws -> StoreVersion {
        var waiters: [WakeTicket] = []
        let version = try inside.withLock { inside in
            try inside.checkLiving()
            var batch = WriteBatch(cell: cell, epoch: epoch)
            let keys = QueueKeys(cell: cell)
            for kind in QueueKeys.kinds { batch.deleteRange(keys.all(kind)) }
            if let source = inside.queue.configuration.deadLetterSource {
                batch.delete(key: source.key)
            }
            others(&batch)
            inside.version = try world.store.apply(batch)
            inside.presence = .deleted
            waiters = Array(inside.waiters)
            inside.waiters.removeAll()
            if let alarm = inside.alarm { world.clock.cancel(alarm.timer) }
            if let alarm = inside.moveAlarm { world.clock.cancel(alarm) }
            return inside.version
        }
        for ticket in waiters { ticket.wake() }
        return version
    }

    /// Whether this cell still is its queue.
    var isLiving: Bool { inside.withLock { $0.presence == .living } }

    /// Marks the cell as not to be used: the store has dropped its claim.
    ///
    /// Commands that still hold it fail as the store did, for the queue itself is there; whoever
    /// waits is woken, to ask the cell that takes its place.
    func drop() {
        let waiters = inside.withLock { inside in
            if inside.presence == .living { inside.presence = .dropped }
            if let alarm = inside.alarm { world.clock.cancel(alarm.timer) }
            inside.alarm = nil
            defer { inside.waiters.removeAll() }
            return Array(inside.waiters)
        }
        for ticket in waiters { ticket.wake() }
    }

    private func settle(_ inside: inout Inside, now: Timestamp) throws {
        inside.queue.settle(now: now)
        // Round by round: a batch stays small however much has become due at once.
        while true {
            let expiry = inside.queue.decideExpiry(now: now)
            guard !expiry.changes.isEmpty else { return }
            try store(expiry.changes, &inside)
        }
    }

    private func store(_ changes: [QueueChange], _ inside: inout Inside) throws {
        guard !changes.isEmpty else { return }
        var batch = WriteBatch(cell: cell, epoch: epoch)
        let header = inside.queue.encode(changes, into: &batch)
        inside.version = try world.store.apply(batch)
        inside.queue.fold(changes)
        if let header { inside.queue.storedHeader = header }
    }
}

// MARK: Paging

extension QueueCell {
    /// Records read at a time when the window is paged in.
    private static let pageCount = 512

    /// Reads the next fresh messages into the window.
    nonisolated(nonsending)
        func loadWindow() async throws
    {
        let (start, end) = inside.withLock { inside in
            inside.queue.beginPaging()
            return (inside.queue.windowEnd, inside.queue.header.nextPosition)
        }
        defer { inside.withLock { $0.queue.endPaging() } }
        guard start < end else { return }
        let keys = QueueKeys(cell: cell)
        let page = try await world.store.range(
            keys.messages(from: start, to: end), limit: Self.pageCount)
        var loaded: [Queue.WindowEntry] = []
        loaded.reserveCapacity(page.count)
        for pair in page {
            let position = try QueueKeys.position(in: pair.key, kind: .sqsMessage)
            let outline = try Message.outline(pair.value, key: pair.key)
            loaded.append(
                Queue.WindowEntry(
                    position: position, sentAt: outline.sentAt, group: outline.groupID,
                    record: pair.value))
        }
        let isLast = page.count < Self.pageCount
        inside.withLock { inside in
            // Another caller may have paged in the same messages meanwhile.
            guard inside.queue.windowEnd == start else { return }
            inside.queue.extendWindow(loaded, upTo: isLast ? end : nil)
        }
    }

    /// Makes the records of `positions` resident, if they still exist.
    nonisolated(nonsending)
        func loadRecords(_ positions: [MessagePosition]) async throws
    {
        let keys = QueueKeys(cell: cell)
        for position in positions {
            let record = try await world.store.get(keys.message(position))
            inside.withLock { inside in
                if let record { inside.queue.keepRecord(position, record) }
            }
        }
    }
}

// MARK: Waiting

extension QueueCell {
    /// Wakes `ticket` when a message may be received; at once if one may be now.
    func await(_ ticket: WakeTicket) {
        let isReady = inside.withLock { inside in
            guard inside.presence == .living else { return true }
            inside.queue.settle(now: world.clock.now())
            if inside.queue.hasReceivable { return true }
            inside.waiters.append(ticket)
            arm(&inside)
            return false
        }
        if isReady { ticket.wake() }
    }

    /// Notes that a ticket's waiter left; a queue polled for ever keeps no tickets.
    func abandon(_ ticket: WakeTicket) {
        inside.withLock { inside in
            inside.abandonedWaiters += 1
            guard inside.abandonedWaiters > 32, inside.abandonedWaiters > inside.waiters.count / 2
            else { return }
            var living = Fifo<WakeTicket>()
            for ticket in inside.waiters where !ticket.isWoken { living.append(ticket) }
            inside.waiters = living
            inside.abandonedWaiters = 0
        }
    }

    /// Passes a wake-up on that its waiter could not use.
    func wakeNext() {
        let woken = inside.withLock { takeWaiters(&$0) }
        for ticket in woken { ticket.wake() }
    }

    /// Those who wait for a message; some may have left.
    var waiterCount: Int { inside.withLock { $0.waiters.count } }

    /// Wakes everybody, messages or not.
    func wakeAll() {
        let waiters = inside.withLock { inside in
            defer { inside.waiters.removeAll() }
            return Array(inside.waiters)
        }
        for ticket in waiters { ticket.wake() }
    }

    /// The waiters to be woken for the messages that may be received now.
    private func takeWaiters(_ inside: inout Inside) -> [WakeTicket] {
        guard !inside.waiters.isEmpty else { return [] }
        var woken: [WakeTicket] = []
        var receivable = inside.queue.receivableCount
        while receivable > 0, let ticket = inside.waiters.removeFirst() {
            if ticket.isWoken { continue }
            woken.append(ticket)
            receivable -= 1
        }
        arm(&inside)
        return woken
    }

    /// Keeps an alarm for the next message that becomes visible, while somebody waits for it.
    private func arm(_ inside: inout Inside) {
        guard !inside.waiters.isEmpty, let due = inside.queue.nextVisibleAt else { return }
        if let alarm = inside.alarm {
            if alarm.at <= due { return }
            world.clock.cancel(alarm.timer)
        }
        let timer = world.clock.schedule(at: due) { [weak self] in self?.alarm() }
        inside.alarm = (timer, due)
    }

    private func alarm() {
        let woken = inside.withLock { inside in
            inside.alarm = nil
            inside.queue.settle(now: world.clock.now())
            return takeWaiters(&inside)
        }
        for ticket in woken { ticket.wake() }
    }
}
