// SPDX-License-Identifier: Apache-2.0
// Counts what is under way, so that an advancing clock can wait until nothing is.

import Synchronization

/// The number of runnable pieces of work in a world.
///
/// A piece counts from `begin` to `end`, less the time it is parked on a `WakeTicket`. Zero means quiescence: nothing will happen until time moves or a client calls.
package final class Activity: Sendable {
    private struct State {
        var running = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
        /// Changes whenever work begins: a zero reached and left again is seen as movement.
        var begun: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// How many pieces of work are runnable now.
    package var running: Int { state.withLock { $0.running } }

    /// How many pieces have ever begun.
    package var begun: UInt64 { state.withLock { $0.begun } }

    package func begin() {
        state.withLock { state in
            state.running += 1
            state.begun += 1
        }
    }

    package func end() {
        let waiters = state.withLock { state in
            state.running -= 1
            guard state.running == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until nothing is runnable.
    package func idle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                guard state.running > 0 else { return true }
                state.waiters.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
    }
}
