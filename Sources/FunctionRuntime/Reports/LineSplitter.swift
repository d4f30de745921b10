// SPDX-License-Identifier: Apache-2.0
// A function's output cut into log lines, with a bound on each.

/// Cuts bytes into lines as they come.
struct LineSplitter {
    /// CloudWatch Logs' largest event, less its overhead and the break.
    static let lineBytesMax = 262_144 - 27

    private var partial: [UInt8] = []

    /// The lines completed by `bytes`, without their breaks.
    mutating func append(_ bytes: ArraySlice<UInt8>) -> [String] {
        var lines: [String] = []
        var rest = bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            add(rest[rest.startIndex..<end], to: &lines)
            lines.append(take())
            rest = rest[(end + 1)...]
        }
        add(rest, to: &lines)
        return lines
    }

    /// What is left when no more comes, or comes for now.
    mutating func flush() -> String? { partial.isEmpty ? nil : take() }

    private mutating func add(_ bytes: ArraySlice<UInt8>, to lines: inout [String]) {
        var rest = bytes
        while partial.count + rest.count > Self.lineBytesMax {
            let room = Self.lineBytesMax - partial.count
            partial.append(contentsOf: rest.prefix(room))
            lines.append(take())
            rest = rest.dropFirst(room)
        }
        partial.append(contentsOf: rest)
    }

    private mutating func take() -> String {
        defer { partial.removeAll(keepingCapacity: partial.capacity < 65_536) }
        return String(decoding: partial, as: UTF8.self)
    }
}
