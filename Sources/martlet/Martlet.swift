// SPDX-License-Identifier: Apache-2.0
// The command line. Each command is in a file of its own; this one only lists them.

import ArgumentParser
import Platform

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

            Every option can be given in the environment too: --data-dir is MARTLET_DATA_DIR.
            """,
        version: Platform.version,
        subcommands: [
            Serve.self, Status.self, Environment.self, Tail.self, Clock.self, Reset.self,
            CoverageCommand.self, Health.self,
        ])
}
