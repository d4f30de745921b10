// SPDX-License-Identifier: Apache-2.0
// Signals for changes of keys. A seam for readers far from the writer; a cell that lives in this
// process wakes its pollers itself.

import Synchronization

/// Tells one reader that a key of its range was written.
///
/// Changes between two calls of `changed` are reported once. Dropping the watch ends it.
package final class StoreWatch: Sendable {
    private struct State {
        var signalled = false
        var ended = false
        var nextWaiter: UInt64 = 0
        var waiters: [(id: UInt64, continuation: UnsafeContinuation<Bool, Never>)] = []
    }

    let range: KeyRange
    private let state = Mutex(State())

    init(_ range: KeyRange) { self.range = range }

    /// Returns `true` after a change, `false` when the watch ended or the task was cancelled.
    nonisolated(nonsending)
        package func changed() async -> Bool
    {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.ended || Task.isCancelled { return false }
                    if state.signalled {
                        state.signalled = false
                        return true
                    }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map {
                    state.waiters.remove(at: $0).continuation
                }
            }
            waiter?.resume(returning: false)
        }
    }

    /// Ends the watch; waiting calls return `false`.
    package func end() { release(ending: true) }

    func signal() { release(ending: false) }

    private func release(ending: Bool) {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            if ending { state.ended = true } else { state.signalled = state.waiters.isEmpty }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: !ending) }
    }
}

/// The watches of one store.
///
/// Costs an apply one atomic load while nobody watches; else it is linear in the watches.
package final class WatchBoard: Sendable {
    private struct Place {
        weak let watch: StoreWatch?
    }

    private let count = Atomic<Int>(0)
    private let places = Mutex<[Place]>([])

    package init() {}

    package func watch(_ range: KeyRange) -> StoreWatch {
        let watch = StoreWatch(range)
        places.withLock { places in
            places.removeAll { $0.watch == nil }
            places.append(Place(watch: watch))
            count.store(places.count, ordering: .sequentiallyConsistent)
        }
        return watch
    }

    /// Signals the watches that `batch` touches; called after it became visible.
    package func notify(_ batch: WriteBatch) {
        guard count.load(ordering: .sequentiallyConsistent) > 0 else { return }
        let touched = places.withLock { places in
            places.removeAll { $0.watch == nil }
            count.store(places.count, ordering: .sequentiallyConsistent)
            return places.compactMap(\.watch)
        }
        for watch in touched where batch.operations.contains(where: { $0.touches(watch.range) }) {
            watch.signal()
        }
    }

    /// Ends every watch.
    package func endAll() {
        let all = places.withLock { places in
            defer { places = [] }
            count.store(0, ordering: .sequentiallyConsistent)
            return places.compactMap(\.watch)
        }
        for watch in all { watch.end() }
    }
}

extension WriteBatch.Operation {
    /// Whether the operation may change a key of `range`.
    func touches(_ range: KeyRange) -> Bool {
        switch self {
        case .put(let key, _), .delete(let key): range.contains(key)
        case .deleteRange(let deleted): range.overlaps(deleted)
        }
    }
}
