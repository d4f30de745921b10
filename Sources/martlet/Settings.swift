// SPDX-License-Identifier: Apache-2.0
// Options that may come from the environment: MARTLET_* first, then LocalStack's names.

import ArgumentParser

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Reads environment variables.
enum Settings {
    static func value(_ name: String) -> String? {
        guard let text = getenv(name) else { return nil }
        let value = String(cString: text)
        return value.isEmpty ? nil : value
    }

    static func flag(_ name: String) -> Bool {
        ["1", "true", "yes", "on"].contains(value(name)?.lowercased() ?? "")
    }

    static func number(_ name: String) throws -> Int? {
        guard let text = value(name) else { return nil }
        guard let number = Int(text) else {
            throw ValidationError("\(name) is not a number: \(text)")
        }
        return number
    }

    /// Host and port of LocalStack's `GATEWAY_LISTEN`, such as `0.0.0.0:4566`; the first counts.
    static var gatewayListen: (host: String?, port: Int?) {
        guard let first = value("GATEWAY_LISTEN")?.split(separator: ",").first else {
            return (nil, nil)
        }
        guard let colon = first.lastIndex(of: ":") else { return (String(first), nil) }
        let host = String(first[..<colon])
        return (host.isEmpty ? "0.0.0.0" : host, Int(first[first.index(after: colon)...]))
    }

    /// `$XDG_DATA_HOME/martlet`, by default under `~/.local/share`.
    static var defaultDataDirectory: String {
        if let home = value("XDG_DATA_HOME") { return "\(home)/martlet" }
        return "\(value("HOME") ?? ".")/.local/share/martlet"
    }
}
