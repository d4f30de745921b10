// SPDX-License-Identifier: Apache-2.0
// Finding out, by trying, which level works on this machine. Blocking; runs on the launcher's
// thread.

import Basics
import CSandbox
import Glibc

extension Sandbox {
    /// Looks around and tries; throws only when not even a folder can be made.
    static func prepare(
        _ configuration: FunctionRuntimeConfiguration, suffix: String
    ) throws(ShellError) -> Sandbox {
        StateFolder.sweep(parent: configuration.stateParent)
        let state = try StateFolder(parent: configuration.stateParent, suffix: suffix)
        let groups = ControlGroups.find(processID: getpid(), name: state.name)
        let processes = processesOfUser()
        func sandbox(
            _ level: SandboxLevel, dropsUser: Bool = false, obstacle: String? = nil
        ) -> Sandbox {
            let control = groups.map { "cgroup v\($0.version.rawValue)" }
            let report = SandboxReport(
                level: level, obstacle: obstacle,
                memoryControl: control ?? "resident-memory watch", dropsUser: dropsUser,
                filtersCalls: level == .namespaces && csandbox_filter_is_known() != 0)
            return Sandbox(
                report: report, state: state, groups: groups,
                bubblewrapPath: configuration.bubblewrapPath, processesOfUser: processes)
        }
        if configuration.level == .rlimits { return sandbox(.rlimits) }
        var obstacle =
            "no \(configuration.bubblewrapPath); on Debian: apt-get install bubblewrap"
        let isThere = SmallFile.isExecutable(configuration.bubblewrapPath)
        for dropsUser in !isThere ? [] : geteuid() == 0 ? [true, false] : [false] {
            let candidate = sandbox(.namespaces, dropsUser: dropsUser)
            guard let failure = candidate.tryOut(userID: configuration.userIDBase) else {
                return candidate
            }
            obstacle = failure
        }
        // Who asks for walls by name is not given weaker ones.
        guard configuration.level == nil || !configuration.isLevelStrict else {
            throw ShellError("namespaces are not to be had: \(obstacle)", EOPNOTSUPP)
        }
        return sandbox(.rlimits, obstacle: obstacle)
    }

    /// Runs a program that does nothing; the failure in words, or `nil`.
    private func tryOut(userID: UInt32) -> String? {
        var ends: [Int32] = [0, 0]
        guard csandbox_pipe(&ends) == 0 else { return "pipe: no descriptors" }
        defer { close(ends[0]) }
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let filter = csandbox_filter_descriptor()
        let command = SandboxedCommand(
            arguments: ["/usr/bin/true"], environment: [], codeFolder: state.etc,
            mounts: [], temporaryMegabytes: 1, ports: [9001], userID: userID)
        let plan = plan(command, output: ends[1], null: null, filter: filter)
        defer { for descriptor in [null, filter] where descriptor >= 0 { close(descriptor) } }
        do throws(ShellError) {
            let process = try Launcher.spawn(plan)
            close(ends[1])
            for listener in process.listeners { close(listener) }
            let exit = ProcessExit.wait(process.exitDescriptor)
            guard exit != .status(0) else { return nil }
            var words = [UInt8](repeating: 0, count: 512)
            let count = read(ends[0], &words, words.count)
            let said = String(decoding: words.prefix(max(0, count)), as: UTF8.self)
            return said.split(separator: "\n").first.map(String.init)
                ?? "bubblewrap ended with \(exit?.text ?? "a timeout")"
        } catch {
            close(ends[1])
            return error.description
        }
    }

    /// Threads of the server's own user, counted as the kernel's limit counts them.
    private static func processesOfUser() -> Int {
        let user = geteuid()
        // The limit does not bind root, and counting thousands of processes takes time.
        guard user != 0 else { return 0 }
        var total = 0
        for name in SmallFile.names(in: "/proc") where name.first?.isNumber == true {
            var status = stat()
            guard stat("/proc/\(name)", &status) == 0, status.st_uid == user else { continue }
            total += SmallFile.names(in: "/proc/\(name)/task").count
        }
        return total
    }
}
