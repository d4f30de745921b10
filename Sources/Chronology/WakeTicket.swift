// SPDX-License-Identifier: Apache-2.0
// One wait that several causes may end: an arrival, a virtual deadline, a real deadline, a
// client that left. Costs one allocation and no thread, task or timer while it waits.

import Synchronization

/// A single wait, ended by the first `wake`.
package final class WakeTicket: Sendable {
    private enum State {
        case fresh
        case waiting(CheckedContinuation<Void, Never>)
        case woken
    }

    private let state = Mutex<State>(.fresh)
    private let activity: Activity?

    /// A ticket whose wait counts as rest when `activity` is given; its waiter must be counted
    /// work of that activity.
    package init(activity: Activity? = nil) { self.activity = activity }

    /// Ends the wait; `true` for the one call that did.
    ///
    /// The waiter counts as running before this returns, so quiescence sees no gap.
    @discardableResult
    package func wake() -> Bool {
        let (won, continuation): (Bool, CheckedContinuation<Void, Never>?) = state.withLock {
            state in
            switch state {
            case .fresh:
                state = .woken
                return (true, nil)
            case .waiting(let continuation):
                state = .woken
                activity?.begin()
                return (true, continuation)
            case .woken: return (false, nil)
            }
        }
        continuation?.resume()
        return won
    }

    /// Whether the wait has ended.
    package var isWoken: Bool {
        state.withLock { state in
            guard case .woken = state else { return false }
            return true
        }
    }

    /// Waits for the wake-up; returns at once if it has happened.
    ///
    /// At most one caller.
    package func wait() async {
        await withCheckedContinuation { continuation in
            let isWoken = state.withLock { state in
                guard case .fresh = state else { return true }
                state = .waiting(continuation)
                return false
            }
            if isWoken { continuation.resume() } else { activity?.end() }
        }
    }
}
