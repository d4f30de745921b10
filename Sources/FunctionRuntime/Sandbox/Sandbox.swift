// SPDX-License-Identifier: Apache-2.0
// What was found out about this machine at the start, and how a command becomes a launch plan
// at the level in use.

import Basics
import CSandbox
import Glibc

/// A command for an environment, in paths as the environment sees them.
struct SandboxedCommand: Sendable {
    var arguments: [String]
    var environment: [String]
    var codeFolder: String
    /// Installations and SDK folders that must be visible.
    var mounts: [SandboxLayout.Mount]
    var temporaryMegabytes: Int
    /// Where listeners are wanted in the environment's own network.
    var ports: [UInt16]
    var userID: UInt32
    /// The stand-in for `/tmp`; level rlimits only.
    var temporaryFolder: String?
}

/// The sandbox as it works on this machine.
struct Sandbox: Sendable {
    let report: SandboxReport
    let state: StateFolder
    let groups: ControlGroups?
    let bubblewrapPath: String
    /// Processes and threads of the server's user at the start; at level rlimits the kernel
    /// counts them together with the functions'.
    let processesOfUser: Int

    static let processesMax = 1024

    var level: SandboxLevel { report.level }

    /// The plan that runs `command`; `filter` is an open system-call filter or -1.
    func plan(
        _ command: SandboxedCommand, output: Int32, null: Int32, filter: Int32
    ) -> LaunchPlan {
        switch level {
        case .namespaces:
            namespacePlan(command, output: output, null: null, filter: filter)
        case .rlimits: limitPlan(command, output: output, null: null)
        }
    }

    private func namespacePlan(
        _ command: SandboxedCommand, output: Int32, null: Int32, filter: Int32
    ) -> LaunchPlan {
        let wanted =
            [
                SandboxLayout.Mount(source: command.codeFolder, target: "/var/task"),
                SandboxLayout.Mount(source: state.bootstraps, target: "/var/runtime"),
            ]
            + ["passwd", "group", "hosts", "nsswitch.conf", "resolv.conf"].map {
                SandboxLayout.Mount(
                    source: "\(state.etc)/\($0)", target: "/etc/\($0)", isFile: true)
            } + command.mounts
        var layout = SandboxLayout(
            mounts: wanted, temporaryBytes: command.temporaryMegabytes << 20,
            filterDescriptor: filter >= 0 ? 3 : nil)
        var binds: [LaunchPlan.Bind] = []
        if report.dropsUser {
            // The sandbox's user may not walk the server's private folders; only what lies in
            // world-readable places of ours is bound by name.
            layout.mounts = wanted.enumerated().map { position, mount in
                guard !mount.source.hasPrefix(state.path) else { return mount }
                let staged = "\(state.stage)/\(position)"
                binds.append(
                    LaunchPlan.Bind(source: mount.source, target: staged, isFile: mount.isFile))
                return SandboxLayout.Mount(source: staged, target: mount.target)
            }
        }
        var plan = LaunchPlan(
            program: bubblewrapPath, arguments: layout.arguments + ["--"] + command.arguments,
            environment: command.environment)
        plan.descriptors = [null, output, output] + (filter >= 0 ? [filter] : [])
        plan.stage = report.dropsUser ? state.stage : nil
        plan.binds = binds
        plan.userID = report.dropsUser ? command.userID : 0
        plan.networkPorts = command.ports
        plan.processesMax = UInt64(Self.processesMax)
        return plan
    }

    private func limitPlan(
        _ command: SandboxedCommand, output: Int32, null: Int32
    ) -> LaunchPlan {
        var plan = LaunchPlan(
            program: command.arguments.first ?? "", arguments: command.arguments,
            environment: command.environment)
        plan.directory = command.codeFolder
        plan.descriptors = [null, output, output]
        plan.isSessionLeader = true
        plan.processesMax = UInt64(Self.processesMax + processesOfUser)
        plan.fileBytesMax = UInt64(command.temporaryMegabytes) << 20
        return plan
    }
}
