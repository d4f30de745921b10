// SPDX-License-Identifier: Apache-2.0
// Functions' code, unpacked: a cache of folders made from blobs, emptied whenever a process
// begins. What an archive may hold is decided in ZipReader and EntryPath.

package import Storage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Unpacks archives into folders named by their hash.
///
/// A folder appears whole, by renaming, and never changes. Folders do not outlive the process
/// that made them: a power cut could leave some with files cut short.
package actor CodeArchive {
    private let root: String
    private let blobs: any BlobStore
    private let limits: ArchiveLimits
    private nonisolated let thread = ArchiveThread()
    private var isPrepared = false
    private var unpacked: Set<BlobHash> = []
    private var serial = 0

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    /// Code is unpacked below `root`, which is made, and emptied, when first needed.
    ///
    /// The folders above `root` must exist and let other users pass.
    package init(root: String, blobs: any BlobStore, limits: ArchiveLimits = ArchiveLimits()) {
        self.root = root
        self.blobs = blobs
        self.limits = limits
    }

    /// Reads a whole archive, writing nothing.
    package func validate(_ archive: [UInt8]) throws(ArchiveRefusal) {
        var sink = NoSink()
        try ZipReader.read(archive, limits, into: &sink)
    }

    /// The folder with the unpacked blob, unpacked by this call if need be.
    ///
    /// Throws `ArchiveRefusal` or `BlobError`.
    package func directory(of hash: BlobHash) async throws -> String {
        try prepare()
        let folder = "\(root)/\(hash.hex)"
        if unpacked.contains(hash) { return folder }
        let archive = try await blobs.get(hash)
        // Another caller may have unpacked it meanwhile.
        if unpacked.contains(hash) { return folder }
        try unpack(archive, to: folder)
        unpacked.insert(hash)
        return folder
    }

    /// Removes the folders whose hash is not in `named`.
    package func collect(named: Set<BlobHash>) {
        for hash in unpacked.subtracting(named).sorted() {
            Self.remove("\(root)/\(hash.hex)")
            unpacked.remove(hash)
        }
    }

    private func prepare() throws(ArchiveRefusal) {
        guard !isPrepared else { return }
        Self.remove(root)
        guard mkdir(root, 0o755) == 0, chmod(root, 0o755) == 0 else {
            throw ArchiveRefusal.failed(reason: "\(root): \(String(cString: strerror(errno)))")
        }
        isPrepared = true
    }

    private func unpack(_ archive: [UInt8], to folder: String) throws(ArchiveRefusal) {
        serial += 1
        let draft = "\(root)/.draft-\(serial)"
        guard mkdir(draft, 0o755) == 0, chmod(draft, 0o755) == 0 else {
            throw ArchiveRefusal.failed(reason: String(cString: strerror(errno)))
        }
        var sink = FolderSink(root: draft)
        do throws(ArchiveRefusal) {
            try ZipReader.read(archive, limits, into: &sink)
            try sink.finish()
        } catch {
            sink.abandon()
            Self.remove(draft)
            throw error
        }
        guard rename(draft, folder) == 0 else {
            let reason = String(cString: strerror(errno))
            Self.remove(draft)
            throw ArchiveRefusal.failed(reason: reason)
        }
    }

    /// Removes a tree without following links; what cannot be removed stays.
    private static func remove(_ path: String) {
        guard unlink(path) != 0 else { return }
        // Folders are listed parents first and removed children first.
        var folders = [path]
        var next = 0
        while next < folders.count {
            let folder = folders[next]
            next += 1
            guard let listing = opendir(folder) else { continue }
            defer { closedir(listing) }
            while let item = readdir(listing) {
                let name = withUnsafeBytes(of: item.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                guard name != ".", name != ".." else { continue }
                let full = "\(folder)/\(name)"
                if unlink(full) != 0 { folders.append(full) }
            }
        }
        for folder in folders.reversed() { rmdir(folder) }
    }
}
