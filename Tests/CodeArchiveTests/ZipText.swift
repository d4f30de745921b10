// SPDX-License-Identifier: Apache-2.0
// Zips made byte by byte, so that tests can make the ones no tool makes.

/// One stored entry.
struct ZipEntry {
    var name: [UInt8]
    var data: [UInt8] = []
    /// Type and permissions as Unix has them.
    var mode: UInt32 = 0o100644
    /// What the entry claims as its check sum; `nil` tells the truth.
    var claimedCRC: UInt32?
    /// The size the directory announces for it; `nil` tells the truth.
    var claimedSize: UInt32?

    init(_ name: String, _ text: String = "", mode: UInt32 = 0o100644) {
        self.name = Array(name.utf8)
        data = Array(text.utf8)
        self.mode = mode
    }
}

/// Writes zips without compression.
enum ZipText {
    static func zip(_ entries: [ZipEntry]) -> [UInt8] {
        var output: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = output.count
            let crc = entry.claimedCRC ?? checksum(entry.data)
            let size = UInt32(entry.data.count)
            let common =
                little(20, 2) + little(0x0800, 2) + little(0, 2) + little(0, 4) + little(crc, 4)
                + little(size, 4)
            let names = little(UInt32(entry.name.count), 2) + little(0, 2)
            output += little(0x0403_4B50, 4) + common + little(size, 4) + names
            output += entry.name + entry.data
            directory += little(0x0201_4B50, 4) + little(0x031E, 2) + common
            directory += little(entry.claimedSize ?? size, 4) + names + little(0, 2)
            directory += little(0, 2) + little(0, 2) + little(entry.mode << 16, 4)
            directory += little(UInt32(offset), 4) + entry.name
        }
        let start = output.count
        output += directory
        output += little(0x0605_4B50, 4) + little(0, 4) + little(UInt32(entries.count), 2)
        output += little(UInt32(entries.count), 2) + little(UInt32(directory.count), 4)
        return output + little(UInt32(start), 4) + little(0, 2)
    }

    private static func little(_ value: UInt32, _ bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }

    /// CRC-32 as zips use it.
    private static func checksum(_ data: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in data {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
