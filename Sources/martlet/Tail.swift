// SPDX-License-Identifier: Apache-2.0
// `martlet tail`: the journal as it happens, causes indented.

import ArgumentParser
import Basics

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Follows the journal.
struct Tail: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follow every call, invocation and delivery as it happens.",
        discussion: """
            A line has the virtual time, the operation, the HTTP status or 0, an error's code and
            the resource. What was caused by a line above it is indented under it. Ends with Ctrl-C
            or with the server.
            """)
    @OptionGroup var server: ServerOptions
    @Flag(help: "One JSON document a line.") var json = false

    func run() throws {
        var rest: [UInt8] = []
        var depths: [Int64: Int] = [:]
        let isColoured = isatty(1) == 1
        try server.client().stream("GET", "/_martlet/journal?follow=true", nil) { piece in
            rest += piece
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(rest[..<end])
                rest.removeFirst(end + 1)
                show(line, &depths, isColoured: isColoured)
            }
        }
    }

    private func show(_ line: [UInt8], _ depths: inout [Int64: Int], isColoured: Bool) {
        guard !json, let record = (try? JSONValue(parsing: line))?.objectValue else {
            Self.put(String(decoding: line, as: UTF8.self))
            return
        }
        let cause = record["cause"]?.integerValue ?? 0
        let depth = min(8, cause == 0 ? 0 : (depths[cause] ?? 0) + 1)
        if let id = record["id"]?.integerValue { depths[id] = depth }
        if depths.count > 10_000 { depths = [:] }
        let status = record["status"]?.integerValue ?? 0
        let text =
            "\(record["time"]?.stringValue?.dropFirst(11) ?? "") "
            + String(repeating: "  ", count: depth)
            + "\(record["service"]?.stringValue ?? "").\(record["operation"]?.stringValue ?? "")"
            + " \(status) \(record["error"]?.stringValue ?? "")"
            + " \(record["resource"]?.stringValue ?? "")"
        guard isColoured else {
            Self.put(text)
            return
        }
        Self.put("\u{1B}[\(status >= 500 ? 31 : status >= 400 ? 33 : 32)m\(text)\u{1B}[0m")
    }

    /// A line at once, unbuffered: whoever follows wants to see it now.
    private static func put(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
    }
}
