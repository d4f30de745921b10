// SPDX-License-Identifier: Apache-2.0
// Ordered key bytes back to their typed parts.

package import Basics

/// Reads the parts of a key in the order in which `KeyEncoder` wrote them.
///
/// Every reading function throws `StoreError.damaged` when the bytes do not hold that part.
package struct KeyDecoder: Sendable {
    private let key: StoreKey
    private var position = 1

    /// Starts after the kind; throws unless the key is of `kind`.
    package init(_ key: StoreKey, kind: KeyKind) throws(StoreError) {
        guard key.bytes.first == kind.rawValue else {
            throw StoreError.damaged(key: key, reason: "not a key of kind \(kind)")
        }
        self.key = key
    }

    package mutating func cell() throws(StoreError) -> CellID {
        CellID(rawValue: try unsigned())
    }

    package mutating func unsigned() throws(StoreError) -> UInt64 { try integer() }

    package mutating func unsigned32() throws(StoreError) -> UInt32 { try integer() }

    package mutating func unsigned16() throws(StoreError) -> UInt16 { try integer() }

    package mutating func byte() throws(StoreError) -> UInt8 { try integer() }

    package mutating func bool() throws(StoreError) -> Bool { try byte() != 0 }

    package mutating func signed() throws(StoreError) -> Int64 {
        Int64(bitPattern: try unsigned() ^ 1 << 63)
    }

    package mutating func time() throws(StoreError) -> Timestamp {
        Timestamp(milliseconds: try signed())
    }

    /// A version, written directly or by a stamp.
    package mutating func version() throws(StoreError) -> StoreVersion {
        StoreVersion(rawValue: try unsigned())
    }

    package mutating func string() throws(StoreError) -> String {
        let bytes = try bytes()
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw damage("text is not UTF-8")
        }
        return text
    }

    package mutating func bytes() throws(StoreError) -> [UInt8] {
        var value: [UInt8] = []
        while position + 1 < key.bytes.count {
            let byte = key.bytes[position]
            guard byte == 0 else {
                value.append(byte)
                position += 1
                continue
            }
            let mark = key.bytes[position + 1]
            position += 2
            if mark == 1 { return value }
            guard mark == 0xFF else { throw damage("unknown escape") }
            value.append(0)
        }
        throw damage("unterminated part")
    }

    /// All that is left.
    package mutating func rawTail() -> [UInt8] {
        defer { position = key.bytes.count }
        return Array(key.bytes[min(position, key.bytes.count)...])
    }

    /// Throws unless every part has been read.
    package func end() throws(StoreError) {
        guard position == key.bytes.count else { throw damage("parts left over") }
    }

    private mutating func integer<Value: FixedWidthInteger>() throws(StoreError) -> Value {
        let width = MemoryLayout<Value>.size
        guard key.bytes.count - position >= width else { throw damage("key is too short") }
        let value = key.bytes.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: position, as: Value.self)
        }
        position += width
        return Value(bigEndian: value)
    }

    private func damage(_ reason: String) -> StoreError { .damaged(key: key, reason: reason) }
}
