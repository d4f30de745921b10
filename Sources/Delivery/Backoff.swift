// SPDX-License-Identifier: Apache-2.0
// How long to wait between attempts: exponential, bounded, with jitter from the caller's source.

/// A growing pause.
package struct Backoff: Hashable, Sendable {
    package let firstMilliseconds: Int64
    package let ceilingMilliseconds: Int64

    package init(firstMilliseconds: Int64, ceilingMilliseconds: Int64) {
        self.firstMilliseconds = max(1, firstMilliseconds)
        self.ceilingMilliseconds = max(1, ceilingMilliseconds)
    }

    /// The pause after `failures` failures in a row (1 is the first), spread by `jitter`.
    ///
    /// Between half and all of the exponential value, so that it never drops to nothing.
    package func milliseconds(afterFailures failures: Int, jitter: UInt64) -> Int64 {
        let doublings = min(max(0, failures - 1), 40)
        let (grown, overflow) = firstMilliseconds.multipliedReportingOverflow(by: 1 << doublings)
        let whole = overflow ? ceilingMilliseconds : min(grown, ceilingMilliseconds)
        let spread = whole / 2
        let part = jitter.multipliedFullWidth(by: UInt64(spread) + 1).high
        return whole - spread + Int64(part)
    }
}
