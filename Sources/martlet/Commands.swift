// SPDX-License-Identifier: Apache-2.0
// The commands that ask or tell a running server something.

import ArgumentParser
import Basics

/// `martlet health`.
struct Health: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether the server answers; exits with 1 when it does not.",
        discussion: "For scripts: until martlet health; do sleep 0.1; done")
    @OptionGroup var server: ServerOptions

    func run() throws {
        print(try server.client().call("GET", "/_martlet/health")["status"]?.stringValue ?? "?")
    }
}

/// `martlet status`.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the server is, where its data is and how functions are isolated.",
        discussion: """
            `sandbox` says how far functions are kept apart from this machine, and at the weaker
            level what that does not stop. `substitutes` says which installed interpreter stands
            in for a version that a function asked for.
            """)
    @OptionGroup var server: ServerOptions
    @Flag(help: "As JSON.") var json = false

    func run() throws {
        let status = try server.client().call("GET", "/_martlet/status")
        if json {
            print(JSONValue.object(status).text)
            return
        }
        let width = status.members.map(\.name.count).max() ?? 0
        for member in status.members {
            let lines = Self.lines(
                of: member.value, separator: member.name == "services" ? ", " : "\n")
            for (index, line) in lines.enumerated() {
                let name = index == 0 ? member.name : ""
                print("\(name)\(String(repeating: " ", count: width - name.count))  \(line)")
            }
        }
    }

    private static func lines(of value: JSONValue, separator: String) -> [String] {
        let text =
            value.arrayValue.map {
                $0.isEmpty ? "none" : $0.compactMap(\.stringValue).joined(separator: separator)
            } ?? value.stringValue ?? value.text
        return text.split(separator: "\n").map(String.init)
    }
}

/// `martlet env`.
struct Environment: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env", abstract: "Print the exports that point AWS clients at the server.",
        discussion: """
            Use it as: eval "$(martlet env)"

            They name the key `test`, which is the root of account 000000000000, and the region
            us-east-1. For another account, export its twelve digits as AWS_ACCESS_KEY_ID.

            Version 1 of the AWS CLI takes the address of SQS in some regions from a table of its
            own, whatever the environment says. There, give it --endpoint-url "$AWS_ENDPOINT_URL".
            """)
    @OptionGroup var server: ServerOptions

    func run() throws {
        let port = try server.client().port
        print("export AWS_ENDPOINT_URL=http://localhost:\(port)")
        // One for SQS alone, left over from elsewhere, would win over the general one.
        print("export AWS_ENDPOINT_URL_SQS=http://localhost:\(port)")
        print("export AWS_ACCESS_KEY_ID=test")
        print("export AWS_SECRET_ACCESS_KEY=test")
        print("export AWS_DEFAULT_REGION=us-east-1")
    }
}

/// `martlet reset`.
struct Reset: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Delete every resource of every account on the running server.",
        discussion: "Virtual time goes back to running as usual. Asks first, unless --yes is given."
    )
    @OptionGroup var server: ServerOptions
    @Flag(help: "Do not ask.") var yes = false

    func run() throws {
        if !yes {
            print("This deletes everything the server holds. Type yes to go on: ", terminator: "")
            guard readLine() == "yes" else {
                throw CommandFailure(
                    "Nothing was deleted. Answer yes, or run `martlet reset --yes`.")
            }
        }
        _ = try server.client().call("POST", "/_martlet/reset", [:])
        print("Everything is gone.")
    }
}

/// `martlet coverage`.
struct CoverageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coverage",
        abstract: "Show which operations and members are honoured, refused or stored.",
        discussion: """
            An operation that is not listed answers 501. A member is honoured, refused by name, or
            stored and given back without effect. Without --members only the latter two are shown.
            """)
    @OptionGroup var server: ServerOptions
    @Flag(help: "As JSON.") var json = false
    @Flag(help: "Every member of every operation.") var members = false

    func run() throws {
        let coverage = try server.client().call("GET", "/_martlet/coverage")
        if json {
            print(JSONValue.object(coverage).text)
            return
        }
        for service in coverage.members {
            let built = service.value["built"]?.text ?? "?"
            print("\(service.name): \(built) of \(service.value["of"]?.text ?? "?") operations")
            for operation in service.value["operations"]?.objectValue?.members ?? [] {
                print("  \(operation.name)")
                for member in operation.value.objectValue?.members ?? []
                where members || member.value.stringValue != "honoured" {
                    print("    \(member.name): \(member.value.stringValue ?? "")")
                }
            }
        }
    }
}
