// SPDX-License-Identifier: Apache-2.0
// Randomness of the operating system, fit for keys and tokens.

import Basics

/// The system's generator, taken in blocks so that an identifier costs no system call.
final class SystemEntropy: Entropy {
    func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
