// SPDX-License-Identifier: Apache-2.0
// The inner loop of JSON strings, for reading and writing alike: most text needs no escape, so
// whole words are passed over at once.

import Basics

/// Scanning and writing of JSON strings.
enum JSONStrings {
    /// Index of the first quote, backslash or control character; the count if there is none.
    static func stop(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
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

    /// Appends a quoted, escaped string.
    static func append(_ string: String, to output: inout [UInt8]) {
        var copy = string
        let isPlain = copy.withUTF8 { bytes in
            guard stop(in: bytes, from: 0) == bytes.count else { return false }
            output.append(UInt8(ascii: "\""))
            output.append(contentsOf: bytes)
            output.append(UInt8(ascii: "\""))
            return true
        }
        if !isPlain { JSONText.append(string, to: &output) }
    }
}
