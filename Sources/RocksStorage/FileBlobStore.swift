// SPDX-License-Identifier: Apache-2.0
// Blobs as files of one folder, named by content. Which blobs are still named is their owners'
// business; they say so to `collect`.

import Basics
import Crypto
package import Storage
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Immutable files under `directory`, safe against the end of the process and of power.
///
/// A blob is written under another name, synced, renamed and its folder synced: under its own
/// name a file is always whole. A file whose bytes no longer have their hash is set aside.
package final class FileBlobStore: BlobStore {
    private let directory: String
    private let pool = ReadPool()
    private let reserve: DiskReserve
    private let nextTemporary = Atomic<UInt64>(0)
    /// Blobs put, or begun to be put, since the folder was opened; `collect` leaves them alone.
    private let recent = Mutex<Set<BlobHash>>([])

    /// Makes the folder where it is missing; removes what an unfinished `put` left.
    package init(directory: String, reserveBytes: UInt64 = 64 << 20) throws(StoreError) {
        self.directory = directory
        self.reserve = DiskReserve(path: directory, reserveBytes: reserveBytes)
        try DirectoryLock.makeDirectory(directory)
        for name in FolderList.names(directory) where name.hasPrefix(FileBlobStore.temporary) {
            unlink(directory + "/" + name)
        }
    }

    package func put(_ bytes: [UInt8]) async throws(BlobError) -> BlobHash {
        let hash = try FileBlobStore.hash(bytes)
        _ = recent.withLock { $0.insert(hash) }
        try await pool.run { [self] () throws(BlobError) in try write(bytes, hash) }
        return hash
    }

    package func get(_ hash: BlobHash) async throws(BlobError) -> [UInt8] {
        try await pool.run { [self] () throws(BlobError) in try read(hash) }
    }

    package func contains(_ hash: BlobHash) async throws(BlobError) -> Bool {
        await pool.run { [self] in size(hash) != nil }
    }

    package func localPath(_ hash: BlobHash) async throws(BlobError) -> String {
        guard try await contains(hash) else { throw .missing(hash) }
        return path(hash)
    }

    package func collect(named: Set<BlobHash>) async throws(BlobError) -> Int {
        await pool.run { [self] in remove(except: named) }
    }

    // MARK: On the pool's threads

    private func path(_ hash: BlobHash) -> String { directory + "/" + hash.hex }

    private func size(_ hash: BlobHash) -> Int? {
        var information = stat()
        guard stat(path(hash), &information) == 0 else { return nil }
        return Int(information.st_size)
    }

    private func write(_ bytes: [UInt8], _ hash: BlobHash) throws(BlobError) {
        // A file of that name is whole, but the folder may not have been synced since.
        if size(hash) == bytes.count { return try syncFolder() }
        guard reserve.permits(bytes.count) else { throw .full }
        let number = nextTemporary.wrappingAdd(1, ordering: .relaxed).newValue
        let name = directory + "/\(FileBlobStore.temporary)\(getpid())-\(number)"
        let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileBlobStore.lastError }
        do throws(BlobError) {
            defer { close(descriptor) }
            try FileBlobStore.writeAll(bytes, to: descriptor)
            // Readers run under other users in their sandboxes: the file is theirs to read.
            guard fchmod(descriptor, 0o444) == 0, fsync(descriptor) == 0 else {
                throw FileBlobStore.lastError
            }
        } catch {
            unlink(name)
            throw error
        }
        guard rename(name, path(hash)) == 0 else {
            let error = FileBlobStore.lastError
            unlink(name)
            throw error
        }
        try syncFolder()
    }

    private func read(_ hash: BlobHash) throws(BlobError) -> [UInt8] {
        let descriptor = open(path(hash), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .missing(hash) : FileBlobStore.lastError
        }
        defer { close(descriptor) }
        guard let count = size(hash) else { throw .missing(hash) }
        var failure: BlobError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let read = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled,
                    off_t(filled))
                if read < 0, errno == EINTR { continue }
                if read < 0 { failure = FileBlobStore.lastError }
                if read <= 0 { break }
                filled += read
            }
        }
        if let failure { throw failure }
        guard try FileBlobStore.hash(bytes) == hash else {
            let quarantine = directory + "/quarantine"
            mkdir(quarantine, 0o700)
            rename(path(hash), quarantine + "/" + hash.hex)
            throw .damaged(hash)
        }
        return bytes
    }

    private func remove(except named: Set<BlobHash>) -> Int {
        var removed = 0
        for name in FolderList.names(directory) {
            guard let bytes = Hex.decode(name), let hash = BlobHash(bytes: bytes),
                !named.contains(hash)
            else { continue }
            // Under the lock, so that a put of the same bytes either is seen or comes after.
            removed += recent.withLock { recent in
                !recent.contains(hash) && unlink(path(hash)) == 0 ? 1 : 0
            }
        }
        return removed
    }

    private func syncFolder() throws(BlobError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileBlobStore.lastError }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileBlobStore.lastError }
    }

    // MARK: Details

    private static let temporary = "new-"

    private static func hash(_ bytes: [UInt8]) throws(BlobError) -> BlobHash {
        guard let hash = BlobHash(bytes: Array(SHA256.hash(data: bytes))) else {
            throw .failed(reason: "a hash of another length")
        }
        return hash
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(BlobError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                pwrite(
                    descriptor, raw.baseAddress.map { $0 + written }, bytes.count - written,
                    off_t(written))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw lastError }
            written += count
        }
    }

    private static var lastError: BlobError {
        errno == ENOSPC || errno == EDQUOT ? .full : .failed(reason: SystemError.last)
    }
}
