// SPDX-License-Identifier: Apache-2.0
// Memory, process and CPU bounds by the kernel's control groups, version 1 or 2, below the
// group the server itself is in, so that a bound set on the server holds for functions too.

import Glibc

/// Where this process may make control groups.
struct ControlGroups: Sendable {
    enum Version: Int, Sendable {
        case one = 1
        case two = 2
    }

    let version: Version
    /// The folders groups are made in, by controller; version 2 has one under `memory`.
    private let memoryFolder: String
    private let pidsFolder: String?
    private let cpuFolder: String?

    /// Finds a place where memory can be bounded; `nil` when there is none.
    ///
    /// `name` is the folder made there, this runtime's own.
    static func find(processID: pid_t, name: String) -> ControlGroups? {
        let lines = (SmallFile.read("/proc/self/cgroup") ?? "").split(separator: "\n")
        var paths: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            for controller in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                paths[String(controller)] = String(parts[2])
            }
        }
        return findFirst(paths, name) ?? findSecond(paths, processID, name)
    }

    private static func findFirst(
        _ paths: [String: String], _ name: String
    ) -> ControlGroups? {
        func folder(_ controller: String) -> String? {
            guard let path = paths[controller] else { return nil }
            let root = "/sys/fs/cgroup/\(controller)"
            // In a container the path is seen from outside; then the mount itself is ours.
            let own = path == "/" || !SmallFile.isFolder(root + path) ? root : root + path
            let made = "\(own)/\(name)"
            sweep(own)
            return mkdir(made, 0o755) == 0 || errno == EEXIST ? made : nil
        }
        guard let memory = folder("memory") else { return nil }
        return ControlGroups(
            version: .one, memoryFolder: memory, pidsFolder: folder("pids"),
            cpuFolder: folder("cpu"))
    }

    private static func findSecond(
        _ paths: [String: String], _ processID: pid_t, _ name: String
    ) -> ControlGroups? {
        guard let path = paths[""] else { return nil }
        let own = "/sys/fs/cgroup" + (path == "/" ? "" : path)
        let controllers = (SmallFile.read("\(own)/cgroup.controllers") ?? "").split {
            $0 == " " || $0 == "\n"
        }
        guard controllers.contains("memory"), controllers.contains("pids") else { return nil }
        let wanted = "+memory +pids" + (controllers.contains("cpu") ? " +cpu" : "")
        // A group with processes cannot hand controllers down: the server moves one level in.
        if !SmallFile.set("\(own)/cgroup.subtree_control", to: wanted) {
            let server = "\(own)/martlet-server"
            guard mkdir(server, 0o755) == 0 || errno == EEXIST,
                SmallFile.set("\(server)/cgroup.procs", to: "\(processID)"),
                SmallFile.set("\(own)/cgroup.subtree_control", to: wanted)
            else { return nil }
        }
        let made = "\(own)/\(name)"
        sweep(own)
        guard mkdir(made, 0o755) == 0 || errno == EEXIST,
            SmallFile.set("\(made)/cgroup.subtree_control", to: wanted)
        else { return nil }
        return ControlGroups(version: .two, memoryFolder: made, pidsFolder: nil, cpuFolder: nil)
    }

    /// Removes the groups of servers that were killed; a group with processes stays.
    private static func sweep(_ own: String) {
        for name in SmallFile.names(in: own) where StateFolder.isAbandoned(name) {
            for group in SmallFile.names(in: "\(own)/\(name)") {
                rmdir("\(own)/\(name)/\(group)")
            }
            rmdir("\(own)/\(name)")
        }
    }

    /// Makes the group of one environment; `nil` when the kernel refuses.
    func make(_ name: String, bounds: ControlGroup.Bounds) -> ControlGroup? {
        let folders = [memoryFolder, pidsFolder, cpuFolder].compactMap {
            $0.map { "\($0)/\(name)" }
        }
        let group = ControlGroup(version: version, folders: folders)
        for folder in folders where mkdir(folder, 0o755) != 0 && errno != EEXIST {
            group.remove()
            return nil
        }
        guard group.apply(bounds) else {
            group.remove()
            return nil
        }
        return group
    }

    /// Removes the folders made by `find`; they are empty once every environment is gone.
    func remove() {
        for folder in [memoryFolder, pidsFolder, cpuFolder].compactMap({ $0 }) { rmdir(folder) }
    }
}

