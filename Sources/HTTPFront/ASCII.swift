// SPDX-License-Identifier: Apache-2.0
// Character classes of the HTTP grammar (RFC 9110, 5.6), over bytes.

enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20

    /// The byte with A–Z turned into a–z; all other bytes as they are.
    @inline(__always)
    static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// Whether a byte may stand in a token: a field name or a method.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        byte < 0x40
            ? tokenLow & (1 &<< UInt64(byte)) != 0
            : byte < 0x80 && tokenHigh & (1 &<< UInt64(byte & 0x3F)) != 0
    }

    /// The value of a hexadecimal digit.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    /// Whether two texts of one length are the same but for the case of ASCII letters.
    static func equalsIgnoringCase(
        _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
    ) -> Bool {
        guard left.count == right.count else { return false }
        var position = 0
        // Names differ early: most end at their first byte.
        while position < left.count {
            guard lowercase(left[position]) == lowercase(right[position]) else { return false }
            position += 1
        }
        return true
    }

    /// Whether any byte is a control character other than tab: what no field value may hold.
    static func hasControl(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        while position + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            if mayHoldControl(word), hasControl(bytes, position..<position + 8) { return true }
            position += 8
        }
        return hasControl(bytes, position..<bytes.count)
    }

    private static func hasControl(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        for position in range {
            let byte = bytes[position]
            if byte < 0x20 && byte != tab || byte == 0x7F { return true }
        }
        return false
    }

    /// Whether one of eight bytes is below 0x20 or 0x7F; a byte beside such a one counts too.
    private static func mayHoldControl(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let deletes = word ^ (ones &* 0x7F)
        let flags = ((word &- (ones &* 0x20)) & ~word) | ((deletes &- ones) & ~deletes)
        return flags & (ones &* 0x80) != 0
    }

    /// Whether every byte is a visible ASCII character other than `#`: what a target may hold.
    static func isTarget(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var bad: UInt8 = 0
        for byte in bytes {
            bad |= (byte &- 0x21 > 0x7E - 0x21 ? 1 : 0) | (byte == 0x23 ? 1 : 0)
        }
        return bad == 0
    }

    /// Bit n is set when byte n is a token character; the second word is for 64 and up.
    ///
    /// Literals, so that no reader pays for lazy set-up; a test checks them against the grammar.
    private static let tokenLow: UInt64 = 0x03FF_6CFA_0000_0000
    private static let tokenHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE
}
