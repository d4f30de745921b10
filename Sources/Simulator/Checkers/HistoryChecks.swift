// SPDX-License-Identifier: Apache-2.0
// All checkers, bound to the queues and functions of the histories that are played.

/// Everything that a played history must keep.
package enum HistoryChecks {
    package static func violations(in history: [HistoryEntry]) -> [Violation] {
        let plain = StandardQueueChecker(queue: "plain", deadLetters: "plain-dead")
        let fifo = StandardQueueChecker(queue: "plain.fifo", deadLetters: nil)
        let order = FIFOQueueChecker(queue: "plain.fifo", deadLetters: nil)
        let work = MappingChecker(queue: "work", deadLetters: "work-dead", function: "work")
        let orderedWork = MappingChecker(
            queue: "work.fifo", deadLetters: "work-dead.fifo", function: "work-fifo")
        let repetition = FIFOQueueChecker(queue: "work.fifo", deadLetters: "work-dead.fifo")
        let task = InvocationChecker(function: "task", succeeded: "succeeded", failed: "failed")
        return plain.violations(in: history) + fifo.violations(in: history)
            + order.violations(in: history) + work.violations(in: history)
            + orderedWork.violations(in: history) + repetition.violations(in: history)
            + task.violations(in: history)
    }
}
