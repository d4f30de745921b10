// SPDX-License-Identifier: Apache-2.0
// The opaque token a receive hands out: enough to find the message again after a restart.

import Basics

/// A receipt handle: cell, position and the nonce of one receive, with a checksum.
package struct ReceiptHandle: Hashable, Sendable {
    package let cell: UInt64
    package let position: MessagePosition
    package let nonce: UInt64

    package init(cell: UInt64, position: MessagePosition, nonce: UInt64) {
        self.cell = cell
        self.position = position
        self.nonce = nonce
    }

    /// Two bytes of mark and version, three numbers, four bytes of checksum: 40 characters.
    private static let byteCount = 30

    package var text: String {
        var bytes: [UInt8] = [UInt8(ascii: "M"), 1]
        bytes.reserveCapacity(Self.byteCount)
        for word in [cell, position.rawValue, nonce] {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        let checksum = CRC32C.checksum(bytes)
        for shift in stride(from: UInt32(24), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: checksum >> shift))
        }
        return Base64.encode(bytes)
    }

    /// `nil` for anything that no queue of Martlet ever handed out.
    package init?(parsing text: String) {
        guard text.utf8.count == 40, let bytes = Base64.decode(text), bytes.count == Self.byteCount,
            bytes[0] == UInt8(ascii: "M"), bytes[1] == 1
        else { return nil }
        func word(_ start: Int, _ count: Int) -> UInt64 {
            bytes[start..<start + count].reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard UInt64(CRC32C.checksum(Array(bytes[..<26]))) == word(26, 4) else { return nil }
        self.init(cell: word(2, 8), position: MessagePosition(word(10, 8)), nonce: word(18, 8))
    }
}
