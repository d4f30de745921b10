// SPDX-License-Identifier: Apache-2.0
// The ground that time stands on: the machine's own clocks behind a protocol, so that a
// simulation can put its own underneath. Reading the real ones is the shell's business.

package import Basics

/// Real time as the machine measures it, never moved by anybody.
///
/// Used for socket and function timeouts, billed durations and signature skew; everything else
/// reads `VirtualClock`.
package protocol PhysicalTime: Sendable {
    /// Nanoseconds on a clock that never goes back; the zero point means nothing.
    func monotonicNanoseconds() -> UInt64
    /// The wall clock.
    func wall() -> Timestamp
    /// Runs `action` once after at least `nanoseconds`, on a thread of the shell's choosing.
    func after(nanoseconds: UInt64, _ action: @escaping @Sendable () -> Void) -> PhysicalTimer
}

/// A pending `PhysicalTime.after`.
package struct PhysicalTimer: Sendable {
    private let stop: @Sendable () -> Void

    package init(cancel: @escaping @Sendable () -> Void) { stop = cancel }

    /// Prevents the action if it has not begun; harmless later.
    package func cancel() { stop() }
}
