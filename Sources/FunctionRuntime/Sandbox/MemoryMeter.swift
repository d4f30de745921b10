// SPDX-License-Identifier: Apache-2.0
// How much memory an environment uses, by its control group or by adding up its processes, and
// the most that its processes have held.

import Glibc

/// Reads an environment's memory use.
struct MemoryMeter: Sendable {
    let group: ControlGroup?
    let processID: pid_t
    /// Whether bubblewrap's own two processes stand before the function's.
    let isWrapped: Bool
    /// The function's first process, once it is known.
    private var main: pid_t?

    init(group: ControlGroup?, processID: pid_t, isWrapped: Bool) {
        self.group = group
        self.processID = processID
        self.isWrapped = isWrapped
    }

    /// Looks for the function's first process; there once it has called.
    mutating func findMain() { main = first }

    /// Memory in use now: what a bound is held against.
    func usage() -> MemoryUsage {
        if let group { return group.usage() }
        var usage = MemoryUsage()
        for member in members {
            let fields = (SmallFile.read("/proc/\(member)/statm") ?? "").split(separator: " ")
            guard fields.count > 2, let resident = Int(fields[1]), let shared = Int(fields[2])
            else { continue }
            usage.anonymousBytes += (resident - shared) * 4096
            usage.mappedBytes = max(usage.mappedBytes, shared * 4096)
        }
        return usage
    }

    /// The most that the function's first process has held; one file to read.
    ///
    /// A control group does not tell: it counts a library's pages for whoever touched them
    /// first, and files in `/tmp` as memory.
    func peakBytes() -> Int {
        let peak = peak()
        return peak.ownBytes + peak.sharedBytes
    }

    /// What is to be reported for memory that is in use now, by whichever of its processes.
    func reportableBytes(_ usage: MemoryUsage) -> Int {
        let peak = peak()
        return max(
            peak.ownBytes + peak.sharedBytes,
            usage.anonymousBytes + max(usage.mappedBytes, peak.sharedBytes))
    }

    private func peak() -> Peak {
        Peak(status: (main ?? first).flatMap { SmallFile.read("/proc/\($0)/status") } ?? "")
    }

    private var first: pid_t? {
        guard isWrapped else { return processID }
        return Self.children(of: processID).first.flatMap { Self.children(of: $0).first }
    }

    private var members: [pid_t] { (main ?? first).map(Self.family) ?? [] }

    /// A process and its descendants, at most a few thousand.
    private static func family(of root: pid_t) -> [pid_t] {
        var members = [root]
        var next = 0
        while next < members.count, members.count < 4096 {
            let parent = members[next]
            next += 1
            members.append(contentsOf: children(of: parent))
        }
        return members
    }

    static func children(of parent: pid_t) -> [pid_t] {
        SmallFile.names(in: "/proc/\(parent)/task").flatMap { thread in
            (SmallFile.read("/proc/\(parent)/task/\(thread)/children") ?? "")
                .split(separator: " ").compactMap { pid_t($0) }
        }
    }
}

extension MemoryMeter {
    /// The most a process has held, out of its `/proc/<pid>/status`.
    struct Peak: Equatable {
        var ownBytes = 0
        /// Pages of files and of shared memory, which others may hold too.
        var sharedBytes = 0

        init(status: String) {
            var total = 0
            for line in status.split(separator: "\n") {
                let parts = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
                guard parts.count == 3, let kibibytes = Int(parts[1]) else { continue }
                switch parts[0] {
                case "VmHWM:": total = kibibytes << 10
                case "RssFile:", "RssShmem:": sharedBytes += kibibytes << 10
                default: continue
                }
            }
            ownBytes = max(0, total - sharedBytes)
        }
    }
}
