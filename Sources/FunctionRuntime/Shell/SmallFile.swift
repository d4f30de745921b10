// SPDX-License-Identifier: Apache-2.0
// Small files of the kernel's and of our own: read whole, written whole.

import Glibc

/// Blocking file calls for contents that fit in a few pages.
enum SmallFile {
    /// Up to `limit` bytes of a file, `nil` when it cannot be read.
    static func read(_ path: String, limit: Int = 1 << 20) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while content.count < limit {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { return nil }
            if count == 0 { break }
            content.append(contentsOf: chunk[0..<count])
        }
        return String(decoding: content, as: UTF8.self)
    }

    /// Replaces a file's content; `false` with errno set when it cannot.
    @discardableResult
    static func write(
        _ content: some Collection<UInt8>, to path: String, mode: mode_t = 0o644,
        creating: Bool = true
    ) -> Bool {
        let flags = O_WRONLY | O_CLOEXEC | (creating ? O_CREAT | O_TRUNC : 0)
        let descriptor = open(path, flags, mode)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array(content)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }

    /// Sets a control file of the kernel's.
    @discardableResult
    static func set(_ path: String, to value: String) -> Bool {
        write(value.utf8, to: path, creating: false)
    }

    /// The names in a folder, sorted; empty when it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func isExecutable(_ path: String) -> Bool {
        isFile(path) && access(path, X_OK) == 0
    }

    static func isFile(_ path: String) -> Bool { kind(path) == S_IFREG }

    static func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR }

    private static func kind(_ path: String) -> mode_t? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return status.st_mode & S_IFMT
    }

    /// Removes a folder of ours and all in it; links are removed, not followed.
    static func removeTree(_ path: String, depth: Int = 64) {
        var status = stat()
        guard depth > 0, lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in names(in: path) { removeTree("\(path)/\(name)", depth: depth - 1) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}
