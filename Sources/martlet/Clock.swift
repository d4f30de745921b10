// SPDX-License-Identifier: Apache-2.0
// `martlet clock`: the server's virtual time.

import ArgumentParser
import Basics

/// Shows and moves virtual time.
struct Clock: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show, freeze, advance or resume the server's virtual time.",
        discussion: """
            Visibility timeouts, delays, retention, retries and expiries follow this clock, not the
            machine's: `martlet clock advance 15m` ends a 15-minute delay at once. A function's
            timeout is real time. The setting survives a restart.
            """,
        subcommands: [Show.self, Freeze.self, Advance.self, Resume.self],
        defaultSubcommand: Show.self)

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the time and its mode.")
        @OptionGroup var server: ServerOptions
        func run() throws { Clock.show(try server.client().call("GET", "/_martlet/clock")) }
    }

    struct Freeze: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let time stand still.")
        @OptionGroup var server: ServerOptions
        func run() throws { try Clock.act(["action": "freeze"], server) }
    }

    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let time run as usual.")
        @OptionGroup var server: ServerOptions
        func run() throws { try Clock.act(["action": "resume"], server) }
    }

    struct Advance: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move time on, such as by 15m, 12h or 4d, firing all that falls due.",
            discussion: """
                What falls due fires in order of time, and the work it causes comes to rest before
                time moves on. That may take up to a minute of real time; what still runs then is
                told, and time stays where it got to.
                """)
        @OptionGroup var server: ServerOptions
        @Argument(help: "90s, 15m, 12h, 4d, or sums such as 1h30m.") var duration: String
        func run() throws {
            try Clock.act(["action": "advance", "duration": .string(duration)], server)
        }
    }

    private static func act(_ document: JSONObject, _ server: ServerOptions) throws {
        show(try server.client().call("POST", "/_martlet/clock", document))
    }

    private static func show(_ clock: JSONObject) {
        print("\(clock["now"]?.stringValue ?? "?") (\(clock["mode"]?.stringValue ?? "?"))")
        if let fired = clock["fired"]?.integerValue { print("fired \(fired)") }
        if clock["complete"]?.boolValue == false {
            print("not reached: work is still running (\(clock["stillRunning"]?.text ?? "?"))")
        }
    }
}
