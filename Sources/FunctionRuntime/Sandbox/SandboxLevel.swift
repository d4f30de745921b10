// SPDX-License-Identifier: Apache-2.0
// How far functions are kept apart from the machine, and how that is told to people.

/// The strength of the walls around a function.
package enum SandboxLevel: String, Hashable, Sendable {
    /// Own user, process, mount, IPC and network namespaces by bubblewrap.
    case namespaces
    /// A process group with resource limits, on the machine as it is.
    case rlimits
}

/// What the runtime found it can do on this machine.
package struct SandboxReport: Hashable, Sendable {
    package var level: SandboxLevel
    /// Why the stronger level is not in use; `nil` when it is, or was not wanted.
    package var obstacle: String?
    /// `cgroup v1`, `cgroup v2` or `resident-memory watch`.
    package var memoryControl: String
    /// The unprivileged user functions run under, when it is not the server's.
    package var dropsUser: Bool
    /// Whether the system-call filter is in place.
    package var filtersCalls: Bool

    /// How functions reach the outside, or why they do not; `nil` where nothing keeps them.
    package var network: String?

    /// A few lines for the log at start and for `martlet status`.
    package var text: String {
        switch level {
        case .namespaces:
            return "sandbox level: namespaces (bubblewrap; memory by \(memoryControl)"
                + (filtersCalls ? "; system-call filter" : "; no system-call filter for this CPU")
                + (dropsUser ? "; own user id per environment)" : ")")
                + (network.map { "\n\($0)" } ?? "")
        case .rlimits:
            var lines = "sandbox level: rlimits (memory by \(memoryControl))"
            if let obstacle { lines += "\nnamespaces are not to be had: \(obstacle)" }
            return lines
                + "\nthis level does NOT stop a function from reading the server's files, other"
                + " functions' code and environment, signalling processes of the same user,"
                + " or using the machine's network; run only code you trust"
        }
    }
}
