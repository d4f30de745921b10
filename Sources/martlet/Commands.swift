// SPDX-License-Identifier: Apache-2.0
// The commands that ask or tell a running server something.

import ArgumentParser
import Basics

/// `martlet health`.
struct Health: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether the server answers; exits with 1 when it does not.")
    @OptionGroup var server: ServerOptions

    func run() throws {
        print(try server.client().call("GET", "/_martlet/health")["status"]?.stringValue ?? "?")
    }
}

/// `martlet status`.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the server is, where its data is and how functions are isolated.")
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
            let name = member.name + String(repeating: " ", count: width - member.name.count)
            let value =
                member.value.arrayValue.map { $0.compactMap(\.stringValue).joined(separator: ", ") }
                ?? member.value.stringValue ?? member.value.text
            print("\(name)  \(value)")
        }
    }
}

/// `martlet env`.
struct Environment: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env", abstract: "Print the exports that point AWS clients at the server.",
        discussion: "Use it as: eval \"$(martlet env)\"")
    @OptionGroup var server: ServerOptions

    func run() throws {
        let port = try server.client().port
        print("export AWS_ENDPOINT_URL=http://localhost:\(port)")
        // CLI v1 does not read AWS_ENDPOINT_URL for SQS alone.
        print("export AWS_ENDPOINT_URL_SQS=http://localhost:\(port)")
        print("export AWS_ACCESS_KEY_ID=test")
        print("export AWS_SECRET_ACCESS_KEY=test")
        print("export AWS_DEFAULT_REGION=us-east-1")
    }
}

/// `martlet reset`.
struct Reset: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Delete every resource of every account on the running server.")
    @OptionGroup var server: ServerOptions
    @Flag(help: "Do not ask.") var yes = false

    func run() throws {
        if !yes {
            print("This deletes everything the server holds. Type yes to go on: ", terminator: "")
            guard readLine() == "yes" else { throw ExitCode.failure }
        }
        _ = try server.client().call("POST", "/_martlet/reset", [:])
        print("Everything is gone.")
    }
}

/// `martlet coverage`.
struct CoverageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coverage",
        abstract: "Show which operations and members are honoured, refused or stored.")
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
