// SPDX-License-Identifier: Apache-2.0
// IPv4 and IPv6 addresses and their CIDR ranges, for the `IpAddress` operators.

/// A range of addresses, `192.0.2.0/24` or `2001:db8::/32`; without length, one address.
struct AddressRange: Hashable, Sendable {
    /// 4 or 16 bytes.
    private let network: [UInt8]
    private let prefixBits: Int

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let network = Self.address(String(parts[0])) else { return nil }
        self.network = network
        guard parts.count == 2 else {
            prefixBits = network.count * 8
            return
        }
        guard let bits = Self.decimal(parts[1], max: network.count * 8) else { return nil }
        prefixBits = bits
    }

    /// Whether an address, as `address(_:)` reads it, lies in the range.
    func contains(_ address: [UInt8]) -> Bool {
        guard address.count == network.count else { return false }
        let whole = prefixBits / 8
        guard address[..<whole].elementsEqual(network[..<whole]) else { return false }
        let rest = prefixBits % 8
        guard rest > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - rest))
        return address[whole] & mask == network[whole] & mask
    }

    /// The bytes of an address; an IPv4 address mapped into IPv6 is seen as IPv4.
    static func address(_ text: String) -> [UInt8]? {
        guard text.contains(":") else { return dotted(text[...]) }
        guard let bytes = colons(text) else { return nil }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? Array(bytes[12...]) : bytes
    }

    private static func dotted(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard let value = decimal(part, max: 255) else { return nil }
            bytes.append(UInt8(value))
        }
        return bytes
    }

    private static func colons(_ text: String) -> [UInt8]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2, let head = groups(halves[0]) else { return nil }
        guard halves.count == 2 else { return head.count == 16 ? head : nil }
        guard let tail = groups(halves[1]), head.count + tail.count <= 14 else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: Substring) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        for (position, part) in parts.enumerated() {
            if position == parts.count - 1, part.contains(".") {
                guard let last = dotted(part) else { return nil }
                bytes += last
                continue
            }
            guard (1...4).contains(part.utf8.count), let value = UInt16(part, radix: 16),
                part.first != "+"
            else { return nil }
            bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
        }
        return bytes.count <= 16 ? bytes : nil
    }

    private static func decimal(_ text: Substring, max: Int) -> Int? {
        guard (1...3).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int(text), value <= max
        else { return nil }
        return value
    }
}
