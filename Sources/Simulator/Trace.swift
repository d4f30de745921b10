// SPDX-License-Identifier: Apache-2.0
// The story of a simulated world, line by line, and a number that stands for all of it.

package import Basics
import Chronology
import Journal
import ServiceKit
import Synchronization

/// Lines with the virtual time and the count of jobs run when they were written.
package final class Trace: Sendable {
    fileprivate struct State {
        let keepsLines: Bool
        var lines: [String] = []
        var count = 0
        var mark: UInt64 = 0
        /// FNV-1a over all lines.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    }

    private let state: Mutex<State>

    /// `keepsLines`: else only their number and hash are known afterwards.
    package init(keepsLines: Bool = true) { state = Mutex(State(keepsLines: keepsLines)) }

    package var lines: [String] { state.withLock { $0.lines } }
    package var count: Int { state.withLock { $0.count } }
    package var hash: UInt64 { state.withLock { $0.hash } }

    /// Adds the records that the world's journal has got since the last look.
    func follow(_ simulated: SimulatedWorld) {
        let mark = state.withLock { $0.mark }
        guard simulated.world.journal.mark != mark else { return }
        let (records, next) = simulated.world.journal.records(after: mark)
        let now = simulated.world.clock.now()
        let jobs = simulated.executor.ran
        state.withLock { state in
            state.mark = next
            for record in records {
                state.add("\(now.milliseconds) #\(jobs) \(record.json.text)")
            }
        }
    }

    /// Adds a line of the history's own.
    package func note(_ text: String, at time: Timestamp) {
        state.withLock { $0.add("\(time.milliseconds) \(text)") }
    }
}

extension Trace.State {
    fileprivate mutating func add(_ line: String) {
        if keepsLines { lines.append(line) }
        count += 1
        for byte in line.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        hash = (hash ^ 0x0A) &* 0x0000_0100_0000_01B3
    }
}
