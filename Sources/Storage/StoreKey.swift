// SPDX-License-Identifier: Apache-2.0
// Ordered keys and ranges of them. How a key is built from typed parts is `KeyEncoder`'s business.

import Basics

/// A key: bytes ordered lexicographically, unsigned.
package struct StoreKey: Hashable, Comparable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package static func < (left: StoreKey, right: StoreKey) -> Bool {
        left.bytes.withUnsafeBytes { left in
            right.bytes.withUnsafeBytes { right in StoreKey.precedes(left, right) }
        }
    }

    /// The smallest key greater than this one.
    package var successor: StoreKey { StoreKey(bytes: bytes + [0]) }

    private static func precedes(
        _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
    ) -> Bool {
        let shared = min(left.count, right.count)
        var position = 0
        while position + 8 <= shared {
            let leftWord = left.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let rightWord = right.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            if leftWord != rightWord { return leftWord.bigEndian < rightWord.bigEndian }
            position += 8
        }
        while position < shared {
            if left[position] != right[position] { return left[position] < right[position] }
            position += 1
        }
        return left.count < right.count
    }
}

extension StoreKey: CustomStringConvertible {
    /// The key's kind by name and the rest in hexadecimal, for messages.
    package var description: String {
        guard let first = bytes.first else { return "the empty key" }
        let rest = Hex.encode(bytes.dropFirst())
        return "\(KeyKind(rawValue: first).map { "\($0)" } ?? Hex.encode([first])):\(rest)"
    }
}

/// A half-open range of keys: `lower` is in it, `upper` is not.
package struct KeyRange: Hashable, Sendable {
    package let lower: StoreKey
    package let upper: StoreKey

    package init(from lower: StoreKey, to upper: StoreKey) {
        self.lower = lower
        self.upper = upper
    }

    /// Every key that starts with `prefix`, itself included.
    package init(prefix: StoreKey) {
        var end = prefix.bytes
        while let last = end.last, last == 0xFF { end.removeLast() }
        if let last = end.popLast() {
            end.append(last + 1)
            self.init(from: prefix, to: StoreKey(bytes: end))
        } else {
            self.init(from: prefix, to: KeyRange.end)
        }
    }

    /// Just `key`.
    package init(only key: StoreKey) { self.init(from: key, to: key.successor) }

    /// Every key of one kind.
    package init(kind: KeyKind) { self.init(prefix: StoreKey(bytes: [kind.rawValue])) }

    /// Above every key that an encoder can build: no kind has the number 255.
    package static let end = StoreKey(bytes: [0xFF])

    package var isEmpty: Bool { upper <= lower }

    package func contains(_ key: StoreKey) -> Bool { lower <= key && key < upper }

    package func overlaps(_ other: KeyRange) -> Bool {
        lower < other.upper && other.lower < upper && !isEmpty && !other.isEmpty
    }

    /// The part of this range that lies after `key`.
    package func after(_ key: StoreKey) -> KeyRange {
        KeyRange(from: max(lower, key.successor), to: upper)
    }

    /// The part of this range that lies before `key`.
    package func before(_ key: StoreKey) -> KeyRange {
        KeyRange(from: lower, to: min(upper, key))
    }
}

/// A key with the value stored under it.
package struct KeyValue: Hashable, Sendable {
    package let key: StoreKey
    package let value: [UInt8]

    package init(key: StoreKey, value: [UInt8]) {
        self.key = key
        self.value = value
    }
}
