// SPDX-License-Identifier: Apache-2.0
// Writing an archive's entries below a folder. Modes are ours: folders 0755, files 0644 or 0755.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes below `root`, which exists and is empty.
struct FolderSink: EntrySink {
    private let root: String
    private var file: Int32 = -1
    /// Made last, so that nothing is ever written through one.
    private var links: [(path: String, target: String)] = []

    init(root: String) { self.root = root }

    mutating func folder(_ path: String) throws(ArchiveRefusal) {
        let full = "\(root)/\(path)"
        guard mkdir(full, 0o755) == 0 || errno == EEXIST else { throw Self.failure("mkdir") }
        guard chmod(full, 0o755) == 0 else { throw Self.failure("chmod") }
    }

    mutating func beginFile(_ path: String, isExecutable: Bool) throws(ArchiveRefusal) {
        let mode: mode_t = isExecutable ? 0o755 : 0o644
        file = open("\(root)/\(path)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard file >= 0 else { throw Self.failure("open") }
        // Whatever the process's mask took away.
        guard fchmod(file, mode) == 0 else { throw Self.failure("chmod") }
    }

    mutating func data(_ bytes: UnsafeRawBufferPointer) throws(ArchiveRefusal) {
        var rest = bytes
        while !rest.isEmpty {
            let count = write(file, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write") }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    mutating func endFile() throws(ArchiveRefusal) {
        let code = close(file)
        file = -1
        guard code == 0 else { throw Self.failure("close") }
    }

    mutating func link(_ path: String, to target: String) { links.append((path, target)) }

    /// Makes the links, once all else is there.
    mutating func finish() throws(ArchiveRefusal) {
        for (path, target) in links {
            guard symlink(target, "\(root)/\(path)") == 0 else { throw Self.failure("symlink") }
        }
    }

    /// Closes what a refusal left open.
    mutating func abandon() {
        if file >= 0 { _ = close(file) }
        file = -1
    }

    private static func failure(_ step: String) -> ArchiveRefusal {
        .failed(reason: "\(step): \(String(cString: strerror(errno)))")
    }
}
