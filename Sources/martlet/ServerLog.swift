// SPDX-License-Identifier: Apache-2.0
// The server's own log on standard output, errors on standard error: a line an event, as text or
// JSON.

import Basics
import Platform

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes log lines, each at once.
struct ServerLog: Sendable {
    let isJSON: Bool

    func write(_ level: String, _ message: String, _ fields: JSONObject = [:]) {
        // Text is for eyes: several lines may stand under one event.
        var line = level == "info" ? message : "\(level): \(message)"
        if isJSON {
            var object: JSONObject = [
                "time": .string(Platform.wallTime().iso8601(fraction: true)),
                "level": .string(level), "message": .string(message),
            ]
            for field in fields.members { object[field.name] = field.value }
            line = JSONValue.object(object).text
        }
        Self.put(line, on: level == "error" ? 2 : 1)
    }

    static func put(_ line: String, on descriptor: Int32) {
        let bytes = Array("\(line)\n".utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
