// SPDX-License-Identifier: Apache-2.0
// In which order a standard queue hands its visible messages out: as they were sent, but those of
// quiet groups before those of noisy ones.

import Basics

/// A walk over the visible messages of a standard queue; ended by `end`, it changed nothing.
struct VisibleWalk {
    /// Groups whose messages come last.
    fileprivate let noisy: Set<String>
    fileprivate let fresh: AnyIterator<Queue.WindowEntry>
    fileprivate var nextFresh: Queue.WindowEntry?
    /// Taken off the heaps, to be put back.
    fileprivate var ready: [MessagePosition] = []
    fileprivate var turns: [GroupTurn] = []
    fileprivate var seen: Set<String> = []
    /// How many waiting messages of a group were passed, and how many of all it has.
    fileprivate var passed: [String: Int] = [:]
    fileprivate var taken: [String: Int] = [:]
    /// The next messages of quiet groups of which one was passed.
    fileprivate var ahead = OrderedHeap<GroupTurn>()
    /// The next waiting messages of noisy groups.
    fileprivate var aside: [String: MessagePosition] = [:]

    init(noisy: Set<String>, fresh window: Fifo<Queue.WindowEntry>) {
        self.noisy = noisy
        fresh = window.makeIterator()
        nextFresh = fresh.next()
    }

    fileprivate func isNoisy(_ group: String?) -> Bool { group.map(noisy.contains) ?? false }
}

/// What a walk comes to next.
enum VisibleStep {
    case entry(MessagePosition, Queue.Entry)
    /// The head of the window.
    case fresh(Queue.WindowEntry)
    /// The next message may lie behind the window, which must be paged in.
    case needsWindow
    case end
}

extension Queue {
    /// The next message, none from position `limit` on; for a walk without noisy groups only.
    mutating func next(_ walk: inout VisibleWalk, before limit: MessagePosition? = nil)
        -> VisibleStep
    {
        while true {
            let turn = quietTurn(&walk)
            dropStaleReady()
            let quiet = Self.earlier(turn?.position, ready.first)
            let fresh = walk.nextFresh
            let isFreshQuiet = fresh.map { !walk.isNoisy($0.group) } ?? false
            let border = isFreshQuiet ? fresh?.position : hidesUnloaded(fresh) ? windowEnd : nil
            if let quiet, border.map({ quiet < $0 }) ?? true {
                if let limit, quiet >= limit { return .end }
                guard let step = take(quiet, turn, &walk) else { continue }
                return step
            }
            if isFreshQuiet, let fresh {
                if let limit, fresh.position >= limit { return .end }
                return take(fresh, &walk)
            }
            if hidesUnloaded(fresh) {
                if let limit, windowEnd >= limit { return .end }
                return .needsWindow
            }
            return takeNoisy(&walk)
        }
    }

    /// Puts back what a walk has taken.
    mutating func end(_ walk: VisibleWalk) {
        for position in walk.ready { ready.insert(position) }
        tenants.giveBack(walk.turns)
    }

    private static func earlier(_ left: MessagePosition?, _ right: MessagePosition?)
        -> MessagePosition?
    {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }

    private func hidesUnloaded(_ fresh: WindowEntry?) -> Bool { fresh == nil && hasUnloadedFresh }

    private mutating func dropStaleReady() {
        while let first = ready.first, entries[first]?.standing != .ready { ready.popFirst() }
    }

    /// The first waiting message of all quiet groups, not yet taken.
    private mutating func quietTurn(_ walk: inout VisibleWalk) -> GroupTurn? {
        while let turn = tenants.firstTurn() {
            if walk.seen.contains(turn.group) {
                // A turn listed twice, or one whose group is in `ahead` or `aside` already.
                tenants.takeTurn()
                continue
            }
            guard walk.noisy.contains(turn.group) else {
                return walk.ahead.first.map { min($0, turn) } ?? turn
            }
            tenants.takeTurn()
            walk.turns.append(turn)
            walk.seen.insert(turn.group)
            walk.aside[turn.group] = turn.position
        }
        return walk.ahead.first
    }

    private mutating func take(
        _ position: MessagePosition, _ turn: GroupTurn?, _ walk: inout VisibleWalk
    ) -> VisibleStep? {
        if let turn, turn.position == position {
            if walk.ahead.first == turn {
                walk.ahead.popFirst()
            } else {
                tenants.takeTurn()
                walk.turns.append(turn)
                walk.seen.insert(turn.group)
            }
            if let next = pass(turn.group, &walk) {
                walk.ahead.insert(GroupTurn(position: next, group: turn.group))
            }
        } else {
            ready.popFirst()
            // A position listed twice would be handed out twice.
            if walk.ready.last == position { return nil }
            walk.ready.append(position)
        }
        return entries[position].map { .entry(position, $0) }
    }

    private func take(_ fresh: WindowEntry, _ walk: inout VisibleWalk) -> VisibleStep {
        walk.nextFresh = walk.fresh.next()
        if let group = fresh.group { walk.taken[group, default: 0] += 1 }
        return .fresh(fresh)
    }

    /// Notes that a waiting message of a group is taken; answers the next.
    private func pass(_ group: String, _ walk: inout VisibleWalk) -> MessagePosition? {
        walk.passed[group, default: 0] += 1
        walk.taken[group, default: 0] += 1
        return tenants.waiting(of: group, after: walk.passed[group] ?? 0)
    }

    /// The oldest message of the noisy group with the fewest messages in flight.
    private func takeNoisy(_ walk: inout VisibleWalk) -> VisibleStep {
        var best: (inFlight: Int, position: MessagePosition, group: String)?
        func offer(_ group: String, _ position: MessagePosition) {
            let count = tenants.inFlight(of: group) + (walk.taken[group] ?? 0)
            if let best, (best.inFlight, best.position) < (count, position) { return }
            best = (count, position, group)
        }
        for (group, position) in walk.aside { offer(group, position) }
        if let fresh = walk.nextFresh, let group = fresh.group { offer(group, fresh.position) }
        guard let best else { return .end }
        if let fresh = walk.nextFresh, fresh.position == best.position {
            return take(fresh, &walk)
        }
        walk.aside[best.group] = pass(best.group, &walk)
        return entries[best.position].map { .entry(best.position, $0) } ?? .end
    }
}
