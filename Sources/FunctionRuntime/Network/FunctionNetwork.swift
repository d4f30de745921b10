// SPDX-License-Identifier: Apache-2.0
// What functions reach beyond their own loopback: the setting, the program that stands for the
// outside world, and the addresses that stay out of reach. Running it is FunctionRuntime+Network's.

import Glibc

/// Whether functions at level namespaces have a way out.
package enum FunctionNetwork: String, Hashable, Sendable, CaseIterable {
    /// Nothing but Martlet and their own loopback.
    case none
    /// As on AWS, where a program is installed that carries it.
    case auto
}

/// A program that takes a network's frames and speaks for it to the outside.
enum OutgoingProgram: Hashable, Sendable {
    case slirp4netns(String)
    case passt(String)

    /// The first that is installed, faster ones first.
    static func find(in folders: [String]) -> OutgoingProgram? {
        for folder in folders where SmallFile.isExecutable("\(folder)/slirp4netns") {
            return .slirp4netns("\(folder)/slirp4netns")
        }
        for folder in folders where SmallFile.isExecutable("\(folder)/passt") {
            return .passt("\(folder)/passt")
        }
        return nil
    }

    var name: String {
        switch self {
        case .slirp4netns: "slirp4netns"
        case .passt: "passt"
        }
    }

    /// The command line; neither forwards to the machine's own loopback.
    ///
    /// `socket` is where slirp4netns is to listen, in the paths it sees. passt gets descriptor 3.
    func arguments(socket: String) -> [String] {
        switch self {
        case .slirp4netns(let path):
            [
                path, "--target-type=bess", "--disable-host-loopback", "--disable-dns",
                "--enable-seccomp", "--mtu=\(NetworkInterface.mtu)", socket,
            ]
        case .passt(let path):
            [
                path, "--foreground", "--quiet", "--fd", "3", "--ipv4-only", "--no-map-gw",
                "--address", IPv4Range.text(NetworkInterface.address), "--netmask", "24",
                "--gateway", IPv4Range.text(NetworkInterface.gateway), "--dns", "none",
                "--search", "none", "--no-dhcp", "--tcp-ports", "none", "--udp-ports", "none",
            ]
        }
    }
}

/// A block of IPv4 addresses, in the machine's byte order.
struct IPv4Range: Hashable, Sendable {
    let address: UInt32
    let prefix: Int

    var mask: UInt32 { prefix == 0 ? 0 : ~0 << UInt32(32 - min(prefix, 32)) }

    /// Where clouds answer with credentials, and other links' private matters.
    static let linkLocal = IPv4Range(address: 0xA9FE_0000, prefix: 16)

    static func text(_ address: UInt32) -> String {
        [24, 16, 8, 0].map { "\(address >> $0 & 0xFF)" }.joined(separator: ".")
    }

    /// The addresses of this machine, its loopback left out.
    static func ofThisMachine() -> [IPv4Range] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: Set<UInt32> = []
        var next = first
        while let entry = next {
            next = entry.pointee.ifa_next
            guard let address = entry.pointee.ifa_addr, address.pointee.sa_family == AF_INET
            else { continue }
            let value = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt32(bigEndian: $0.pointee.sin_addr.s_addr)
            }
            if value >> 24 != 127 { found.insert(value) }
        }
        return found.sorted().map { IPv4Range(address: $0, prefix: 32) }
    }
}

/// The interface that a function's network has beside its loopback.
struct NetworkInterface: Sendable {
    static let mtu = 65_520
    /// slirp4netns's own network and conventions; passt is told of them.
    static let address: UInt32 = 0x0A00_0264
    static let gateway: UInt32 = 0x0A00_0202
    static let prefix = 24

    /// Out of reach, whatever the program would do with them.
    var unreachable: [IPv4Range]
}

/// The name servers a function is told of.
enum NameServers {
    /// The lines of `resolv.conf` inside: the machine's servers, but those on its loopback,
    /// which no function reaches.
    static func lines(of text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count >= 2, words[0] == "nameserver", !words[1].contains(":"),
                !words[1].hasPrefix("127."), words[1] != "0.0.0.0"
            else { return nil }
            return "nameserver \(words[1])"
        }
    }

    /// The machine's, also where a local resolver stands before them.
    static func ofThisMachine() -> [String] {
        for path in ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"] {
            let found = lines(of: SmallFile.read(path) ?? "")
            if !found.isEmpty { return found }
        }
        return []
    }
}
