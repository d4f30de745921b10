// SPDX-License-Identifier: Apache-2.0
// Identifiers and secrets in the forms AWS gives them, from the world's randomness.

import Basics

/// Makes unique ids, access keys and tokens.
enum UniqueID {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// `AROA` and its kin with seventeen more characters.
    static func entity(_ prefix: String, _ entropy: any Entropy) -> String {
        prefix + letters(17, entropy)
    }

    /// `AKIA` or `ASIA` with sixteen more characters.
    static func accessKey(_ prefix: String, _ entropy: any Entropy) -> String {
        prefix + letters(16, entropy)
    }

    /// Forty characters of 240 random bits.
    static func secret(_ entropy: any Entropy) -> String { Base64.encode(entropy.bytes(30)) }

    /// A session token, opaque to its holder.
    static func sessionToken(_ entropy: any Entropy) -> String {
        "IQoJb3JpZ2luX2Vj" + Base64.encode(entropy.bytes(120))
    }

    private static func letters(_ count: Int, _ entropy: any Entropy) -> String {
        String(
            decoding: entropy.bytes(count).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
    }
}
