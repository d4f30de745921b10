// SPDX-License-Identifier: Apache-2.0
// What is remembered of the virtual clock: enough to go on from after a crash.

package import Basics

/// How virtual time runs.
package enum ClockMode: Hashable, Sendable {
    /// One virtual second a real second.
    case real
    /// `rate` virtual milliseconds a real second; 1000 is real time.
    case scaled(ratePerThousand: Int64)
    /// Virtual time stands still until advanced.
    case frozen

    /// Virtual time that passes in `nanoseconds` of real time, saturating.
    package func virtualMilliseconds(realNanoseconds nanoseconds: UInt64) -> Int64 {
        let milliseconds = Int64(clamping: nanoseconds / 1_000_000)
        switch self {
        case .real: return milliseconds
        case .scaled(let rate):
            let whole = (milliseconds / 1000).multipliedSaturating(by: rate)
            return whole.addingSaturating(
                (milliseconds % 1000).multipliedSaturating(by: rate) / 1000)
        case .frozen: return 0
        }
    }

    /// Real time until `milliseconds` of virtual time have passed; `nil` when they never will.
    package func realNanoseconds(virtualMilliseconds milliseconds: Int64) -> UInt64? {
        let wanted = max(0, milliseconds)
        switch self {
        case .real: return UInt64(wanted).multipliedClamped(by: 1_000_000)
        case .scaled(let rate):
            guard rate > 0 else { return nil }
            let real = Double(wanted) * 1000 / Double(rate)
            return real > 1e12 ? .max : UInt64(real.rounded(.up)).multipliedClamped(by: 1_000_000)
        case .frozen: return nil
        }
    }
}

/// A virtual clock's mode and where it stands.
///
/// Durable before a clock call answers. In real mode `offset` carries virtual time ahead of the
/// wall clock; in the others `now` is the moment to go on from.
package struct ClockSetting: Hashable, Sendable {
    package var mode: ClockMode
    /// Virtual time when the setting was made; time never resumes before it.
    package var now: Timestamp
    /// Virtual minus wall time when the setting was made.
    package var offsetMilliseconds: Int64

    package init(mode: ClockMode, now: Timestamp, offsetMilliseconds: Int64) {
        self.mode = mode
        self.now = now
        self.offsetMilliseconds = offsetMilliseconds
    }

    /// Real time with nothing moved.
    package static func untouched(at wall: Timestamp) -> ClockSetting {
        ClockSetting(mode: .real, now: wall, offsetMilliseconds: 0)
    }

    /// Where virtual time stands when a process starts at `wall`.
    ///
    /// In real mode the time the process was away counts; a wall clock that was set back does
    /// not take virtual time back with it.
    package func resumed(at wall: Timestamp) -> Timestamp {
        guard mode == .real else { return now }
        return max(now, wall.adding(milliseconds: offsetMilliseconds))
    }
}

extension UInt64 {
    fileprivate func multipliedClamped(by other: UInt64) -> UInt64 {
        let (value, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : value
    }
}
