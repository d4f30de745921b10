// SPDX-License-Identifier: Apache-2.0
// Model time: what every service means by "now", and the timers that hang on it. Storing the
// setting and waiting for work to settle while advancing are `ClockControl`'s business.

package import Basics
import Synchronization

/// The one clock of a world.
///
/// Virtual now = anchor + elapsed real time × rate, never going back. Timers fire in time order
/// when virtual time reaches them, by itself in real and scaled mode, by `jump` in any.
package final class VirtualClock: Sendable {
    private struct State {
        var mode: ClockMode
        var anchor: Timestamp
        var anchorNanoseconds: UInt64
        var timers = TimerHeap()
        var armed: PhysicalTimer?
        var armedFor: Timestamp?
    }

    /// A pending timer.
    package struct Timer: Sendable {
        fileprivate let identifier: UInt64
    }

    package let physical: any PhysicalTime
    private let state: Mutex<State>

    /// A clock that goes on from `setting`.
    package init(physical: any PhysicalTime, setting: ClockSetting) {
        self.physical = physical
        state = Mutex(
            State(
                mode: setting.mode, anchor: setting.resumed(at: physical.wall()),
                anchorNanoseconds: physical.monotonicNanoseconds()))
    }

    /// Virtual now.
    package func now() -> Timestamp {
        let nanoseconds = physical.monotonicNanoseconds()
        return state.withLock { Self.now($0, nanoseconds) }
    }

    /// Mode and position, as they are to be stored.
    package func setting() -> ClockSetting {
        let nanoseconds = physical.monotonicNanoseconds()
        let wall = physical.wall()
        return state.withLock { state in
            let now = Self.now(state, nanoseconds)
            return ClockSetting(
                mode: state.mode, now: now, offsetMilliseconds: now.milliseconds(since: wall))
        }
    }

    /// Runs `action` once virtual time reaches `due`, at once if it has.
    ///
    /// The action runs without locks on a thread of the shell's; it must not block.
    @discardableResult
    package func schedule(at due: Timestamp, _ action: @escaping @Sendable () -> Void) -> Timer {
        let identifier = state.withLock { $0.timers.add(due: due, action: action) }
        arm()
        return Timer(identifier: identifier)
    }

    /// Prevents a timer from firing; harmless once it has.
    package func cancel(_ timer: Timer) {
        state.withLock { _ = $0.timers.cancel(timer.identifier) }
    }

    /// When the earliest timer is due.
    package func nextDue() -> Timestamp? { state.withLock { $0.timers.nextDue() } }

    /// Changes the mode from now on.
    package func set(mode: ClockMode) {
        let nanoseconds = physical.monotonicNanoseconds()
        state.withLock { state in
            state.anchor = Self.now(state, nanoseconds)
            state.anchorNanoseconds = nanoseconds
            state.mode = mode
        }
        arm()
    }

    /// Moves virtual time forward to `time`; a time that has passed changes nothing.
    ///
    /// Returns how many timers that made due and ran.
    @discardableResult
    package func jump(to time: Timestamp) -> Int {
        let nanoseconds = physical.monotonicNanoseconds()
        state.withLock { state in
            guard time > Self.now(state, nanoseconds) else { return }
            state.anchor = time
            state.anchorNanoseconds = nanoseconds
        }
        return fireDue()
    }

    /// Runs every timer that is due; returns how many.
    @discardableResult
    package func fireDue() -> Int {
        var fired = 0
        while true {
            let nanoseconds = physical.monotonicNanoseconds()
            let action = state.withLock { $0.timers.popDue(at: Self.now($0, nanoseconds)) }
            guard let action else { break }
            fired += 1
            action()
        }
        arm()
        return fired
    }

    private static func now(_ state: State, _ nanoseconds: UInt64) -> Timestamp {
        let elapsed =
            nanoseconds >= state.anchorNanoseconds ? nanoseconds - state.anchorNanoseconds : 0
        return state.anchor.adding(
            milliseconds: state.mode.virtualMilliseconds(realNanoseconds: elapsed))
    }

    /// Keeps one physical timer for the earliest virtual one.
    private func arm() {
        let nanoseconds = physical.monotonicNanoseconds()
        let wait: UInt64? = state.withLock { state in
            let due = state.timers.nextDue()
            // An earlier alarm than needed is left alone: it finds nothing due and re-arms.
            if let armedFor = state.armedFor, let due, armedFor <= due { return nil }
            guard
                let due,
                let wait = state.mode.realNanoseconds(
                    virtualMilliseconds: due.milliseconds(since: Self.now(state, nanoseconds)))
            else {
                state.armed?.cancel()
                state.armed = nil
                state.armedFor = nil
                return nil
            }
            state.armed?.cancel()
            state.armedFor = due
            return wait
        }
        guard let wait else { return }
        let timer = physical.after(nanoseconds: wait) { [weak self] in self?.alarm() }
        state.withLock { $0.armed = timer }
    }

    private func alarm() {
        state.withLock { state in
            state.armed = nil
            state.armedFor = nil
        }
        fireDue()
    }
}