/// The control group of one environment.
struct ControlGroup: Sendable {
    struct Bounds: Sendable {
        /// Includes what is written to `/tmp`, which the kernel counts as memory.
        var memoryBytes: Int
        var processes: Int
        /// A thousandth of a processor.
        var processorThousandths: Int
    }

    fileprivate let version: ControlGroups.Version
    /// The memory controller's first.
    fileprivate let folders: [String]

    /// Descriptors through which a starting process enters; the caller closes them.
    ///
    /// Version 1 moves a thread that moves itself without the lock that moving a process
    /// takes, and that costs a grace period of the kernel's: some ten milliseconds a start.
    func openEntries() -> [Int32] {
        let entry = version == .one ? "tasks" : "cgroup.procs"
        return folders.map { open("\($0)/\(entry)", O_WRONLY | O_CLOEXEC) }.filter { $0 >= 0 }
    }

    fileprivate func apply(_ bounds: Bounds) -> Bool {
        // As much as the kernel lets a group have beside others; at least one whole processor,
        // since a developer waits for the answer.
        let shares = max(2, bounds.processorThousandths * 1024 / 1000)
        let quota = max(1, (bounds.processorThousandths + 999) / 1000) * 100_000
        switch version {
        case .one:
            guard
                SmallFile.set(
                    "\(folders[0])/memory.limit_in_bytes", to: "\(bounds.memoryBytes)")
            else { return false }
            SmallFile.set(
                "\(folders[0])/memory.memsw.limit_in_bytes", to: "\(bounds.memoryBytes)")
            for folder in folders.dropFirst() {
                SmallFile.set("\(folder)/pids.max", to: "\(bounds.processes)")
                SmallFile.set("\(folder)/cpu.shares", to: "\(shares)")
                SmallFile.set("\(folder)/cpu.cfs_quota_us", to: "\(quota)")
            }
        case .two:
            guard SmallFile.set("\(folders[0])/memory.max", to: "\(bounds.memoryBytes)"),
                SmallFile.set("\(folders[0])/pids.max", to: "\(bounds.processes)")
            else { return false }
            SmallFile.set("\(folders[0])/memory.swap.max", to: "0")
            SmallFile.set("\(folders[0])/cpu.weight", to: "\(min(10_000, max(1, shares / 10)))")
            SmallFile.set("\(folders[0])/cpu.max", to: "\(quota) 100000")
        }
        return true
    }

    /// Memory in use that no file backs, and that together with mapped files.
    func usage() -> MemoryUsage {
        guard let text = SmallFile.read("\(folders[0])/memory.stat") else { return MemoryUsage() }
        var usage = MemoryUsage()
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard parts.count == 2, let value = Int(parts[1]) else { continue }
            switch (version, parts[0]) {
            case (.one, "total_rss"), (.two, "anon"): usage.anonymousBytes = value
            case (.one, "total_mapped_file"), (.two, "file_mapped"): usage.mappedBytes = value
            default: continue
            }
        }
        return usage
    }

    /// The most memory the kernel has counted, files in `/tmp` and their cache among it.
    func peakBytes() -> Int {
        let name = version == .one ? "memory.max_usage_in_bytes" : "memory.peak"
        let text = SmallFile.read("\(folders[0])/\(name)") ?? ""
        return Int(text.split(separator: "\n").first ?? "") ?? 0
    }

    /// How often the kernel killed a process of the group for want of memory.
    func outOfMemoryKills() -> Int {
        let name = version == .one ? "memory.oom_control" : "memory.events"
        for line in (SmallFile.read("\(folders[0])/\(name)") ?? "").split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.count == 2, parts[0] == "oom_kill" { return Int(parts[1]) ?? 0 }
        }
        return 0
    }

    /// Sends SIGKILL to whatever is still in the group.
    func killAll() {
        if version == .two, SmallFile.set("\(folders[0])/cgroup.kill", to: "1") { return }
        for line in (SmallFile.read("\(folders[0])/cgroup.procs") ?? "").split(separator: "\n") {
            if let member = pid_t(line), member > 1 { kill(member, SIGKILL) }
        }
    }

    /// Removes the group; `false` while processes are still in it.
    @discardableResult
    func remove() -> Bool {
        var isGone = true
        for folder in folders where rmdir(folder) != 0 && errno != ENOENT { isGone = false }
        return isGone
    }
}

/// Memory of an environment at one moment.
struct MemoryUsage: Sendable {
    var anonymousBytes = 0
    var mappedBytes = 0
}
