// SPDX-License-Identifier: Apache-2.0
// What is done to a database's log files before it is opened.

import Storage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The write-ahead log files of a database that is not open.
struct LogFiles {
    let directory: String
    private let names: [String]

    /// Lists the files and removes empty ones: each opening leaves one behind.
    init(directory: String) {
        self.directory = directory
        self.names = FolderList.names(directory).filter { $0.hasSuffix(".log") }.filter {
            var information = stat()
            let path = directory + "/" + $0
            guard stat(path, &information) == 0, information.st_size == 0 else { return true }
            return Self.unlink(path) != 0
        }
    }

    /// Puts every file on the disk, as it is now.
    func sync() throws(StoreError) {
        for name in names {
            let path = directory + "/" + name
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw .unreadable(reason: "\(path): \(SystemError.last)") }
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else {
                throw .unreadable(reason: "\(path): \(SystemError.last)")
            }
        }
    }

    /// Keeps a second name for every file, so that opening cannot make one disappear.
    func link(into quarantine: String) throws(StoreError) {
        if names.isEmpty { return }
        try DirectoryLock.makeDirectory(quarantine)
        for name in names {
            // A name that is there already is an earlier find, which is the one to keep.
            _ = Self.link(directory + "/" + name, quarantine + "/" + name)
        }
    }

    /// Gives the second names up.
    func unlink(from quarantine: String) {
        for name in names { _ = Self.unlink(quarantine + "/" + name) }
        rmdir(quarantine)
    }

    private static func link(_ from: String, _ to: String) -> Int32 {
        linkat(AT_FDCWD, from, AT_FDCWD, to, 0)
    }

    private static func unlink(_ path: String) -> Int32 { unlinkat(AT_FDCWD, path, 0) }
}
