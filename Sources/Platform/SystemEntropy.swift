// SPDX-License-Identifier: Apache-2.0
// Randomness of the operating system, fit for keys and tokens.

import Basics
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The system's generator, taken in blocks so that an identifier costs no system call.
final class SystemEntropy: Entropy {
    private struct Block {
        var words = [UInt64](repeating: 0, count: 32)
        /// Words not yet given out; each is cleared as it goes.
        var left = 0
    }

    private let block = Mutex(Block())

    func next() -> UInt64 {
        block.withLock { block in
            guard block.left > 0 || Self.fill(&block.words) else {
                var generator = SystemRandomNumberGenerator()
                return generator.next()
            }
            if block.left == 0 { block.left = block.words.count }
            block.left -= 1
            defer { block.words[block.left] = 0 }
            return block.words[block.left]
        }
    }

    /// Up to 256 bytes come whole or not at all.
    private static func fill(_ words: inout [UInt64]) -> Bool {
        words.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) == 0 }
    }
}
