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

    init(
        isFIFO: Bool, retention: Int64 = 600, visibility: Int64 = 30, maxReceiveCount: Int? = nil
    ) {
        self.isFIFO = isFIFO
        self.retention = retention
        self.visibility = visibility
        self.maxReceiveCount = maxReceiveCount
    }

    mutating func expire(_ now: Timestamp) {
        items.removeAll { !$0.isLeaving && $0.sentAt <= now.adding(seconds: -retention) }
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
                position: next, body: body, group: isFIFO ? group : "", sentAt: now,
                visibleAt: delay == 0 ? nil : now.adding(seconds: delay)))
        defer { next = next.next }
        return (next, false)
    }

    mutating func transfer(_ body: String, sentAt: Timestamp, now: Timestamp) {
        expire(now)
        items.append(Item(position: next, body: body, group: "", sentAt: sentAt))
        next = next.next
    }

    private func isInFlight(_ item: Item, _ now: Timestamp) -> Bool {
        item.receiveCount > 0 && !item.isLeaving && !item.isVisible(now)
    }

    /// Indices that a receive looks at, in order, ignoring the limit.
    private func order(_ now: Timestamp) -> [Int] {
        guard isFIFO else { return items.indices.filter { items[$0].isVisible(now) } }
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
    mutating func receive(_ limit: Int, visibility seconds: Int64?, now: Timestamp)
        -> [MessagePosition]
    {
        expire(now)
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

    private func index(_ handle: ReceiptHandle) -> Int? {
        items.firstIndex { $0.position == handle.position }
    }

    /// Whether a deletion deletes, or what it is refused with.
    mutating func delete(_ handle: ReceiptHandle, now: Timestamp) throws(QueueRefusal) -> Bool {
        expire(now)
        guard let index = index(handle), !items[index].isLeaving else { return false }
        let isCurrent = items[index].nonce == handle.nonce
        if isFIFO, !isCurrent || items[index].isVisible(now) { throw .receiptHandleExpired }
        if isCurrent { items.remove(at: index) }
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
