// SPDX-License-Identifier: Apache-2.0
// Where identifiers, jitter and keys take their randomness from. A simulation injects a seed.

import Synchronization

/// A source of random numbers that a world owns.
///
/// The only lawful source outside tests: the global generator would break replay.
package protocol Entropy: Sendable {
    /// Sixty-four fresh bits. May be called from any thread.
    func next() -> UInt64
}

extension Entropy {
    /// `count` fresh bytes.
    package func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            var word = next()
            for _ in 0..<min(8, count - bytes.count) {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        return bytes
    }

    /// A number below `bound`; 0 when `bound` is 0.
    ///
    /// Bias is below one in 2^32 for small bounds.
    package func below(_ bound: UInt64) -> UInt64 {
        bound == 0 ? 0 : next().multipliedFullWidth(by: bound).high
    }

    /// A random UUID (version 4, RFC 9562) in lower-case text.
    package func uuid() -> String {
        let high = next() & ~0xF000 | 0x4000
        let low = next() & ~(0xC << 60) | 0x8 << 60
        return String(unsafeUninitializedCapacity: 36) { text in
            var count = 0
            for position in 0..<32 {
                if position == 8 || position == 12 || position == 16 || position == 20 {
                    text[count] = UInt8(ascii: "-")
                    count += 1
                }
                let word = position < 16 ? high : low
                text[count] = Hex.lowercase(
                    UInt8(truncatingIfNeeded: word >> (60 - position % 16 * 4)))
                count += 1
            }
            return count
        }
    }
}

/// A repeatable generator (SplitMix64) for tests and simulations; never for secrets.
package final class SeededEntropy: Entropy {
    private let state: Mutex<UInt64>

    package init(seed: UInt64) { state = Mutex(seed) }

    package func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
    }
}
