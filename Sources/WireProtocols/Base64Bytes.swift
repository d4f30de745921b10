// SPDX-License-Identifier: Apache-2.0
// Base64 over concrete buffers: zip files of many megabytes come this way, and generics that
// cross a module border are not specialised.

import Basics

/// Base64 (RFC 4648, section 4) of buffers.
enum Base64Bytes {
    /// Value of each character; 255 is outside the alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, byte) in alphabet.utf8.enumerated() { values[Int(byte)] = UInt8(value) }
        return values
    }()

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Bytes of a padded text; `nil` for other alphabets or wrong padding.
    static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        guard !text.isEmpty else { return [] }
        var padding = 0
        while padding < 2, text[text.count - 1 - padding] == UInt8(ascii: "=") { padding += 1 }
        let groups = text.count / 4
        let whole = padding == 0 ? groups : groups - 1
        var bad: UInt8 = 0
        var decoded: [UInt8] = []
        decoded.reserveCapacity(groups * 3)
        values.withUnsafeBufferPointer { table in
            for group in 0..<whole {
                let a = table[Int(text[group * 4])]
                let b = table[Int(text[group * 4 + 1])]
                let c = table[Int(text[group * 4 + 2])]
                let d = table[Int(text[group * 4 + 3])]
                bad |= a | b | c | d
                decoded.append(a << 2 | b >> 4)
                decoded.append(b << 4 | c >> 2)
                decoded.append(c << 6 | d)
            }
            guard padding > 0 else { return }
            let a = table[Int(text[whole * 4])]
            let b = table[Int(text[whole * 4 + 1])]
            bad |= a | b
            decoded.append(a << 2 | b >> 4)
            guard padding == 1 else { return }
            let c = table[Int(text[whole * 4 + 2])]
            bad |= c
            decoded.append(b << 4 | c >> 2)
        }
        return bad & 0xC0 == 0 ? decoded : nil
    }

    /// Appends the padded text of `bytes`.
    static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        output.reserveCapacity(output.count + (bytes.count + 2) / 3 * 4)
        var index = 0
        while index + 3 <= bytes.count {
            let word =
                UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8
                | UInt32(bytes[index + 2])
            output.append(alphabet[Int(word >> 18)])
            output.append(alphabet[Int(word >> 12 & 63)])
            output.append(alphabet[Int(word >> 6 & 63)])
            output.append(alphabet[Int(word & 63)])
            index += 3
        }
        let rest = bytes.count - index
        guard rest > 0 else { return }
        let word = UInt32(bytes[index]) << 16 | (rest > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
        output.append(alphabet[Int(word >> 18)])
        output.append(alphabet[Int(word >> 12 & 63)])
        output.append(rest > 1 ? alphabet[Int(word >> 6 & 63)] : UInt8(ascii: "="))
        output.append(UInt8(ascii: "="))
    }

    static func text(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        append(bytes, to: &output)
        return String(decoding: output, as: UTF8.self)
    }
}
