// SPDX-License-Identifier: Apache-2.0
// Options that may come from the environment: MARTLET_* first, then LocalStack's names.

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

    /// The values of a variable that may hold several, separated by commas.
    static func list(_ name: String) -> [String] {
        (value(name) ?? "").split(separator: ",").map {
            String($0.drop { $0 == " " })
        }
    }

    static func number(_ name: String) throws -> Int? {
        guard let text = value(name) else { return nil }
        guard let number = Int(text) else {
            throw CommandFailure("\(name) is \(text), which is no number. Set one, or unset it.")
        }
        return number
    }

    static func checkedPort(_ port: Int, from least: Int) throws -> Int {
        guard (least...65_535).contains(port) else {
            throw CommandFailure("There is no port \(port). Choose one from \(least) to 65535.")
        }
        return port
    }

    /// Host and port of LocalStack's `GATEWAY_LISTEN`, such as `127.0.0.1:4566`; the first counts.
    static func gatewayListen() throws -> (host: String?, port: Int?) {
        guard let first = list("GATEWAY_LISTEN").first else { return (nil, nil) }
        guard let colon = first.lastIndex(of: ":") else { return (first, nil) }
        let host = String(first[..<colon])
        guard let port = Int(first[first.index(after: colon)...]) else {
            throw CommandFailure(
                "GATEWAY_LISTEN is \(first), which names no port. Write it as 127.0.0.1:4566.")
        }
        return (host.isEmpty ? "0.0.0.0" : host, port)
    }

    /// `$XDG_DATA_HOME/martlet`, by default under `~/.local/share`.
    static var defaultDataDirectory: String {
        if let home = value("XDG_DATA_HOME") { return "\(home)/martlet" }
        return "\(value("HOME") ?? ".")/.local/share/martlet"
    }
}
