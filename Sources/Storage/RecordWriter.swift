// SPDX-License-Identifier: Apache-2.0
// How a stored value is framed: format, kind, version, numbered fields, checksum. Reading is
// `RecordReader`'s business.

package import Basics

/// Writes one stored value.
///
/// Layout: format (1 byte), kind (1), the kind's version (1), fields, CRC-32C of all before
/// (4, little-endian). A field is a variable-length tag (number × 4 + form) and its content;
/// one that is absent is not written, so fields can be added without a new version. A version
/// rises only when an old reader would misunderstand.
package struct RecordWriter: Sendable {
    /// How the content of a field is stored, so that an unknown one can be skipped.
    enum Form: UInt64 {
        /// A variable-length unsigned number.
        case number = 0
        /// A variable-length count and that many bytes.
        case bytes = 1
        /// Eight bytes, big-endian.
        case fixed = 2
    }

    /// The frame's own format.
    static let format: UInt8 = 1
    static let headerBytes = 3
    static let checksumBytes = 4

    private var output: [UInt8]
    private var stampOffset: Int?

    package init(_ kind: KeyKind, version: UInt8 = 1, capacity: Int = 128) {
        output = []
        output.reserveCapacity(capacity)
        output.append(RecordWriter.format)
        output.append(kind.rawValue)
        output.append(version)
    }

    /// The framed value.
    package consuming func finish() -> [UInt8] {
        var output = output
        let checksum = CRC32C.checksum(output)
        withUnsafeBytes(of: checksum.littleEndian) { output.append(contentsOf: $0) }
        return output
    }

    /// The framed value with a place for its commit version; `nil` without a `versionStamp`.
    package consuming func finishStamped() -> StampedValue? {
        guard let offset = stampOffset else { return nil }
        return StampedValue(bytes: finish(), offset: offset, sealed: true)
    }

    package mutating func unsigned(_ field: Int, _ value: UInt64?) {
        guard let value else { return }
        tag(field, .number)
        variable(value)
    }

    package mutating func signed(_ field: Int, _ value: Int64?) {
        guard let value else { return }
        unsigned(field, UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    package mutating func integer(_ field: Int, _ value: Int?) {
        signed(field, value.map { Int64($0) })
    }

    package mutating func bool(_ field: Int, _ value: Bool?) {
        unsigned(field, value.map { $0 ? 1 : 0 })
    }

    package mutating func time(_ field: Int, _ value: Timestamp?) {
        signed(field, value?.milliseconds)
    }

    package mutating func version(_ field: Int, _ value: StoreVersion?) {
        guard let value else { return }
        tag(field, .fixed)
        withUnsafeBytes(of: value.rawValue.bigEndian) { output.append(contentsOf: $0) }
    }

    /// Eight bytes that the store fills with the commit version; read it with `version`.
    package mutating func versionStamp(_ field: Int) {
        tag(field, .fixed)
        stampOffset = output.count
        output.append(contentsOf: repeatElement(0, count: 8))
    }

    package mutating func bytes(_ field: Int, _ value: [UInt8]?) {
        guard let value else { return }
        tag(field, .bytes)
        variable(UInt64(value.count))
        output.append(contentsOf: value)
    }

    package mutating func string(_ field: Int, _ value: String?) {
        guard var value else { return }
        tag(field, .bytes)
        value.withUTF8 { text in
            variable(UInt64(text.count))
            output.append(contentsOf: text)
        }
    }

    /// A field that holds fields of its own.
    ///
    /// Write one such field per element for a list.
    package mutating func nested(_ field: Int, _ body: (inout RecordWriter) -> Void) {
        var inner = RecordWriter()
        body(&inner)
        bytes(field, inner.output)
    }

    /// Makes the checksum of a framed value again after a stamp was filled in.
    static func reseal(_ value: inout [UInt8]) {
        guard value.count >= headerBytes + checksumBytes else { return }
        let end = value.count - checksumBytes
        let checksum = value.withUnsafeBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[..<end]))
        }
        for position in 0..<checksumBytes {
            value[end + position] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(position)))
        }
    }

    private init() { output = [] }

    private mutating func tag(_ field: Int, _ form: Form) {
        variable(UInt64(truncatingIfNeeded: field) << 2 | form.rawValue)
    }

    private mutating func variable(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            output.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        output.append(UInt8(rest))
    }
}
