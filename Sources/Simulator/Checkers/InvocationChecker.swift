// SPDX-License-Identifier: Apache-2.0
// What an asynchronous invocation promises, held against a history.

import Basics

/// Every acknowledged invocation has exactly one end, and the one that its runs came to.
package struct InvocationChecker: Sendable {
    package let function: String
    package let succeeded: String
    package let failed: String

    package init(function: String, succeeded: String, failed: String) {
        self.function = function
        self.succeeded = succeeded
        self.failed = failed
    }

    package func violations(in history: [HistoryEntry]) -> [Violation] {
        let index = HistoryIndex(history)
        let runs = index.runs.filter { $0.function == function }
        var violations: [Violation] = []
        for invocation in index.invocations {
            let key = invocation.key
            let ends = index.found.filter {
                ($0.queue == succeeded || $0.queue == failed) && $0.body == key
            }
            if ends.isEmpty, invocation.isAcknowledged {
                violations.append(Violation("has no end", key))
            }
            if ends.count > 1 {
                violations.append(
                    Violation("has several ends", key, ends.map(\.queue).joined(separator: ", ")))
            }
            let isDone = runs.contains { $0.done.contains(key) }
            if ends.contains(where: { $0.queue == succeeded }), !isDone {
                violations.append(Violation("succeeded without a run that did", key))
            }
            let hasFailed = runs.contains { $0.bodies.contains(key) && !$0.done.contains(key) }
            if ends.contains(where: { $0.queue == failed }), !hasFailed {
                violations.append(Violation("failed without a run that did", key))
            }
        }
        for end in index.found where end.queue == succeeded || end.queue == failed {
            guard !index.invocations.contains(where: { $0.key == end.body }) else { continue }
            violations.append(Violation("was never invoked", end.body))
        }
        return violations
    }
}
