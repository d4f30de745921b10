// SPDX-License-Identifier: Apache-2.0
// Puts the engine's log on the disk with descriptors of our own. That the engine has handed its
// buffer to the operating system before is the caller's business.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Syncs every log file of one open database that may hold something unsynced.
///
/// RocksDB's own sync first writes its buffer, and after a write that failed nothing may touch
/// its log again: Debian's library is built with assertions and ends the process. So the buffer
/// is written under the lock that orders commits, and only the sync happens outside of it, here.
final class LogSync: Sendable {
    private struct File {
        let number: UInt64
        let descriptor: Int32
    }

    private struct State {
        /// Not yet known to be complete and synced, oldest first; the last one is being written.
        var files: [File] = []
        var listedAt = timespec()
        /// A file has appeared whose name may not be on the disk.
        var folderChanged = true
    }

    /// Two changes of a folder within this time may carry the same time stamp.
    private static let stampNanoseconds = 50_000_000

    private let directory: String
    private let folder: Int32
    private let state = Mutex(State())

    init?(directory: String) {
        self.directory = directory
        folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder < 0 { return nil }
    }

    deinit {
        state.withLock { for file in $0.files { close(file.descriptor) } }
        close(folder)
    }

    /// Makes durable what has been handed to the operating system; the error's text when it fails.
    func sync() -> String? {
        state.withLock { state in
            refresh(&state)
            for file in state.files where fdatasync(file.descriptor) != 0 {
                return "syncing \(directory)/\(file.number).log: \(SystemError.last)"
            }
            if state.folderChanged {
                guard fsync(folder) == 0 else {
                    return "syncing \(directory): \(SystemError.last)"
                }
                state.folderChanged = false
            }
            // The engine writes only to its newest log: the others are complete.
            for file in state.files.dropLast() { close(file.descriptor) }
            state.files.removeFirst(max(0, state.files.count - 1))
            return nil
        }
    }

    /// Looks for new files when the folder may have changed since the last look.
    private func refresh(_ state: inout State) {
        var information = stat()
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        if fstat(folder, &information) == 0 {
            #if canImport(Darwin)
                let changed = information.st_mtimespec
            #else
                let changed = information.st_mtim
            #endif
            let age = (now.tv_sec - changed.tv_sec) * 1_000_000_000 + now.tv_nsec - changed.tv_nsec
            let isSettled = age > LogSync.stampNanoseconds
            let isKnown =
                changed.tv_sec == state.listedAt.tv_sec
                && changed.tv_nsec == state.listedAt.tv_nsec
            if isSettled, isKnown { return }
            // Only a listing made after the stamp can no longer repeat is one to rely on.
            state.listedAt = isSettled ? changed : timespec()
        }
        let newest = state.files.last?.number ?? 0
        let numbers = FolderList.names(directory).filter { $0.hasSuffix(".log") }
            .compactMap { UInt64($0.dropLast(4)) }.filter { $0 > newest }.sorted()
        for number in numbers {
            let digits = String(number)
            let name = String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".log"
            // One that is gone was written to tables and is needed no more.
            let descriptor = open(directory + "/" + name, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            state.files.append(File(number: number, descriptor: descriptor))
            state.folderChanged = true
        }
    }
}
