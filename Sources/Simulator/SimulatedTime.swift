// SPDX-License-Identifier: Apache-2.0
// Real time as a simulated world sees it: it stands still while anything can run, and then
// jumps to whatever is due next.

package import Basics
package import Chronology
import Synchronization

/// The machine's clocks of one world, moved by its driver alone.
package final class SimulatedTime: PhysicalTime {
    private struct Alarm {
        let due: UInt64
        let number: UInt64
        let action: @Sendable () -> Void
    }

    private struct State {
        var nanoseconds: UInt64 = 0
        var lastNumber: UInt64 = 0
        /// By due time, then by when they were asked for.
        var alarms: [Alarm] = []
    }

    private let start: Timestamp
    private let state = Mutex(State())

    package init(start: Timestamp) { self.start = start }

    package func monotonicNanoseconds() -> UInt64 { state.withLock { $0.nanoseconds } }

    package func wall() -> Timestamp {
        start.adding(milliseconds: Int64(clamping: monotonicNanoseconds() / 1_000_000))
    }

    package func after(nanoseconds: UInt64, _ action: @escaping @Sendable () -> Void)
        -> PhysicalTimer
    {
        let number = state.withLock { state in
            state.lastNumber += 1
            let (due, overflow) = state.nanoseconds.addingReportingOverflow(nanoseconds)
            let alarm = Alarm(
                due: overflow ? .max : due, number: state.lastNumber, action: action)
            let place = state.alarms.firstIndex { $0.due > alarm.due } ?? state.alarms.count
            state.alarms.insert(alarm, at: place)
            return alarm.number
        }
        return PhysicalTimer { [weak self] in
            self?.state.withLock { $0.alarms.removeAll { $0.number == number } }
        }
    }

    /// Jumps to the next alarm and runs it; `false` when there is none.
    package func advance() -> Bool {
        let alarm: Alarm? = state.withLock { state in
            guard !state.alarms.isEmpty else { return nil }
            let alarm = state.alarms.removeFirst()
            state.nanoseconds = max(state.nanoseconds, alarm.due)
            return alarm
        }
        alarm?.action()
        return alarm != nil
    }

    /// When the next alarm is due.
    package var nextDue: UInt64? { state.withLock { $0.alarms.first?.due } }

    /// Moves to `nanoseconds`, which no alarm may lie before.
    package func move(to nanoseconds: UInt64) {
        state.withLock { $0.nanoseconds = max($0.nanoseconds, nanoseconds) }
    }

    /// Forgets every alarm: whoever asked for them is no more.
    package func forgetAlarms() { state.withLock { $0.alarms = [] } }

    /// Suspends the caller for so long.
    nonisolated(nonsending)
        package func pause(milliseconds: UInt64) async
    {
        let ticket = WakeTicket()
        _ = after(nanoseconds: milliseconds * 1_000_000) { ticket.wake() }
        await ticket.wait()
    }
}
