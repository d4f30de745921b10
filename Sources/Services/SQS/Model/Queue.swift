// SPDX-License-Identifier: Apache-2.0
// A queue's resident state and the fold that keeps it. What to do is decided in the extensions;
// nothing here reads a clock, a store or a generator.

package import Basics

/// The state machine of one queue.
///
/// Standard queues keep resident only the head of the messages never received (the *window*)
/// and the leases; the rest is paged in by position. FIFO queues keep an entry for every
/// message, since a group's order needs them all.
package struct Queue: Sendable {
    /// A message that is leased, or any message of a FIFO queue.
    struct Entry: Sendable {
        var lease: Lease
        var hasLease: Bool
        var group: String?
        var standing: Standing
    }

    /// Which counter a message counts in.
    enum Standing: Sendable {
        case ready, delayed, inFlight, leaving
    }

    /// A message never received whose record is resident.
    struct WindowEntry: Sendable {
        let position: MessagePosition
        let sentAt: Timestamp
        let group: String?
        let record: [UInt8]
    }

    package internal(set) var configuration: QueueConfiguration
    package internal(set) var header = QueueHeader()
    /// The header as the store has it: behind by what was accepted since, its tail.
    var storedHeader = QueueHeader()
    /// How long the tail may become, which loading reads.
    static let tailCountMax: UInt64 = 64
    package let isFIFO: Bool
    package let limits: SQSLimits
    /// The number of the queue's cell, part of its receipt handles.
    package let cellNumber: UInt64

    var window = Fifo<WindowEntry>()
    /// Every fresh message before this position is in the window.
    var windowEnd = MessagePosition(1)
    var windowBytes = 0

    var entries: [MessagePosition: Entry] = [:]
    /// Hidden messages by when they become visible.
    var timeline = OrderedHeap<TimedPosition>()
    /// Messages of a standard queue that became visible again, those with a group left out.
    var ready = OrderedHeap<MessagePosition>()
    /// Entries by when they were sent, for retention.
    var expiries = OrderedHeap<TimedPosition>()
    var groups = MessageGroups()
    /// The groups of a standard queue.
    var tenants: Tenants
    var deduplication = RecentMemory<DeduplicationKey, DeduplicationEntry>()
    var attempts = RecentMemory<String, ReceiveAttempt>()
    var transfersAccepted: Set<TransferID> = []
    /// Records of messages outside the window that a receive is about to need.
    var records = RecordCache()
    /// Readers that are paging in; see `beginPaging`.
    var pagingCount = 0
    /// Leased messages beyond the window that went while somebody was paging in.
    var goneWhilePaging: Set<MessagePosition> = []

    /// Messages on their way to the dead-letter queue, by position.
    var leaving = OrderedHeap<MessagePosition>()
    /// The latest move tasks out of this queue, oldest first; only the last may be active.
    var moves: [MoveTask] = []
    /// Messages on their way out for a move task.
    var movingCount = 0
    /// The dead-letter queue did not take a message; see `decideGiveBack`.
    var isRedriveSuspended = false

    var readyCount = 0
    var delayedCount = 0
    var inFlightCount = 0

    /// Bounds of the resident window.
    static let windowCountMax = 4_096
    static let windowBytesMax = 4 << 20

    package init(configuration: QueueConfiguration, limits: SQSLimits, cellNumber: UInt64) {
        self.configuration = configuration
        isFIFO = configuration.isFIFO
        self.limits = limits
        self.cellNumber = cellNumber
        tenants = Tenants(inFlightMin: limits.noisyInFlightMin)
    }

    /// `ApproximateNumberOfMessages`, exact here once `settle` has run.
    package var visibleCount: Int { readyCount + Int(clamping: header.freshCount) }
    /// `ApproximateNumberOfMessagesNotVisible`.
    package var notVisibleCount: Int { inFlightCount }
    /// `ApproximateNumberOfMessagesDelayed`.
    package var hiddenByDelayCount: Int { delayedCount }

    /// When the next hidden message becomes visible; stale entries may make it too early.
    package var nextVisibleAt: Timestamp? { timeline.first?.time }

    /// Whether fresh messages exist beyond the resident window.
    package var hasUnloadedFresh: Bool {
        windowEnd < header.nextPosition && header.freshCount > UInt64(window.count)
    }

    /// Whether a receive would find something now.
    package var hasReceivable: Bool { receivableCount > 0 }

    /// How many receives could find something; for FIFO queues, how many groups are ready.
    ///
    /// None while as many are in flight as may be: a receive that waits is answered nothing
    /// then, and would ask again without end.
    package var receivableCount: Int {
        guard inFlightCount < inFlightMax else { return 0 }
        return isFIFO ? groups.readyCount : visibleCount
    }

    /// How many messages may be in flight.
    var inFlightMax: Int { isFIFO ? limits.inFlightFIFOMax : limits.inFlightStandardMax }

    /// Notes that somebody reads messages behind the window.
    ///
    /// What leaves meanwhile is remembered: the reader may have seen it and not its lease.
    mutating func beginPaging() { pagingCount += 1 }

    mutating func endPaging() {
        pagingCount -= 1
        if pagingCount == 0 { goneWhilePaging = [] }
    }

    /// Puts fresh messages read from the store behind the window, leased ones left out.
    ///
    /// `end` is given when nothing lies between the last of them and `end`.
    mutating func extendWindow(
        _ loaded: [WindowEntry], upTo end: MessagePosition?
    ) {
        for entry in loaded {
            if entries[entry.position] == nil, !goneWhilePaging.contains(entry.position) {
                appendToWindow(entry)
            }
            windowEnd = entry.position.next
        }
        if let end, windowEnd < end { windowEnd = end }
    }

    /// Keeps a record at hand for a receive that is about to decide.
    mutating func keepRecord(_ position: MessagePosition, _ record: [UInt8]) {
        if entries[position] != nil { records.insert(position, record) }
    }

    /// Applies changes that were decided and stored.
    package mutating func fold(_ changes: [QueueChange]) {
        for change in changes { fold(change) }
    }

    private mutating func fold(_ change: QueueChange) {
        switch change {
        case .accepted(let position, let message, let lease):
            foldAccepted(position, message, lease)
        case .leased(let position, let lease): foldLeased(position, lease)
        case .removed(let position): foldRemoved(position)
        case .freshExpired(let end, _):
            while let first = window.first, first.position < end { dropWindowHead() }
            if windowEnd < end { windowEnd = end }
            header.fold(change, isKnown: true)
        case .remembered(let key, let entry): deduplication.remember(key, entry)
        case .forgotten(let keys): deduplication.forget(keys)
        case .attempted(let id, let attempt): attempts.remember(id, attempt)
        case .attemptsForgotten(let ids): attempts.forget(ids)
        case .purged:
            header.fold(change, isKnown: true)
            removeEverything()
        case .configured(let configuration):
            self.configuration = configuration
            isRedriveSuspended = false
        case .transferAccepted(let transfer): transfersAccepted.insert(transfer)
        case .transferConfirmed(let transfer): transfersAccepted.remove(transfer)
        case .moveNoted(let task): note(task)
        case .moveForgotten(let number): moves.removeAll { $0.number == number }
        }
    }

    private mutating func foldAccepted(
        _ position: MessagePosition, _ message: AcceptedMessage, _ lease: Lease?
    ) {
        let hadFresh = header.freshCount > 0
        let isResident = isFIFO || lease != nil
        header.fold(.accepted(position, message, lease), isKnown: isFIFO)
        if isResident {
            if windowEnd == position { windowEnd = position.next }
            restore(
                position, lease: lease, sentAt: message.sentAt, group: message.groupID)
            records.insert(position, message.record)
            return
        }
        if let group = message.groupID { tenants.addOverflow(group) }
        if !hadFresh { windowEnd = position }
        guard windowEnd == position, window.count < Self.windowCountMax,
            windowBytes + message.record.count <= Self.windowBytesMax
        else { return }
        appendToWindow(
            WindowEntry(
                position: position, sentAt: message.sentAt, group: message.groupID,
                record: message.record))
    }

    private mutating func foldLeased(_ position: MessagePosition, _ lease: Lease) {
        guard var entry = entries[position] else {
            // First receive of a fresh message: receives take the window's head in order.
            header.fold(.leased(position, lease), isKnown: false)
            if window.first?.position == position { dropWindowHead() }
            restore(position, lease: lease, sentAt: lease.sentAt, group: lease.tenant)
            return
        }
        uncount(position, entry)
        entry.lease = lease
        entry.hasLease = true
        entry.standing = Self.standing(of: lease)
        entries[position] = entry
        count(position, entry)
        compactHeaps()
    }

    private mutating func foldRemoved(_ position: MessagePosition) {
        guard let entry = entries.removeValue(forKey: position) else { return }
        uncount(position, entry)
        records.remove(position)
        if pagingCount > 0, position >= windowEnd { goneWhilePaging.insert(position) }
        compactHeaps()
    }

    /// Puts a message with a lease, or any message of a FIFO queue, into the resident state.
    ///
    /// Loading calls it for every stored lease (and FIFO message), in position order.
    package mutating func restore(
        _ position: MessagePosition, lease: Lease?, sentAt: Timestamp, group: String?
    ) {
        let kept = lease ?? Lease(visibleAt: .distantPast, sentAt: sentAt)
        let entry = Entry(
            lease: kept, hasLease: lease != nil, group: group, standing: Self.standing(of: kept))
        entries[position] = entry
        expiries.insert(TimedPosition(time: sentAt, position: position))
        count(position, entry)
    }

    /// A hidden message counts as delayed until its first receive.
    ///
    /// Whether its time has come is `settle`'s business: a lease starts out hidden.
    private static func standing(of lease: Lease) -> Standing {
        if lease.isLeaving { return .leaving }
        if lease.visibleAt == .distantPast { return .ready }
        return lease.receiveCount == 0 ? .delayed : .inFlight
    }

    private mutating func count(_ position: MessagePosition, _ entry: Entry) {
        switch entry.standing {
        case .ready:
            readyCount += 1
            if isFIFO {
                groups.addReady(position, group: entry.group)
            } else if let group = entry.group {
                tenants.addWaiting(position, group)
            } else {
                ready.insert(position)
            }
        case .delayed:
            delayedCount += 1
            timeline.insert(TimedPosition(time: entry.lease.visibleAt, position: position))
            if isFIFO { groups.addDelayed(position, group: entry.group) }
        case .inFlight:
            inFlightCount += 1
            timeline.insert(TimedPosition(time: entry.lease.visibleAt, position: position))
            if isFIFO {
                groups.addInFlight(group: entry.group)
            } else if let group = entry.group {
                tenants.addInFlight(group)
            }
        case .leaving:
            leaving.insert(position)
            if entry.lease.moveTask != 0 { movingCount += 1 }
        }
    }

    /// Takes a message out of the counters; its heap entries are skipped when they surface.
    private mutating func uncount(_ position: MessagePosition, _ entry: Entry) {
        switch entry.standing {
        case .ready:
            readyCount -= 1
            if isFIFO {
                groups.removeWaiting(position, group: entry.group)
            } else if let group = entry.group {
                tenants.removeWaiting(position, group)
            }
        case .delayed:
            delayedCount -= 1
            if isFIFO { groups.removeWaiting(position, group: entry.group) }
        case .inFlight:
            inFlightCount -= 1
            if isFIFO {
                groups.removeInFlight(group: entry.group)
            } else if let group = entry.group {
                tenants.removeInFlight(group)
            }
        case .leaving:
            if entry.lease.moveTask != 0 { movingCount -= 1 }
        }
    }

    /// Makes visible what `now` has made visible; returns how many messages that was.
    ///
    /// Derived state only: nothing is stored.
    @discardableResult
    package mutating func settle(now: Timestamp) -> Int {
        var settled = 0
        while let first = timeline.first, first.time <= now {
            timeline.popFirst()
            guard var entry = entries[first.position], entry.lease.visibleAt == first.time,
                entry.standing == .delayed || entry.standing == .inFlight
            else { continue }
            uncount(first.position, entry)
            noteProcessed(entry, until: first.time)
            entry.standing = .ready
            entries[first.position] = entry
            count(first.position, entry)
            settled += 1
        }
        return settled
    }

    /// Notes how long a consumer had a message that it had in flight until now.
    mutating func noteProcessed(_ entry: Entry, until end: Timestamp) {
        guard !isFIFO, entry.standing == .inFlight, let start = entry.lease.receivedAt else {
            return
        }
        tenants.noteProcessed(
            entry.group, milliseconds: end.milliseconds(since: start), at: end)
    }

    private mutating func appendToWindow(_ entry: WindowEntry) {
        window.append(entry)
        windowBytes += entry.record.count
        windowEnd = entry.position.next
    }

    private mutating func dropWindowHead() {
        guard let head = window.removeFirst() else { return }
        windowBytes -= head.record.count
        if let group = head.group { tenants.removeOverflow(group) }
    }

    private mutating func removeEverything() {
        window.removeAll()
        windowBytes = 0
        windowEnd = header.nextPosition
        entries = [:]
        timeline.removeAll()
        ready.removeAll()
        expiries.removeAll()
        groups = MessageGroups()
        tenants = Tenants(inFlightMin: limits.noisyInFlightMin)
        leaving.removeAll()
        records = RecordCache()
        readyCount = 0
        delayedCount = 0
        inFlightCount = 0
        movingCount = 0
    }
}

extension QueueHeader {
    /// The header after a change; `isKnown` says whether the message had an entry already.
    package mutating func fold(_ change: QueueChange, isKnown: Bool) {
        switch change {
        case .accepted(let position, _, let lease):
            nextPosition = position.next
            if lease == nil, !isKnown {
                if freshCount == 0 { freshHead = position }
                freshCount += 1
            }
        case .leased(let position, _):
            guard !isKnown else { return }
            freshCount -= min(1, freshCount)
            freshHead = position.next
        case .freshExpired(let end, let count):
            freshCount -= min(count, freshCount)
            freshHead = end
        case .purged(let time):
            freshCount = 0
            freshHead = nextPosition
            purgedAt = time
        case .removed, .remembered, .forgotten, .configured, .transferAccepted,
            .transferConfirmed, .moveNoted, .moveForgotten, .attempted, .attemptsForgotten:
            return
        }
    }
}
