// SPDX-License-Identifier: Apache-2.0
// How much memory an environment uses, by its control group or by adding up its processes.

import Glibc

/// Reads an environment's memory use.
struct MemoryMeter: Sendable {
    let group: ControlGroup?
    let processID: pid_t

    func usage() -> MemoryUsage {
        if let group { return group.usage() }
        var usage = MemoryUsage()
        for member in Self.family(of: processID) {
            let fields = (SmallFile.read("/proc/\(member)/statm") ?? "").split(separator: " ")
            guard fields.count > 2, let resident = Int(fields[1]), let shared = Int(fields[2])
            else { continue }
            usage.anonymousBytes += (resident - shared) * 4096
            usage.mappedBytes += shared * 4096
        }
        return usage
    }

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
