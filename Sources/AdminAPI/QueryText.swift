// SPDX-License-Identifier: Apache-2.0
// The few query parameters of the admin paths.

import Basics

/// A decoded query string; the first of equal names counts.
struct QueryText {
    private var values: [String: String] = [:]

    init(_ query: String) {
        for part in query.split(separator: "&").prefix(64) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.decoded(pair[0])
            if values[name] == nil { values[name] = pair.count > 1 ? Self.decoded(pair[1]) : "" }
        }
    }

    subscript(name: String) -> String? { values[name] }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        let source = Array(text.utf8)
        var position = 0
        while position < source.count {
            if source[position] == UInt8(ascii: "%"), position + 2 < source.count,
                let high = Hex.digit(source[position + 1]),
                let low = Hex.digit(source[position + 2])
            {
                bytes.append(high << 4 | low)
                position += 3
            } else {
                bytes.append(source[position] == UInt8(ascii: "+") ? 0x20 : source[position])
                position += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
