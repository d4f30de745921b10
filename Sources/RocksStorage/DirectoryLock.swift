// SPDX-License-Identifier: Apache-2.0
// One process owns a data directory. What lies in it is the engine's business.

package import Storage
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The exclusive right to a data directory, held until the object goes or the process ends.
package final class DirectoryLock: Sendable {
    private let descriptor: Int32
    private let released = Atomic<Bool>(false)

    /// Creates the directory where it is missing, for its owner alone, and takes it.
    package init(_ path: String) throws(StoreError) {
        try DirectoryLock.makeDirectory(path)
        let file = path + "/martlet.lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unreadable(reason: "\(file): \(SystemError.last)")
        }
        guard DirectoryLock.take(descriptor) else {
            let owner = DirectoryLock.owner(descriptor)
            close(descriptor)
            throw .locked(path: path, owner: owner)
        }
        ftruncate(descriptor, 0)
        let text = Array("\(getpid())\n".utf8)
        _ = pwrite(descriptor, text, text.count, 0)
        self.descriptor = descriptor
    }

    /// Locks, waiting only for what a killed owner left behind.
    ///
    /// A process it had just started holds a copy of the descriptor until it executes its program.
    private static func take(_ descriptor: Int32) -> Bool {
        for _ in 0..<attemptsMax {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            guard let owner = owner(descriptor), kill(owner, 0) != 0, errno == ESRCH else {
                return false
            }
            poll(nil, 0, attemptMilliseconds)
        }
        return false
    }

    private static let attemptsMax = 400
    private static let attemptMilliseconds: Int32 = 5

    deinit { release() }

    /// Gives the directory up; a second call does nothing.
    package func release() {
        if released.exchange(true, ordering: .relaxed) { return }
        close(descriptor)
    }

    /// Creates every missing part of `path` with mode 0700 and sets that mode on the last.
    static func makeDirectory(_ path: String) throws(StoreError) {
        var partial = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            partial += part + "/"
            if mkdir(partial, 0o700) != 0, errno != EEXIST {
                throw .unreadable(reason: "\(partial): \(SystemError.last)")
            }
        }
        guard chmod(path, 0o700) == 0 else {
            throw .unreadable(reason: "\(path): \(SystemError.last)")
        }
    }

    private static func owner(_ descriptor: Int32) -> Int32? {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        let digits = buffer.prefix(count).prefix { $0 >= 0x30 && $0 <= 0x39 }
        return Int32(String(decoding: digits, as: UTF8.self))
    }
}

/// The text of the last failed system call of this thread.
package enum SystemError {
    package static var last: String { text(errno) }

    package static func text(_ code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
