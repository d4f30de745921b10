// SPDX-License-Identifier: Apache-2.0
// How pauses grow.

import Testing

@testable import Delivery

@Suite struct BackoffTests {
    private let backoff = Backoff(firstMilliseconds: 1000, ceilingMilliseconds: 300_000)

    @Test(arguments: [
        (1, 1000 as Int64), (2, 2000), (5, 16_000), (9, 256_000), (10, 300_000), (1000, 300_000),
        (.max, 300_000), (0, 1000),
    ])
    func growsToItsCeiling(_ failures: Int, _ whole: Int64) {
        #expect(backoff.milliseconds(afterFailures: failures, jitter: .max) == whole)
        #expect(backoff.milliseconds(afterFailures: failures, jitter: 0) == whole - whole / 2)
    }
}
