// SPDX-License-Identifier: Apache-2.0
// What a FIFO queue promises beyond a standard one, held against a history.

import Basics

/// Groups keep their order and are handed to one client at a time; repeated sends count once.
package struct FIFOQueueChecker: Sendable {
    package let queue: String
    package let deadLetters: String?
    private static let deduplicationSeconds: Int64 = 300

    package init(queue: String, deadLetters: String?) {
        self.queue = queue
        self.deadLetters = deadLetters
    }

    package func violations(in history: [HistoryEntry]) -> [Violation] {
        let index = HistoryIndex(history)
        return overtaken(index) + unordered(index) + overlapping(index) + repeated(index)
    }

    /// Handed out before an older message of its group was dealt with.
    private func overtaken(_ index: HistoryIndex) -> [Violation] {
        var violations: [Violation] = []
        let sends = index.acknowledged(in: queue)
        for receive in index.receives where receive.queue == queue {
            guard let ended = receive.ended else { continue }
            for (place, message) in receive.messages.enumerated() {
                guard let own = index.sends.first(where: { $0.body == message.body }) else {
                    continue
                }
                let older = sends.filter {
                    $0.group == own.group && $0.body != own.body && $0.ended ?? .max < own.began
                }
                for old in older {
                    let isDealtWith =
                        receive.messages[..<place].contains { $0.body == old.body }
                        || index.isFound(old.body, in: deadLetters)
                        || index.returns.contains {
                            $0.isDeletion && $0.body == old.body && $0.began < ended
                        }
                    guard !isDealtWith else { continue }
                    violations.append(
                        Violation("overtook an older message", message.body, old.body))
                }
            }
        }
        return violations
    }

    /// One receive holds a group's messages in another order than the queue's own.
    private func unordered(_ index: HistoryIndex) -> [Violation] {
        var violations: [Violation] = []
        for receive in index.receives where receive.queue == queue {
            var last: [String: ReceivedMessage] = [:]
            for message in receive.messages {
                let group = message.group ?? ""
                if let before = last[group]?.sequence, let own = message.sequence, own <= before {
                    violations.append(
                        Violation("out of order in one receive", message.body))
                }
                last[group] = message
            }
        }
        return violations
    }

    /// A group handed to a second client while the first one held a message of it.
    private func overlapping(_ index: HistoryIndex) -> [Violation] {
        var violations: [Violation] = []
        let receives = index.receives.filter { $0.queue == queue && !$0.messages.isEmpty }
        for (place, first) in receives.enumerated() {
            guard let firstEnded = first.ended else { continue }
            for second in receives[(place + 1)...] {
                guard let ended = second.ended, second.began > firstEnded,
                    index.holds(first, at: ended)
                else { continue }
                for message in second.messages {
                    let held = first.messages.first {
                        $0.group == message.group
                            && !index.isReturned($0.body, of: first, before: ended)
                    }
                    guard let held else { continue }
                    violations.append(
                        Violation("its group was in flight", message.body, held.body))
                }
            }
        }
        return violations
    }

    /// Sends with one deduplication id within five minutes that became two messages.
    private func repeated(_ index: HistoryIndex) -> [Violation] {
        var violations: [Violation] = []
        for (place, first) in index.sends.enumerated() where first.queue == queue {
            guard let id = first.deduplicationID, let firstID = first.messageID else { continue }
            for second in index.sends[(place + 1)...] {
                guard second.queue == queue, second.deduplicationID == id,
                    let secondID = second.messageID, let ended = second.ended,
                    index.times[ended]
                        < index.times[first.began].adding(seconds: Self.deduplicationSeconds)
                else { continue }
                if firstID != secondID {
                    violations.append(Violation("became two messages", first.body, id))
                }
            }
            // Also a send that nobody answered may have been taken: then its repetition is not.
            let sends = index.sends.filter { $0.queue == queue && $0.deduplicationID == id }
            let last = sends.last?.ended ?? first.began
            let begin = sends.first?.began ?? first.began
            guard
                index.times[last]
                    < index.times[begin].adding(seconds: Self.deduplicationSeconds)
            else { continue }
            let received = Set(
                index.receives.flatMap { receive in
                    receive.queue == queue
                        ? receive.messages.filter { $0.body == first.body }.map(\.messageID) : []
                })
            let found = index.found.count { $0.queue == queue && $0.body == first.body }
            if received.count > 1 || found > 1 {
                violations.append(Violation("was delivered as two messages", first.body, id))
            }
        }
        return Array(Set(violations)).sorted { $0.description < $1.description }
    }
}
