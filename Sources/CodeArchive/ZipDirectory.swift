// SPDX-License-Identifier: Apache-2.0
// What a zip's central directory announces: names, byte for byte, and sizes. libarchive hands
// names out as C strings, which end at a zero byte, and lets sizes pass that are not true.

/// Reads the central directory of a zip.
enum ZipDirectory {
    /// What is announced.
    struct Content {
        var names: [[UInt8]] = []
        /// Of all entries together, unpacked.
        var bytes: UInt64 = 0
    }

    /// The names and sizes of all entries.
    ///
    /// Throws when there is no directory to be read, and when it announces more than is allowed:
    /// what it does not announce is met when it is unpacked.
    static func content(of archive: [UInt8], _ limits: ArchiveLimits) throws(ArchiveRefusal)
        -> Content
    {
        func refuse(_ reason: String) -> ArchiveRefusal { .notReadable(reason: reason) }
        guard let end = endRecord(in: archive) else { throw refuse("it is no zip") }
        var count = UInt64(archive.little16(end + 10))
        var size = UInt64(archive.little32(end + 12))
        var close = end
        if let large = largeEndRecord(in: archive, before: end) {
            count = archive.little64(large + 32)
            size = archive.little64(large + 40)
            close = large
        }
        guard count > 0 else { throw ArchiveRefusal.empty }
        guard count <= UInt64(limits.entriesMax) else { throw refuse("too many entries") }
        // The directory ends where its end record begins, whatever was put before the zip.
        guard size <= UInt64(close) else { throw refuse("its directory lies outside") }
        var position = close - Int(size)
        var content = Content()
        for _ in 0..<count {
            guard position + 46 <= close, archive.little32(position) == 0x0201_4B50 else {
                throw refuse("its directory is damaged")
            }
            let length = Int(archive.little16(position + 28))
            let rest = Int(archive.little16(position + 30)) + Int(archive.little16(position + 32))
            guard position + 46 + length + rest <= close else {
                throw refuse("its directory is damaged")
            }
            content.names.append(Array(archive[position + 46..<position + 46 + length]))
            content.bytes += UInt64(archive.little32(position + 24))
            position += 46 + length + rest
        }
        guard content.bytes < UInt64(limits.unpackedBytesMax) else {
            throw ArchiveRefusal.tooLarge
        }
        return content
    }

    /// The end record: it is last, but for a comment of up to 64 KiB.
    private static func endRecord(in archive: [UInt8]) -> Int? {
        guard archive.count >= 22 else { return nil }
        var position = archive.count - 22
        let lowest = max(0, position - 0xFFFF)
        while position >= lowest {
            if archive.little32(position) == 0x0605_4B50,
                position + 22 + Int(archive.little16(position + 20)) == archive.count
            {
                return position
            }
            position -= 1
        }
        return nil
    }

    /// The zip64 end record, if the archive has one.
    private static func largeEndRecord(in archive: [UInt8], before end: Int) -> Int? {
        guard end >= 20 + 56, archive.little32(end - 20) == 0x0706_4B50 else { return nil }
        let position = archive.little64(end - 20 + 8)
        guard position <= UInt64(end - 20 - 56), archive.little32(Int(position)) == 0x0606_4B50
        else { return nil }
        return Int(position)
    }
}

extension [UInt8] {
    /// Little-endian numbers; the caller has checked that they lie inside.
    fileprivate func little(_ position: Int, _ bytes: Int) -> UInt64 {
        var value: UInt64 = 0
        for offset in 0..<bytes where indices.contains(position + offset) {
            value |= UInt64(self[position + offset]) << UInt64(8 * offset)
        }
        return value
    }

    fileprivate func little16(_ position: Int) -> UInt16 { UInt16(little(position, 2)) }
    fileprivate func little32(_ position: Int) -> UInt32 { UInt32(little(position, 4)) }
    fileprivate func little64(_ position: Int) -> UInt64 { little(position, 8) }
}
