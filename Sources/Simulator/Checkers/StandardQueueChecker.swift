// SPDX-License-Identifier: Apache-2.0
// What a standard queue with clients promises, held against a history.

import Basics

/// No acknowledged message is lost or comes back, and none is in two queues.
package struct StandardQueueChecker: Sendable {
    package let queue: String
    package let deadLetters: String?

    package init(queue: String, deadLetters: String?) {
        self.queue = queue
        self.deadLetters = deadLetters
    }

    package func violations(in history: [HistoryEntry]) -> [Violation] {
        let index = HistoryIndex(history)
        return lost(index) + returned(index) + doubled(index) + early(index) + invented(index)
    }

    /// Acknowledged, never deleted, and nowhere.
    private func lost(_ index: HistoryIndex) -> [Violation] {
        index.acknowledged(in: queue).filter { send in
            !index.isFound(send.body, in: queue) && !index.isFound(send.body, in: deadLetters)
                && !index.returns.contains { $0.isDeletion && $0.body == send.body }
        }.map { Violation("lost", $0.body) }
    }

    /// Back after a deletion that was acknowledged while its receive still held the message.
    private func returned(_ index: HistoryIndex) -> [Violation] {
        var violations: [Violation] = []
        for deletion in index.returns where deletion.isDeletion && deletion.isAcknowledged {
            guard deletion.queue == queue, index.isOneMessage(deletion.body),
                let ended = deletion.ended,
                let receive = index.receives.first(where: { $0.call == deletion.receive }),
                index.holds(receive, at: ended),
                !index.returns.contains(where: {
                    $0.receive == deletion.receive && $0.body == deletion.body && !$0.isDeletion
                })
            else { continue }
            let isBack =
                index.receives.contains { later in
                    later.began > ended && later.messages.contains { $0.body == deletion.body }
                }
                || index.found.contains { $0.body == deletion.body }
            if isBack { violations.append(Violation("back after its deletion", deletion.body)) }
        }
        return violations
    }

    /// In the queue and among its dead letters.
    private func doubled(_ index: HistoryIndex) -> [Violation] {
        index.found.filter { found in
            found.queue == deadLetters && index.isOneMessage(found.body)
                && index.found.contains { $0.queue == queue && $0.body == found.body }
        }.map { Violation("in two queues", $0.body) }
            + index.found.enumerated().filter { place, found in
                index.found[..<place].contains {
                    $0.queue == found.queue && $0.body == found.body
                } && (found.queue == queue || found.queue == deadLetters)
                    && index.isOneMessage(found.body)
            }.map { Violation("twice in a queue", $0.element.body) }
    }

    /// Received again while an earlier receive still hid it.
    private func early(_ index: HistoryIndex) -> [Violation] {
        var violations: [Violation] = []
        let receives = index.receives.filter { $0.queue == queue && !$0.messages.isEmpty }
        for (place, first) in receives.enumerated() {
            guard let firstEnded = first.ended else { continue }
            for second in receives[(place + 1)...] {
                guard let ended = second.ended, second.began > firstEnded,
                    index.holds(first, at: ended)
                else { continue }
                for message in first.messages
                where second.messages.contains(where: { $0.messageID == message.messageID })
                    && !index.isReturned(message.body, of: first, before: ended)
                {
                    violations.append(Violation("received while hidden", message.body))
                }
            }
        }
        return violations
    }

    /// Received although nobody had sent it.
    private func invented(_ index: HistoryIndex) -> [Violation] {
        index.receives.filter { $0.queue == queue }.flatMap { receive in
            receive.messages.filter { message in
                !index.sends.contains {
                    $0.queue == queue && $0.body == message.body
                        && $0.began < receive.ended ?? 0
                }
            }.map { Violation("never sent", $0.body) }
        }
    }
}
