// SPDX-License-Identifier: Apache-2.0
// The server's own log on standard output: a line an event, as text or JSON.

import Basics

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes log lines, each at once.
struct ServerLog: Sendable {
    let isJSON: Bool

    func write(_ level: String, _ message: String) {
        let line: String
        if isJSON {
            line = JSONValue.object(["level": .string(level), "message": .string(message)]).text
        } else {
            line = level == "info" ? message : "\(level): \(message)"
        }
        let bytes = Array("\(line)\n".utf8)
        _ = bytes.withUnsafeBytes {
            Glibc.write(level == "error" ? 2 : 1, $0.baseAddress, $0.count)
        }
    }
}
