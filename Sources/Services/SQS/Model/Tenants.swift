// SPDX-License-Identifier: Apache-2.0
// Fair queues: which message groups of a standard queue are noisy, and whose messages wait (SQS
// Developer Guide, "How Amazon SQS fair queues work"). Resident state only; a reload forgets who
// was busy and not who is in flight.

import Basics

/// The message groups of a standard queue.
///
/// A group is noisy while it has more than a tenth of the messages in flight and at least
/// `inFlightMin` of them, or had more than a tenth of all processing time of late.
struct Tenants: Sendable {
    private struct Tenant: Sendable {
        var waiting = PositionList()
        var inFlight = 0
        /// Fresh messages that are not in `waiting`.
        var overflow = 0

        var isEmpty: Bool { inFlight == 0 && overflow == 0 && waiting.isEmpty }
    }

    private let inFlightMin: Int
    private var tenants: [String: Tenant] = [:]
    private var turns = OrderedHeap<GroupTurn>()
    /// Groups with at least `inFlightMin` messages in flight.
    private var crowded: Set<String> = []
    private var busy = BusyTimes()
    /// Fresh messages with a group.
    private(set) var overflowCount = 0

    init(inFlightMin: Int) { self.inFlightMin = inFlightMin }

    // MARK: What happens to messages

    mutating func addWaiting(_ position: MessagePosition, _ group: String) {
        var tenant = tenants.removeValue(forKey: group) ?? Tenant()
        let before = tenant.waiting.first
        tenant.waiting.insert(position)
        if tenant.waiting.first != before {
            turns.insert(GroupTurn(position: position, group: group))
        }
        tenants[group] = tenant
    }

    mutating func removeWaiting(_ position: MessagePosition, _ group: String) {
        guard var tenant = tenants.removeValue(forKey: group) else { return }
        let before = tenant.waiting.first
        tenant.waiting.remove(position)
        if let first = tenant.waiting.first, first != before {
            turns.insert(GroupTurn(position: first, group: group))
        }
        if !tenant.isEmpty { tenants[group] = tenant }
    }

    mutating func addInFlight(_ group: String) {
        var tenant = tenants.removeValue(forKey: group) ?? Tenant()
        tenant.inFlight += 1
        if tenant.inFlight >= inFlightMin { crowded.insert(group) }
        tenants[group] = tenant
    }

    mutating func removeInFlight(_ group: String) {
        guard var tenant = tenants.removeValue(forKey: group) else { return }
        tenant.inFlight -= min(1, tenant.inFlight)
        if tenant.inFlight < inFlightMin { crowded.remove(group) }
        if !tenant.isEmpty { tenants[group] = tenant }
    }

    mutating func addOverflow(_ group: String) {
        overflowCount += 1
        tenants[group, default: Tenant()].overflow += 1
    }

    /// One that was accepted before the queue was loaded was never counted.
    mutating func removeOverflow(_ group: String) {
        guard var tenant = tenants[group], tenant.overflow > 0 else { return }
        overflowCount -= 1
        tenant.overflow -= 1
        tenants[group] = tenant.isEmpty ? nil : tenant
    }

    /// Notes how long a message was processed that ended at `time`; `nil` is a group of its own.
    mutating func noteProcessed(_ group: String?, milliseconds: Int64, at time: Timestamp) {
        busy.add(group, milliseconds: UInt64(clamping: milliseconds), at: time)
    }

    // MARK: What follows

    func overflow(of group: String) -> Int { tenants[group]?.overflow ?? 0 }
    func waitingCount(of group: String) -> Int { tenants[group]?.waiting.count ?? 0 }
    func inFlight(of group: String) -> Int { tenants[group]?.inFlight ?? 0 }

    func waiting(of group: String, after count: Int) -> MessagePosition? {
        tenants[group]?.waiting.element(after: count)
    }

    /// The noisy groups, of which there are fewer than twenty.
    mutating func noisy(inFlight: Int, now: Timestamp) -> Set<String> {
        guard !tenants.isEmpty else { return [] }
        let crowding = crowded.filter { 10 * self.inFlight(of: $0) > inFlight }
        return crowding.union(busy.busiest(now: now))
    }

    /// The group whose first message is the oldest of all that have not been taken.
    mutating func firstTurn() -> GroupTurn? {
        while let turn = turns.first {
            if tenants[turn.group]?.waiting.first == turn.position { return turn }
            turns.popFirst()
        }
        return nil
    }

    /// Takes the first turn, to be given back once the order is known.
    mutating func takeTurn() { turns.popFirst() }

    mutating func giveBack(_ turns: [GroupTurn]) {
        for turn in turns { self.turns.insert(turn) }
    }
}

/// How long groups kept consumers busy in this stretch of five minutes and the one before.
private struct BusyTimes: Sendable {
    private struct Stretch: Sendable {
        var total: UInt64 = 0
        var byGroup: [String: UInt64] = [:]
    }

    private static let stretchMilliseconds: Int64 = 300_000

    private var number: Int64 = 0
    private var current = Stretch()
    private var previous = Stretch()
    /// Every group with more than a tenth is among these.
    private var suspects: Set<String> = []

    mutating func add(_ group: String?, milliseconds: UInt64, at time: Timestamp) {
        guard milliseconds > 0 else { return }
        turn(to: time)
        switch number - time.milliseconds / Self.stretchMilliseconds {
        case 0: Self.add(group, milliseconds, to: &current)
        case 1: Self.add(group, milliseconds, to: &previous)
        default: return
        }
        if let group, isBusy(group) { suspects.insert(group) }
    }

    /// Groups with more than a tenth of all time.
    mutating func busiest(now: Timestamp) -> Set<String> {
        turn(to: now)
        suspects = suspects.filter { isBusy($0) }
        return suspects
    }

    private func isBusy(_ group: String) -> Bool {
        let own = (current.byGroup[group] ?? 0) &+ (previous.byGroup[group] ?? 0)
        return 10 &* own > current.total &+ previous.total
    }

    private static func add(_ group: String?, _ milliseconds: UInt64, to stretch: inout Stretch) {
        stretch.total &+= milliseconds
        if let group { stretch.byGroup[group, default: 0] &+= milliseconds }
    }

    private mutating func turn(to time: Timestamp) {
        let wanted = time.milliseconds / Self.stretchMilliseconds
        guard wanted > number else { return }
        previous = wanted == number + 1 ? current : Stretch()
        current = Stretch()
        number = wanted
        // What is no longer counted may have held the share of others down.
        suspects = Set(previous.byGroup.keys)
    }
}
