// SPDX-License-Identifier: Apache-2.0
// The pure parts of functions' way out, and the relay of frames over sockets in place of an
// interface. The way itself is walked by the contract tests.

import CSandbox
import Glibc
import Testing

@testable import FunctionRuntime

struct NetworkTests {
    @Test("Functions are told of name servers that they can reach, and of no others")
    func nameServers() {
        let text = """
            # comment
            search example.org
            nameserver 127.0.0.53
            nameserver\t192.0.2.53
            nameserver ::1
            nameserver 198.51.100.53 # second
            """
        #expect(
            NameServers.lines(of: text) == ["nameserver 192.0.2.53", "nameserver 198.51.100.53"])
        #expect(NameServers.lines(of: "").isEmpty)
    }

    @Test("A range's mask and an address's text")
    func ranges() {
        #expect(IPv4Range.linkLocal.mask == 0xFFFF_0000)
        #expect(IPv4Range.text(IPv4Range.linkLocal.address) == "169.254.0.0")
        #expect(IPv4Range(address: 1, prefix: 32).mask == .max)
        #expect(IPv4Range(address: 0, prefix: 0).mask == 0)
    }

    /// Two joined sockets; packets, which keep their boundaries as an interface does, or a stream.
    private func pair(_ kind: __socket_type) throws -> (near: Int32, far: Int32) {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(kind.rawValue), 0, &ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        return (ends[0], ends[1])
    }

    private func send(_ bytes: [UInt8], to descriptor: Int32) throws {
        try #require(write(descriptor, bytes, bytes.count) == bytes.count)
    }

    private func read(_ descriptor: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    @Test("Frames keep their boundaries over a stream, however it is cut")
    func lengths() throws {
        let interface = try pair(SOCK_SEQPACKET)
        let channel = try pair(SOCK_STREAM)
        defer {
            for end in [interface.near, interface.far, channel.near, channel.far] { close(end) }
        }
        let relay = FrameRelay(
            interface: interface.near, channel: channel.near, framing: .lengths)
        try send([1, 2, 3], to: interface.far)
        try send([4], to: interface.far)
        #expect(relay.carryOut() == .done)
        #expect(read(channel.far) == [0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 1, 4])
        for byte: UInt8 in [0, 0, 0, 2, 8, 9, 0, 0, 0, 1, 7] {
            try send([byte], to: channel.far)
            #expect(relay.carryIn() == .done)
        }
        #expect(read(interface.far) == [8, 9])
        #expect(read(interface.far) == [7])
        try send([0x7F, 0, 0, 0], to: channel.far)
        #expect(relay.carryIn() == .broken)
    }

    @Test("A full channel holds the interface back and loses nothing")
    func blocked() throws {
        let interface = try pair(SOCK_SEQPACKET)
        let channel = try pair(SOCK_SEQPACKET)
        defer {
            for end in [interface.near, interface.far, channel.near, channel.far] { close(end) }
        }
        let relay = FrameRelay(
            interface: interface.near, channel: channel.near, framing: .packets)
        let frame = [UInt8](repeating: 5, count: 60_000)
        var written: UInt8 = 0
        var outcome = FrameRelay.Outcome.done
        while outcome == .done, written < 100 {
            var next = frame
            next[0] = written
            try send(next, to: interface.far)
            written += 1
            outcome = relay.carryOut()
        }
        #expect(outcome == .blocked)
        var seen: [UInt8] = []
        while let first = read(channel.far).first {
            seen.append(first)
            if relay.carryOut() == .broken { break }
        }
        #expect(seen == Array(0..<written))
        close(channel.far)
        #expect(relay.carryIn() == .broken)
    }
}
