// SPDX-License-Identifier: Apache-2.0
// A task that moves messages out of a dead-letter queue: what was asked for and how far it got.

package import Basics

/// A move task, as `ListMessageMoveTasks` shows it.
package struct MoveTask: Hashable, Sendable {
    /// What the API calls its states; the raw values are stored.
    package enum Status: UInt64, Sendable {
        case running = 1
        case completed, cancelling, cancelled, failed

        /// The API's word.
        package var word: String {
            switch self {
            case .running: "RUNNING"
            case .completed: "COMPLETED"
            case .cancelling: "CANCELLING"
            case .cancelled: "CANCELLED"
            case .failed: "FAILED"
            }
        }
    }

    /// Counts a queue's tasks; never used again.
    package let number: UInt64
    /// The random part of the task's handle.
    package let id: String
    /// Where messages go; `nil` is back to where each came from.
    package let destinationARN: String?
    /// Messages a second; `nil` is as fast as they can be moved.
    package let rate: Int?
    package let startedAt: Timestamp
    /// Messages from here on came too late to be moved.
    package let end: MessagePosition
    /// Messages that could be moved at the start.
    package let toMove: UInt64
    package var status = Status.running
    package var moved: UInt64 = 0
    package var failureReason: String?

    package init(
        number: UInt64, id: String, destinationARN: String?, rate: Int?, startedAt: Timestamp,
        end: MessagePosition, toMove: UInt64
    ) {
        self.number = number
        self.id = id
        self.destinationARN = destinationARN
        self.rate = rate
        self.startedAt = startedAt
        self.end = end
        self.toMove = toMove
    }

    package var isActive: Bool { status == .running || status == .cancelling }

    /// How many more messages may leave by `now`.
    ///
    /// The first leaves at the start, each later one its part of a second after the one before.
    func allowance(now: Timestamp) -> Int {
        guard let rate else { return .max }
        let elapsed = max(0, now.milliseconds(since: startedAt))
        let due = UInt64(elapsed) * UInt64(rate) / 1000 + 1
        return Int(clamping: due - min(due, moved))
    }

    /// When the next message may leave.
    var nextDue: Timestamp {
        guard let rate, rate > 0 else { return startedAt }
        let milliseconds = (moved * 1000 + UInt64(rate) - 1) / UInt64(rate)
        return startedAt.adding(milliseconds: Int64(clamping: milliseconds))
    }
}
