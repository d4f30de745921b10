// SPDX-License-Identifier: Apache-2.0
// Typed parts to ordered key bytes. Taking them apart again is `KeyDecoder`'s business.

package import Basics

/// Builds a key whose byte order is the order of its parts.
///
///     KeyEncoder(.sqsMessage).cell(queue).unsigned(position).key
///
/// Integers are fixed-width and big-endian (signed ones with the sign bit turned over), texts
/// and byte strings are escaped and terminated, so that parts of different length compare as
/// their values do. `rawTail` is neither and must come last.
package struct KeyEncoder: Sendable {
    private var bytes: [UInt8]
    private var stampOffset: Int?

    package init(_ kind: KeyKind) {
        bytes = []
        bytes.reserveCapacity(32)
        bytes.append(kind.rawValue)
    }

    /// The key built so far.
    package var key: StoreKey { StoreKey(bytes: bytes) }

    /// Every key that starts with the parts given so far.
    package var prefix: KeyRange { KeyRange(prefix: key) }

    /// The key with a place for its commit version; `nil` when `versionStamp` was not called.
    package var stampedKey: StampedKey? {
        stampOffset.map { StampedKey(bytes: bytes, offset: $0) }
    }

    package consuming func cell(_ cell: CellID) -> KeyEncoder { unsigned(cell.rawValue) }

    package consuming func unsigned(_ value: UInt64) -> KeyEncoder { integer(value) }

    package consuming func unsigned32(_ value: UInt32) -> KeyEncoder { integer(value) }

    package consuming func unsigned16(_ value: UInt16) -> KeyEncoder { integer(value) }

    package consuming func byte(_ value: UInt8) -> KeyEncoder { integer(value) }

    package consuming func bool(_ value: Bool) -> KeyEncoder { integer(value ? 1 as UInt8 : 0) }

    package consuming func signed(_ value: Int64) -> KeyEncoder {
        integer(UInt64(bitPattern: value) ^ 1 << 63)
    }

    package consuming func time(_ value: Timestamp) -> KeyEncoder { signed(value.milliseconds) }

    package consuming func version(_ value: StoreVersion) -> KeyEncoder {
        integer(value.rawValue)
    }

    package consuming func string(_ value: String) -> KeyEncoder { escaped(value.utf8) }

    package consuming func bytes(_ value: [UInt8]) -> KeyEncoder { escaped(value) }

    /// Bytes up to the end of the key, unescaped.
    ///
    /// Nothing may follow.
    package consuming func rawTail(_ value: some Sequence<UInt8>) -> KeyEncoder {
        var encoder = self
        encoder.bytes.append(contentsOf: value)
        return encoder
    }

    /// Eight bytes that the store fills with the commit version.
    ///
    /// At most one per key.
    package consuming func versionStamp() -> KeyEncoder {
        var encoder = self
        encoder.stampOffset = encoder.bytes.count
        return encoder.integer(0 as UInt64)
    }

    private consuming func integer(_ value: some FixedWidthInteger) -> KeyEncoder {
        var encoder = self
        withUnsafeBytes(of: value.bigEndian) { encoder.bytes.append(contentsOf: $0) }
        return encoder
    }

    /// A zero byte becomes `00 FF`; `00 01` ends the part and sorts below every continuation.
    private consuming func escaped(_ value: some Sequence<UInt8>) -> KeyEncoder {
        var encoder = self
        for byte in value {
            encoder.bytes.append(byte)
            if byte == 0 { encoder.bytes.append(0xFF) }
        }
        encoder.bytes.append(0)
        encoder.bytes.append(1)
        return encoder
    }
}

/// A key in which eight bytes wait for the version of the commit that writes it.
package struct StampedKey: Hashable, Sendable {
    let bytes: [UInt8]
    let offset: Int

    /// The key as it is stored by the commit `version`.
    package func filled(_ version: StoreVersion) -> StoreKey {
        StoreKey(bytes: bytes.stamped(version, at: offset))
    }
}

extension [UInt8] {
    /// A copy with the big-endian version at `offset`.
    func stamped(_ version: StoreVersion, at offset: Int) -> [UInt8] {
        var copy = self
        for position in 0..<8 where copy.indices.contains(offset + position) {
            copy[offset + position] = UInt8(
                truncatingIfNeeded: version.rawValue >> (56 - 8 * UInt64(position)))
        }
        return copy
    }
}
