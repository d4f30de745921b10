// SPDX-License-Identifier: Apache-2.0
// A point in time as a plain number. Calendars and formatting live in `Timestamp+Format`;
// where "now" comes from is Chronology's business.

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored.
///
/// Arithmetic saturates instead of trapping, so a hostile number cannot stop the process.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since the epoch; negative before it.
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// A timestamp a whole number of seconds after the epoch, saturating.
    package init(seconds: Int64) {
        self.milliseconds = seconds.multipliedSaturating(by: 1000)
    }

    /// Whole seconds since the epoch, rounded towards negative infinity.
    package var seconds: Int64 {
        let quotient = milliseconds / 1000
        return milliseconds % 1000 < 0 ? quotient - 1 : quotient
    }

    package static let distantPast = Timestamp(milliseconds: .min)
    package static let distantFuture = Timestamp(milliseconds: .max)

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// This time moved by `milliseconds`, saturating.
    package func adding(milliseconds delta: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds.addingSaturating(delta))
    }

    /// This time moved by `seconds`, saturating.
    package func adding(seconds delta: Int64) -> Timestamp {
        adding(milliseconds: delta.multipliedSaturating(by: 1000))
    }

    /// Milliseconds from `earlier` to this time, saturating.
    package func milliseconds(since earlier: Timestamp) -> Int64 {
        let (value, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return overflow ? (milliseconds < 0 ? .min : .max) : value
    }
}

extension Int64 {
    /// Sum that stops at the type's bounds.
    package func addingSaturating(_ other: Int64) -> Int64 {
        let (value, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : value
    }

    /// Product that stops at the type's bounds.
    package func multipliedSaturating(by other: Int64) -> Int64 {
        let (value, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) != (other < 0) ? .min : .max) : value
    }
}
