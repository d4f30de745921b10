// SPDX-License-Identifier: Apache-2.0
// Word of a store that came back from its disk after a failure, for whoever keeps a part of it in
// memory. When a store reopens is the engine's business.

import Synchronization

/// The reopenings of one store.
///
/// What was resident before one may hold changes that did not survive, under claims that ended.
package final class Reopenings: Sendable {
    private let number = Atomic<UInt64>(0)
    private let observers = Mutex<[@Sendable () -> Void]>([])

    package init() {}

    /// How many there were: state loaded under another number must not be used.
    package var count: UInt64 { number.load(ordering: .acquiring) }

    /// Has `body` called after each reopening, once the store takes calls again.
    ///
    /// It must not block and may run on a thread of the engine's own.
    package func observe(_ body: @escaping @Sendable () -> Void) {
        observers.withLock { $0.append(body) }
    }

    /// Counts a reopening; the engine does so before it takes calls again.
    package func begin() { number.wrappingAdd(1, ordering: .acquiringAndReleasing) }

    /// Tells of it; the engine does so once it takes calls, with none of its locks held.
    package func end() {
        for observer in observers.withLock({ $0 }) { observer() }
    }
}
