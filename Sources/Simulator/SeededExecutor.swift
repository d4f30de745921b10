// SPDX-License-Identifier: Apache-2.0
// The one thread of a simulated world: jobs wait in a list, and a seed says which runs next.
// It starts no thread and reads no clock; whoever holds it turns the crank.

package import Basics
import Chronology
import Synchronization

/// Runs every job of a world one after the other, in an order drawn from a seed.
///
/// `step` may be called from one thread at a time; jobs run on it.
package final class SeededExecutor: TaskExecutor, Spawner {
    private struct State {
        var ready: [UnownedJob] = []
        var ran = 0
    }

    private let state = Mutex(State())
    private let entropy: any Entropy

    package init(entropy: any Entropy) { self.entropy = entropy }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
    }

    package func spawn(_ work: @escaping @Sendable () async -> Void) {
        Task.detached(executorPreference: self) { await work() }
    }

    /// Runs one job; `false` when none is ready.
    package func step() -> Bool {
        let job: UnownedJob? = state.withLock { state in
            guard !state.ready.isEmpty else { return nil }
            state.ran += 1
            let index = Int(entropy.below(UInt64(state.ready.count)))
            // The order of the others is kept: it belongs to the history too.
            return state.ready.remove(at: index)
        }
        guard let job else { return false }
        job.runSynchronously(on: asUnownedTaskExecutor())
        return true
    }

    /// How many jobs have run.
    package var ran: Int { state.withLock { $0.ran } }
}
