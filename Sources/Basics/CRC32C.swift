// SPDX-License-Identifier: Apache-2.0
// The Castagnoli checksum that guards every stored record.

import CChecksum

/// CRC-32C (RFC 3720, appendix B.4), by the processor where it can, else by table.
package enum CRC32C {
    private static let isInHardware = cchecksum_has_crc32c() != 0
    /// Eight tables of 256 words, one after the other.
    private static let tables: [UInt32] = makeTables()

    /// The checksum of `bytes`, continued from the checksum of what came before them.
    package static func checksum(_ bytes: UnsafeRawBufferPointer, continuing seed: UInt32 = 0)
        -> UInt32
    {
        guard isInHardware else { return tabled(bytes, continuing: seed) }
        return ~cchecksum_crc32c(~seed, bytes.baseAddress, bytes.count)
    }

    /// The same, eight bytes a step by table.
    static func tabled(_ bytes: UnsafeRawBufferPointer, continuing seed: UInt32) -> UInt32 {
        tables.withUnsafeBufferPointer { checksum(bytes, seed, $0) }
    }

    private static func checksum(
        _ bytes: UnsafeRawBufferPointer, _ seed: UInt32, _ tables: UnsafeBufferPointer<UInt32>
    ) -> UInt32 {
        var crc = ~seed
        var position = 0
        while position + 8 <= bytes.count {
            let low = bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self).littleEndian
            let high = bytes.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self)
                .littleEndian
            let mixed = crc ^ low
            crc =
                tables[0x700 | Int(mixed & 0xFF)] ^ tables[0x600 | Int(mixed >> 8 & 0xFF)]
                ^ tables[0x500 | Int(mixed >> 16 & 0xFF)] ^ tables[0x400 | Int(mixed >> 24)]
                ^ tables[0x300 | Int(high & 0xFF)] ^ tables[0x200 | Int(high >> 8 & 0xFF)]
                ^ tables[0x100 | Int(high >> 16 & 0xFF)] ^ tables[Int(high >> 24)]
            position += 8
        }
        while position < bytes.count {
            crc = crc >> 8 ^ tables[Int((crc ^ UInt32(bytes[position])) & 0xFF)]
            position += 1
        }
        return ~crc
    }

    /// The checksum of an array.
    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { checksum($0) }
    }

    private static func makeTables() -> [UInt32] {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            tables[byte] = crc
        }
        for byte in 0..<256 {
            for step in 1..<8 {
                let previous = tables[(step - 1) * 256 + byte]
                tables[step * 256 + byte] = previous >> 8 ^ tables[Int(previous & 0xFF)]
            }
        }
        return tables
    }
}
