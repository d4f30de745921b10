// SPDX-License-Identifier: Apache-2.0
// What a queue is to do, said as plainly as possible: one array, looked through every time.

import Basics
import Chronology
import ServiceKit
import Storage

@testable import SQSService

/// A queue without any cleverness, to compare with.
struct NaiveQueue {
    struct Item {
        let position: MessagePosition
        let body: String
        let group: String
        let sentAt: Timestamp
        /// `nil` is visible and never hidden.
        var visibleAt: Timestamp?
        var receiveCount = 0
        var receivedAt: Timestamp?
        var nonce: UInt64 = 0
        var isLeaving = false
        /// The time its latest consumer took is in `busy`.
        var isCounted = true

        func isVisible(_ now: Timestamp) -> Bool {
            !isLeaving && (visibleAt.map { $0 <= now } ?? true)
        }
    }

    let isFIFO: Bool
    let retention: Int64
    let visibility: Int64
    let maxReceiveCount: Int?
    var isRedriveSuspended = false
    var items: [Item] = []
    var next = MessagePosition(1)
    var remembered: [String: (position: MessagePosition, until: Timestamp)] = [:]
    /// What receives under an attempt id got.
    var attempts: [String: Attempt] = [:]
    /// Messages in flight that make a group noisy.
    var noisyMin = 30
    /// How long each message was processed, and until when.
    var busy: [(group: String, milliseconds: Int64, at: Timestamp)] = []

    struct Attempt {
        let until: Timestamp
        var items: [(position: MessagePosition, nonce: UInt64, visibleAt: Timestamp?)] = []
    }

    init(
        isFIFO: Bool, retention: Int64 = 600, visibility: Int64 = 30, maxReceiveCount: Int? = nil
    ) {
        self.isFIFO = isFIFO
        self.retention = retention
        self.visibility = visibility
        self.maxReceiveCount = maxReceiveCount
    }

    mutating func expire(_ now: Timestamp) {
        for index in items.indices where !items[index].isCounted && items[index].isVisible(now) {
            count(index, until: items[index].visibleAt ?? now)
        }
        items.removeAll { !$0.isLeaving && $0.sentAt <= now.adding(seconds: -retention) }
    }

    private mutating func count(_ index: Int, until end: Timestamp) {
        let item = items[index]
        items[index].isCounted = true
        guard !isFIFO, let start = item.receivedAt else { return }
        busy.removeAll { end.milliseconds(since: $0.at) > 600_000 }
        busy.append((item.group, end.milliseconds(since: start), end))
    }

    /// After a restart only the leases tell of processing, each of its latest.
    mutating func forgetTimes() {
        busy = []
        for index in items.indices where items[index].visibleAt != nil {
            items[index].isCounted = items[index].receivedAt == nil || items[index].isLeaving
        }
    }

    /// Groups that others go before.
    private func noisy(_ now: Timestamp) -> Set<String> {
        let flying = items.filter { isInFlight($0, now) }
        let stretch = { (time: Timestamp) in time.milliseconds / 300_000 }
        let recent = busy.filter { stretch(now) - stretch($0.at) < 2 }
        let total = recent.reduce(0) { $0 + $1.milliseconds }
        return Set(items.map(\.group)).filter { group in
            let own = flying.filter { $0.group == group }.count
            let time = recent.filter { $0.group == group }.reduce(0) { $0 + $1.milliseconds }
            return !group.isEmpty
                && (own >= noisyMin && 10 * own > flying.count || 10 * time > total)
        }
    }

    /// Visible messages as a standard queue hands them out.
    private func fairOrder(_ now: Timestamp) -> [Int] {
        let noisy = noisy(now)
        let visible = items.indices.filter { items[$0].isVisible(now) }
        var order = visible.filter { !noisy.contains(items[$0].group) }
        var rest: [String: [Int]] = [:]
        for index in visible where noisy.contains(items[index].group) {
            rest[items[index].group, default: []].append(index)
        }
        var load: [String: Int] = [:]
        for item in items where isInFlight(item, now) { load[item.group, default: 0] += 1 }
        while !rest.isEmpty {
            let best = rest.min { left, right in
                (load[left.key] ?? 0, left.value[0]) < (load[right.key] ?? 0, right.value[0])
            }
            guard let best else { break }
            order.append(best.value[0])
            rest[best.key] = best.value.count == 1 ? nil : Array(best.value.dropFirst())
            load[best.key, default: 0] += 1
        }
        return order
    }

    /// The position the message is told to have, and whether it is a duplicate.
    mutating func send(
        _ body: String, delay: Int64, group: String, deduplication: String?, now: Timestamp
    ) -> (position: MessagePosition, isDuplicate: Bool) {
        expire(now)
        if isFIFO, let deduplication {
            if let earlier = remembered[deduplication], earlier.until > now {
                return (earlier.position, true)
            }
            remembered[deduplication] = (next, now.adding(seconds: 300))
        }
        items.append(
            Item(
                position: next, body: body, group: group, sentAt: now,
                visibleAt: delay == 0 ? nil : now.adding(seconds: delay)))
        defer { next = next.next }
        return (next, false)
    }

