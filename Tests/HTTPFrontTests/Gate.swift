// SPDX-License-Identifier: Apache-2.0
// An application that answers when it is told to, or when its client goes away.

import HTTPFront
import Synchronization

/// Holds every request until `open`, and notes what became of it.
final class Gate: HTTPApplication {
    private struct State {
        var isOpen = false
        var arrived = 0
        var cancelled = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var watchers: [(count: Int, CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    func admit(_ head: HTTPRequestHead) -> HeadDecision { .accept(bodyBytesMax: 100) }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        arrive()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if !state.isOpen { state.waiting.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.cancelled += 1 }
            open()
        }
        return HTTPResponse(status: 200, body: Array("late".utf8))
    }

    /// Lets everything through from now on.
    func open() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.isOpen = true
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    private func arrive() {
        let due = state.withLock { state in
            state.arrived += 1
            let due = state.watchers.filter { $0.count <= state.arrived }
            state.watchers.removeAll { $0.count <= state.arrived }
            return due
        }
        for watcher in due { watcher.1.resume() }
    }

    /// Returns when so many requests have arrived.
    func hasArrived(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isDue = state.withLock { state in
                if state.arrived < count { state.watchers.append((count, continuation)) }
                return state.arrived >= count
            }
            if isDue { continuation.resume() }
        }
    }

    var cancelledCount: Int { state.withLock { $0.cancelled } }
}
