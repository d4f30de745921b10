// SPDX-License-Identifier: Apache-2.0
// Where a server without a data directory puts what only a file can be: functions' archives and
// their unpacked code.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A private folder that goes when its server ends; a killed server's goes at the next start.
struct EphemeralFolder: Sendable {
    let path: String

    private static let parent = "/tmp"
    private static let prefix = "martlet-ephemeral-"

    init() throws(PlatformFailure) {
        Self.sweep()
        path = "\(Self.parent)/\(Self.prefix)\(getpid())"
        guard mkdir(path, 0o700) == 0 else {
            throw PlatformFailure(
                "\(path) could not be made: \(String(cString: strerror(errno))). Remove it, or "
                    + "start without --ephemeral.")
        }
    }

    func remove() { Self.removeTree(path) }

    /// Removes what killed servers of this user left.
    private static func sweep() {
        for name in names(in: parent) where name.hasPrefix(prefix) {
            guard let owner = pid_t(name.dropFirst(prefix.count)) else { continue }
            let isGone = owner == getpid() || (kill(owner, 0) != 0 && errno == ESRCH)
            if isGone { removeTree("\(parent)/\(name)") }
        }
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Links are removed, not followed.
    private static func removeTree(_ path: String, depth: Int = 64) {
        var status = stat()
        guard depth > 0, lstat(path, &status) == 0, status.st_uid == geteuid() else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            unlink(path)
            return
        }
        for name in names(in: path) { removeTree("\(path)/\(name)", depth: depth - 1) }
        rmdir(path)
    }
}
