// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648, section 4), without Foundation.

/// The standard alphabet with padding.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Padded text of `bytes`.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: encodeBytes(bytes), as: UTF8.self)
    }

    /// Padded text of `bytes`, as ASCII.
    package static func encodeBytes(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var pending: UInt32 = 0
        var count = 0
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            count += 1
            guard count == 3 else { continue }
            for shift in [18, 12, 6, 0] as [UInt32] {
                text.append(alphabet[Int(pending >> shift & 63)])
            }
            pending = 0
            count = 0
        }
        if count == 1 {
            text.append(alphabet[Int(pending >> 2 & 63)])
            text.append(alphabet[Int(pending << 4 & 63)])
            text.append(contentsOf: "==".utf8)
        } else if count == 2 {
            text.append(alphabet[Int(pending >> 10 & 63)])
            text.append(alphabet[Int(pending >> 4 & 63)])
            text.append(alphabet[Int(pending << 2 & 63)])
            text.append(UInt8(ascii: "="))
        }
        return text
    }

    /// Bytes of a padded text; `nil` for other alphabets, wrong padding or stray bits.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var pending: UInt32 = 0
        var digits = 0
        var padding = 0
        for character in text {
            if character == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = digit(character) else { return nil }
            pending = pending << 6 | UInt32(value)
            digits += 1
            guard digits == 4 else { continue }
            bytes.append(UInt8(truncatingIfNeeded: pending >> 16))
            bytes.append(UInt8(truncatingIfNeeded: pending >> 8))
            bytes.append(UInt8(truncatingIfNeeded: pending))
            pending = 0
            digits = 0
        }
        switch (digits, padding) {
        case (0, 0): return bytes
        case (2, 2) where pending & 0xF == 0:
            bytes.append(UInt8(truncatingIfNeeded: pending >> 4))
            return bytes
        case (3, 1) where pending & 0x3 == 0:
            bytes.append(UInt8(truncatingIfNeeded: pending >> 10))
            bytes.append(UInt8(truncatingIfNeeded: pending >> 2))
            return bytes
        default: return nil
        }
    }

    /// Bytes of a padded text.
    package static func decode(_ text: String) -> [UInt8]? { decode(Array(text.utf8)) }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
