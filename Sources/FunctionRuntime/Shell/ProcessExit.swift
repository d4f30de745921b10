// SPDX-License-Identifier: Apache-2.0
// How a process ended, and waiting for that where blocking is allowed.

import CSandbox
import Glibc

/// The end of a process.
enum ProcessExit: Equatable, Sendable {
    case status(Int32)
    case signal(Int32)

    /// Collects a process whose exit descriptor is readable; `nil` when it still runs.
    static func collect(_ descriptor: Int32) -> ProcessExit? {
        let code = csandbox_reap(descriptor)
        guard code >= 0 else { return nil }
        return code >= 256 ? .signal(code - 256) : .status(code)
    }

    /// Blocks until the process has ended, for at most ten seconds, and closes the descriptor.
    static func wait(_ descriptor: Int32) -> ProcessExit? {
        defer { close(descriptor) }
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&wanted, 1, 10_000) <= 0 { csandbox_kill(descriptor) }
        return collect(descriptor)
    }

    /// What ran inside bubblewrap, which passes a signal on as 128 and its number.
    var insideSandbox: ProcessExit {
        guard case .status(let status) = self, status > 128, status <= 128 + 64 else {
            return self
        }
        return .signal(status - 128)
    }

    /// AWS's words, after the system's own: `exit status 1`, `signal: killed`.
    var text: String {
        switch self {
        case .status(let code): "exit status \(code)"
        case .signal(let number): "signal: \(Self.name(number))"
        }
    }

    private static func name(_ number: Int32) -> String {
        switch number {
        case SIGHUP: "hangup"
        case SIGINT: "interrupt"
        case SIGQUIT: "quit"
        case SIGILL: "illegal instruction"
        case SIGTRAP: "trace/breakpoint trap"
        case SIGABRT: "aborted"
        case SIGBUS: "bus error"
        case SIGFPE: "floating point exception"
        case SIGKILL: "killed"
        case SIGSEGV: "segmentation fault"
        case SIGPIPE: "broken pipe"
        case SIGALRM: "alarm clock"
        case SIGTERM: "terminated"
        default: "signal \(number)"
        }
    }
}
