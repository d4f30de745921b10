// SPDX-License-Identifier: Apache-2.0
// Finds out whether a disk takes writes again.

import Storage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that is written, synced and removed.
enum DiskProbe {
    /// As much as the engine writes while it opens: tables of what it reads from the log, and a
    /// manifest.
    private static let bytes = 24 << 20

    /// Throws unless `directory` has room and takes and syncs a write.
    static func check(_ directory: String) throws(StoreError) {
        let path = directory + "/probe"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unreadable(reason: "\(path): \(SystemError.last)") }
        defer {
            close(descriptor)
            unlink(path)
        }
        let block = [UInt8](repeating: 0, count: 1 << 20)
        for position in 0..<bytes / block.count {
            guard
                pwrite(descriptor, block, block.count, off_t(position * block.count)) == block.count
            else { throw .unreadable(reason: "\(path): \(SystemError.last)") }
        }
        guard fsync(descriptor) == 0 else {
            throw .unreadable(reason: "\(path): \(SystemError.last)")
        }
    }
}
