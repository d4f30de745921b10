// SPDX-License-Identifier: Apache-2.0
// Where background work runs: on the event loops, in turn.

import Chronology
import HTTPFront
import NIOCore
import NIOPosix
import Synchronization

/// Starts each piece of work on the next event loop.
final class LoopSpawner: Spawner {
    private let executors: [EventLoopTaskExecutor]
    private let turn = Atomic<Int>(0)

    init(group: MultiThreadedEventLoopGroup) {
        executors = group.makeIterator().map { EventLoopTaskExecutor($0) }
    }

    func spawn(_ work: @escaping @Sendable () async -> Void) {
        let position = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        let executor = executors[abs(position % executors.count)]
        Task.detached(executorPreference: executor) { await work() }
    }
}
