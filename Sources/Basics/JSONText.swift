// SPDX-License-Identifier: Apache-2.0
// JSON tree to bytes, and the string escaping every JSON writer shares.

extension JSONValue {
    /// Compact JSON text, members in their order.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Compact JSON text as UTF-8.
    package var bytes: [UInt8] {
        var output: [UInt8] = []
        append(to: &output)
        return output
    }

    /// Appends compact JSON text.
    ///
    /// Recursion is bounded by the depth the parser accepts.
    package func append(to output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): output.append(contentsOf: String(value).utf8)
        case .double(let value): JSONText.append(value, to: &output)
        case .string(let value): JSONText.append(value, to: &output)
        case .array(let items):
            output.append(UInt8(ascii: "["))
            for (position, item) in items.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                item.append(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let object):
            output.append(UInt8(ascii: "{"))
            for (position, member) in object.members.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                JSONText.append(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.append(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }
}

/// Scalars as JSON text.
package enum JSONText {
    /// Appends a quoted, escaped string; characters beyond ASCII stay as they are.
    package static func append(_ string: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var copy = string
        copy.withUTF8 { bytes in
            var clean = 0
            while true {
                let position = stop(in: bytes, from: clean)
                output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[clean..<position]))
                guard position < bytes.count else { return }
                escape(bytes[position], to: &output)
                clean = position + 1
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Index of the first quote, backslash or control character; the count if there is none.
    ///
    /// Most text needs no escape, so whole words are passed over at once.
    package static func stop(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        if let base = UnsafeRawPointer(bytes.baseAddress) {
            while index + 8 <= bytes.count {
                let word = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let quotes = word ^ (ones &* 0x22)
                let slashes = word ^ (ones &* 0x5C)
                // A byte's high bit comes up where the byte is zero, or below 0x20; a byte
                // beyond a hit may be flagged wrongly, so the hit itself is found one by one.
                let stops =
                    ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)
                    | ((word &- (ones &* 0x20)) & ~word)
                if stops & highs != 0 { break }
                index += 8
            }
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 { return index }
            index += 1
        }
        return index
    }

    /// Appends a double in its shortest exact form; not-a-number and infinities become `null`.
    package static func append(_ value: Double, to output: inout [UInt8]) {
        guard value.isFinite else {
            output.append(contentsOf: "null".utf8)
            return
        }
        if value == value.rounded(), abs(value) < 1e15 {
            output.append(contentsOf: String(Int64(value)).utf8)
        } else {
            output.append(contentsOf: String(value).utf8)
        }
    }

    private static func escape(_ byte: UInt8, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
        case 0x08: output.append(UInt8(ascii: "b"))
        case 0x0C: output.append(UInt8(ascii: "f"))
        case 0x0A: output.append(UInt8(ascii: "n"))
        case 0x0D: output.append(UInt8(ascii: "r"))
        case 0x09: output.append(UInt8(ascii: "t"))
        default:
            output.append(contentsOf: "u00".utf8)
            output.append(Hex.lowercase(byte >> 4))
            output.append(Hex.lowercase(byte & 0xF))
        }
    }
}
