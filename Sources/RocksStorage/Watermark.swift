// SPDX-License-Identifier: Apache-2.0
// Remembers how far the log was synced, so that damage in it can be told from a torn tail.

import Basics
import Storage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file with the engine's last synced sequence number, written after each sync.
///
/// It is written without a sync of its own: what can be read back is always a number that had
/// been synced before it was written, so it is a lower bound that never raises a false alarm.
/// Two slots are written in turn, so that a torn write leaves the other.
final class Watermark: Sendable {
    private static let slotBytes = 512
    private static let magic: UInt64 = 0x4D41_5254_4C45_5431

    private let descriptor: Int32

    init(path: String) throws(StoreError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unreadable(reason: "\(path): \(SystemError.last)") }
    }

    deinit { close(descriptor) }

    /// The highest number of a whole slot, or 0.
    func read() -> UInt64 { max(slot(0), slot(1)) }

    /// Notes that everything up to `sequence` is synced; `turn` alternates.
    func write(_ sequence: UInt64, turn: UInt64) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20)
        withUnsafeBytes(of: Watermark.magic.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: sequence.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: CRC32C.checksum(bytes).littleEndian) { bytes.append(contentsOf: $0) }
        // A failure leaves an older lower bound, which is still true.
        _ = pwrite(descriptor, bytes, bytes.count, off_t(turn % 2) * off_t(Watermark.slotBytes))
    }

    /// Makes the number last; done at opening and closing.
    func sync() { fsync(descriptor) }

    private func slot(_ index: Int) -> UInt64 {
        var bytes = [UInt8](repeating: 0, count: 20)
        guard pread(descriptor, &bytes, 20, off_t(index * Watermark.slotBytes)) == 20 else {
            return 0
        }
        let words = bytes.withUnsafeBytes { raw in
            (
                UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
            )
        }
        guard words.0 == Watermark.magic, CRC32C.checksum(Array(bytes.prefix(16))) == words.2
        else { return 0 }
        return words.1
    }
}
