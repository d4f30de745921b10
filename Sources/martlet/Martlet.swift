// SPDX-License-Identifier: Apache-2.0
// The command line. Each command is in a file of its own; this one only lists them.

import ArgumentParser
import Platform

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `martlet`.
@main
struct Martlet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "The serverless cloud in one binary: AWS clients work against it unchanged.",
        discussion: """
            Start a server:         martlet serve
            Point clients at it:    eval "$(martlet env)"
            Watch what happens:     martlet tail
            Move its time:          martlet clock advance 15m

            The server listens on port 4566 of this machine only. The other commands look for it
            there, or where --port or MARTLET_PORT says. Every option of `martlet serve` can be
            given in the environment too: --data-dir is MARTLET_DATA_DIR.
            """,
        version: Platform.version,
        subcommands: [
            Serve.self, Status.self, Environment.self, Tail.self, Clock.self, Reset.self,
            CoverageCommand.self, Health.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            let code = exitCode(for: error)
            if code == .success || error is ExitCode { exit(withError: error) }
            ServerLog.put("martlet: \(line(for: error))", on: 2)
            Glibc.exit(code.rawValue)
        }
    }
}
