// SPDX-License-Identifier: Apache-2.0
// What an event source mapping promises, held against a history.

import Basics

/// Every message is tried until it succeeds or is a dead letter, and leaves only then.
package struct MappingChecker: Sendable {
    package let queue: String
    package let deadLetters: String
    package let function: String
    /// Entries that may lie between what a mapping received and the run on it.
    private static let receiveEntries = 20
    private var isFIFO: Bool { queue.hasSuffix(".fifo") }

    package init(queue: String, deadLetters: String, function: String) {
        self.queue = queue
        self.deadLetters = deadLetters
        self.function = function
    }

    package func violations(in history: [HistoryEntry]) -> [Violation] {
        let index = HistoryIndex(history)
        let runs = index.runs.filter { $0.function == function }
        return ends(index, runs) + repeated(index, runs)
            + (isFIFO ? overtaken(index, runs) + overlapping(index, runs) : [])
    }

    private func ends(_ index: HistoryIndex, _ runs: [HistoryIndex.Run]) -> [Violation] {
        var violations: [Violation] = []
        for send in index.acknowledged(in: queue) {
            let isDone = runs.contains { $0.done.contains(send.body) }
            let isDead = index.isFound(send.body, in: deadLetters)
            if index.isFound(send.body, in: queue) {
                violations.append(Violation("was not tried to its end", send.body))
            } else if !isDone, !isDead {
                violations.append(Violation("left without success", send.body))
            }
            let dead = index.found.count { $0.queue == deadLetters && $0.body == send.body }
            if dead > 1, index.isOneMessage(send.body) {
                violations.append(Violation("is two dead letters", send.body))
            }
            // Every run of a dead letter must have failed, unless its deletion did.
            let success = runs.first { $0.done.contains(send.body) }
            if isDead, index.isOneMessage(send.body), let ended = success?.ended,
                !index.isDisturbed(from: (success?.began ?? 0) - 200, to: ended + 200)
            {
                violations.append(Violation("is a dead letter after success", send.body))
            }
        }
        return violations
    }

    /// Done, deleted, and run again with nothing gone wrong meanwhile.
    private func repeated(_ index: HistoryIndex, _ runs: [HistoryIndex.Run]) -> [Violation] {
        var violations: [Violation] = []
        for (place, first) in runs.enumerated() {
            guard let ended = first.ended else { continue }
            for second in runs[(place + 1)...] where second.began > ended {
                let bodies = first.done.filter {
                    second.bodies.contains($0) && index.isOneMessage($0)
                }
                // A slow disk may be slow for longer than the history shows.
                guard !bodies.isEmpty,
                    !index.isDisturbed(from: first.began - 200, to: second.began)
                else { continue }
                violations += bodies.map { Violation("was done twice", $0) }
            }
        }
        return violations
    }

    /// A FIFO queue's message run before an older one of its group was done or dead.
    private func overtaken(_ index: HistoryIndex, _ runs: [HistoryIndex.Run]) -> [Violation] {
        var violations: [Violation] = []
        let sends = index.acknowledged(in: queue)
        for run in runs {
            for (place, body) in run.bodies.enumerated() {
                guard let own = index.sends.first(where: { $0.body == body }) else { continue }
                for old in sends
                where old.group == own.group && old.body != body
                    && old.ended ?? .max < own.began
                {
                    let isDealtWith =
                        run.bodies[..<place].contains(old.body)
                        || index.isFound(old.body, in: deadLetters)
                        || runs.contains {
                            $0.ended ?? .max < run.began && $0.done.contains(old.body)
                        }
                    guard !isDealtWith else { continue }
                    violations.append(Violation("ran before an older message", body, old.body))
                }
            }
        }
        return violations
    }

    /// Two runs at once hold messages of one group.
    private func overlapping(_ index: HistoryIndex, _ runs: [HistoryIndex.Run]) -> [Violation] {
        var groups: [String: String] = [:]
        for send in index.sends where send.queue == queue { groups[send.body] = send.group }
        var violations: [Violation] = []
        for (place, first) in runs.enumerated() {
            for second in runs[(place + 1)...] {
                // A crash ends runs, and a jump ends what hides their messages, also between
                // their receive, which the history does not show, and the run.
                guard second.began < first.ended ?? .max,
                    !index.isDisturbed(from: first.began - Self.receiveEntries, to: second.began)
                else { continue }
                let held = Set(first.bodies.compactMap { groups[$0] })
                for body in second.bodies where groups[body].map(held.contains) == true {
                    violations.append(Violation("its group was running", body))
                }
            }
        }
        return violations
    }
}