    /// A dead letter keeps its time on standard queues; what a task moves is new on all.
    mutating func transfer(
        _ body: String, sentAt: Timestamp, group: String, deduplication: String?, isNew: Bool,
        now: Timestamp
    ) {
        expire(now)
        if isFIFO, let deduplication {
            remembered[deduplication] = (next, now.adding(seconds: 300))
        }
        items.append(
            Item(
                position: next, body: body, group: group,
                sentAt: isFIFO || isNew ? now : sentAt))
        next = next.next
    }

    private func isInFlight(_ item: Item, _ now: Timestamp) -> Bool {
        item.receiveCount > 0 && !item.isLeaving && !item.isVisible(now)
    }

    /// Indices that a receive looks at, in order, ignoring the limit.
    private func order(_ now: Timestamp) -> [Int] {
        guard isFIFO else { return fairOrder(now) }
        var order: [Int] = []
        var seen: Set<String> = []
        for item in items where !item.isLeaving && seen.insert(item.group).inserted {
            let members = items.indices.filter {
                items[$0].group == item.group && !items[$0].isLeaving
            }
            if members.contains(where: { isInFlight(items[$0], now) }) { continue }
            order += members.prefix { items[$0].isVisible(now) }
        }
        return order
    }

    /// Positions a receive takes.
    mutating func receive(
        _ limit: Int, visibility seconds: Int64?, attempt: String? = nil, now: Timestamp
    ) -> [MessagePosition] {
        expire(now)
        if let attempt, let again = again(attempt, now) {
            for index in again {
                items[index].visibleAt = now.adding(seconds: seconds ?? visibility)
            }
            return again.map { items[$0].position }
        }
        var taken: [MessagePosition] = []
        for index in order(now) where taken.count < limit {
            if let maxReceiveCount, !isRedriveSuspended,
                items[index].receiveCount >= maxReceiveCount
            {
                items[index].isLeaving = true
                continue
            }
            items[index].receiveCount += 1
            items[index].receivedAt = now
            items[index].isCounted = false
            items[index].visibleAt = now.adding(seconds: seconds ?? visibility)
            taken.append(items[index].position)
        }
        return taken
    }

    mutating func note(nonce: UInt64, at position: MessagePosition) {
        for index in items.indices where items[index].position == position {
            items[index].nonce = nonce
        }
    }

    /// The messages of an earlier receive, if all are as they were.
    private func again(_ attempt: String, _ now: Timestamp) -> [Int]? {
        guard let earlier = attempts[attempt], earlier.until > now else { return nil }
        var found: [Int] = []
        for one in earlier.items {
            guard let index = items.firstIndex(where: { $0.position == one.position }),
                isInFlight(items[index], now), items[index].nonce == one.nonce,
                items[index].visibleAt == one.visibleAt
            else { return nil }
            found.append(index)
        }
        return found
    }

    /// Remembers what a receive got, once the handles are known.
    mutating func note(_ attempt: String, _ taken: [MessagePosition], now: Timestamp) {
        guard !taken.isEmpty else { return }
        let items = items.filter { taken.contains($0.position) }
        let old = attempts[attempt].flatMap { old in
            old.until > now && old.items.map(\.position) == taken
                && old.items.allSatisfy { one in items.contains { $0.nonce == one.nonce } }
                ? old.until : nil
        }
        attempts[attempt] = Attempt(
            until: old ?? now.adding(seconds: 300),
            items: taken.compactMap { position in
                items.first { $0.position == position }.map {
                    ($0.position, $0.nonce, $0.visibleAt)
                }
            })
    }

    private func index(_ handle: ReceiptHandle) -> Int? {
        items.firstIndex { $0.position == handle.position }
    }

    /// Whether a deletion deletes, or what it is refused with.
    mutating func delete(_ handle: ReceiptHandle, now: Timestamp) throws(QueueRefusal) -> Bool {
        expire(now)
        guard let index = index(handle), !items[index].isLeaving else { return false }
        let isCurrent = items[index].nonce == handle.nonce
        if isFIFO, !isCurrent || items[index].isVisible(now) { throw .receiptHandleExpired }
        if isCurrent {
            if !items[index].isCounted { count(index, until: now) }
            items.remove(at: index)
        }
        return isCurrent
    }

    mutating func changeVisibility(_ handle: ReceiptHandle, _ seconds: Int64, now: Timestamp)
        throws(QueueRefusal)
    {
        expire(now)
        guard let index = index(handle) else { throw .messageGone }
        guard !items[index].isLeaving else { throw .messageNotInFlight }
        guard items[index].nonce == handle.nonce, !items[index].isVisible(now) else {
            throw isFIFO ? .receiptHandleExpired : .messageNotInFlight
        }
        let until = now.adding(seconds: seconds)
        guard until.milliseconds(since: items[index].receivedAt ?? now) <= 43_200_000 else {
            throw .visibilityBeyondLimit(seconds: Int(seconds))
        }
        items[index].visibleAt = until
    }

    /// Visible, not visible, delayed.
    mutating func counts(_ now: Timestamp) -> [Int] {
        expire(now)
        let visible = items.filter { $0.isVisible(now) }.count
        let inFlight = items.filter { isInFlight($0, now) }.count
        let leaving = items.filter(\.isLeaving).count
        return [visible, inFlight, items.count - visible - inFlight - leaving]
    }
}
