// SPDX-License-Identifier: Apache-2.0
// The cores this process was told to stay on, by `taskset` or a container's cpuset: two loops that
// share one core only take turns, each while the other holds a lock.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

enum Affinity {
    /// How many cores the process may run on; `nil` where the system does not say.
    static var coreCount: Int? {
        let file = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = read(file, &bytes, bytes.count)
        return count > 0 ? coreCount(inStatus: bytes[..<count]) : nil
    }

    /// Counts the bits of the line that proc(5) describes as a mask in hexadecimal.
    static func coreCount(inStatus status: ArraySlice<UInt8>) -> Int? {
        let mark = "Cpus_allowed:".utf8
        for line in status.split(separator: UInt8(ascii: "\n")) where line.starts(with: mark) {
            let bits = line.dropFirst(mark.count).reduce(0) { bits, digit in
                bits + (ASCII.hexValue(digit) ?? 0).nonzeroBitCount
            }
            return bits > 0 ? bits : nil
        }
        return nil
    }
}
