// SPDX-License-Identifier: Apache-2.0
// The first step of every request: a web page in the developer's browser must not be able to
// reach the server, neither by a name of its own that resolves here (DNS rebinding) nor by a
// form or script of another origin.

import HTTPFront

/// Which `Host` and `Origin` are served.
package struct HostRule: Sendable {
    private let hosts: Set<String>
    private let suffixes: [String]
    private let origins: Set<String>

    /// Loopback names and AWS's own are always served; `extraHosts` and `origins` add to them.
    package init(extraHosts: [String] = [], origins: [String] = []) {
        var hosts: Set<String> = ["localhost", "localhost.localstack.cloud", "[::1]", "::1"]
        var suffixes = [".localhost", ".localhost.localstack.cloud", ".amazonaws.com"]
        for host in extraHosts.map({ $0.lowercased() }) {
            if host.hasPrefix("*.") {
                suffixes.append(String(host.dropFirst()))
            } else {
                hosts.insert(host)
            }
        }
        self.hosts = hosts
        self.suffixes = suffixes
        self.origins = Set(origins.map { $0.lowercased() })
    }

    /// The refusal, or `nil` to go on.
    func refusal(_ head: HTTPRequestHead) -> HTTPResponse? {
        if let host = head.host, !Self.isUsual(host), !admits(host: Self.name(in: host)) {
            return Self.refusal(
                "The Host \"\(Self.printable(host))\" is not served here. Use localhost, or name "
                    + "it with --host-name.")
        }
        if let origin = head.header("origin"), !admits(origin: origin.lowercased()) {
            return Self.refusal(
                "Requests of the Origin \"\(Self.printable(origin))\" are refused. Allow it with "
                    + "--allow-origin if it is yours.")
        }
        return nil
    }

    /// The two names nearly all clients use, with any port, told by their bytes.
    private static func isUsual(_ authority: String) -> Bool {
        for name in ["127.0.0.1", "localhost"] as [StaticString] {
            let count = name.utf8CodeUnitCount
            let rest = authority.utf8.dropFirst(count)
            if authority.utf8.count >= count, rest.isEmpty || rest.first == UInt8(ascii: ":"),
                authority.utf8.prefix(count).elementsEqual(
                    UnsafeBufferPointer(start: name.utf8Start, count: count))
            {
                return true
            }
        }
        return false
    }

    private func admits(host: String) -> Bool {
        let host = host.lowercased()
        if hosts.contains(host) || Self.isLoopback(host) { return true }
        return suffixes.contains { host.hasSuffix($0) }
    }

    private func admits(origin: String) -> Bool {
        if origins.contains(origin) { return true }
        guard let separator = origin.range(of: "://") else { return false }
        return admits(host: Self.name(in: String(origin[separator.upperBound...])))
    }

    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The name without its port.
    private static func name(in authority: String) -> String {
        if authority.hasPrefix("[") {
            return String(authority.prefix { $0 != "]" }) + "]"
        }
        return String(authority.prefix { $0 != ":" })
    }

    private static func printable(_ text: String) -> String {
        String(
            text.unicodeScalars.filter { $0.isASCII && $0.value >= 0x20 && $0.value < 0x7F }.prefix(
                100
            ).map(Character.init))
    }

    private static func refusal(_ message: String) -> HTTPResponse {
        var response = HTTPResponse(
            status: 403, headers: [("content-type", "text/plain; charset=utf-8")],
            body: Array("\(message)\n".utf8))
        response.closesConnection = true
        return response
    }
}

extension String {
    /// Where `text` first occurs; this module has no Foundation.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) {
                return start..<index(start, offsetBy: text.count)
            }
            start = index(after: start)
        }
        return nil
    }
}
