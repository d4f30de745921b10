// SPDX-License-Identifier: Apache-2.0
// Reads what `RecordWriter` framed, and tells damage from a newer format.

package import Basics

/// Reads one stored value, field by field, in the order in which they were written.
///
///     var record = try RecordReader(value, under: key, kind: .sqsHeader, newest: 1)
///     while let field = try record.next() {
///         switch field {
///         case 1: name = try record.string()
///         default: break
///         }
///     }
///
/// A field that is not read is skipped by the following `next`.
package struct RecordReader: Sendable {
    /// The version of the kind's layout in which the value was written.
    package let layout: UInt8
    private let key: StoreKey
    private let input: [UInt8]
    private var position: Int
    private let end: Int
    private var form: RecordWriter.Form?

    /// Checks frame, checksum, kind and version; `newest` is the newest version the caller knows.
    package init(
        _ value: [UInt8], under key: StoreKey, kind: KeyKind, newest: UInt8 = 1
    ) throws(StoreError) {
        guard value.count >= RecordWriter.headerBytes + RecordWriter.checksumBytes else {
            throw StoreError.damaged(key: key, reason: "too short")
        }
        let end = value.count - RecordWriter.checksumBytes
        let (computed, stored) = value.withUnsafeBytes { bytes in
            (
                CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<end])),
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self))
            )
        }
        guard computed == stored else {
            throw StoreError.damaged(key: key, reason: "checksum differs")
        }
        guard value[0] <= RecordWriter.format else {
            throw StoreError.newerFormat(
                key: key, found: value[0], newestKnown: RecordWriter.format)
        }
        guard value[1] == kind.rawValue else {
            throw StoreError.damaged(key: key, reason: "not a record of kind \(kind)")
        }
        guard value[2] <= newest else {
            throw StoreError.newerFormat(key: key, found: value[2], newestKnown: newest)
        }
        self.key = key
        self.layout = value[2]
        self.input = value
        self.position = RecordWriter.headerBytes
        self.end = end
    }

    private init(_ input: [UInt8], within outer: RecordReader) {
        self.key = outer.key
        self.layout = outer.layout
        self.input = input
        self.position = 0
        self.end = input.count
    }

    /// The number of the next field, or `nil` at the end.
    package mutating func next() throws(StoreError) -> Int? {
        if form != nil { try skip() }
        guard position < end else { return nil }
        let tag = try variable()
        guard let form = RecordWriter.Form(rawValue: tag & 3), let field = Int(exactly: tag >> 2)
        else { throw damage("unknown form of field") }
        self.form = form
        return field
    }

    package mutating func unsigned() throws(StoreError) -> UInt64 {
        try take(.number)
        return try variable()
    }

    package mutating func signed() throws(StoreError) -> Int64 {
        let folded = try unsigned()
        return Int64(bitPattern: folded >> 1) ^ -Int64(bitPattern: folded & 1)
    }

    package mutating func integer() throws(StoreError) -> Int {
        guard let value = Int(exactly: try signed()) else { throw damage("number is too large") }
        return value
    }

    package mutating func bool() throws(StoreError) -> Bool { try unsigned() != 0 }

    package mutating func time() throws(StoreError) -> Timestamp {
        Timestamp(milliseconds: try signed())
    }

    package mutating func version() throws(StoreError) -> StoreVersion {
        try take(.fixed)
        guard end - position >= 8 else { throw damage("field is cut off") }
        let word = input.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        }
        position += 8
        return StoreVersion(rawValue: UInt64(bigEndian: word))
    }

    package mutating func bytes() throws(StoreError) -> [UInt8] { Array(try slice()) }

    package mutating func string() throws(StoreError) -> String {
        guard let text = String(validating: try slice(), as: UTF8.self) else {
            throw damage("text is not UTF-8")
        }
        return text
    }

    /// A reader of the fields inside this one.
    package mutating func nested() throws(StoreError) -> RecordReader {
        RecordReader(Array(try slice()), within: self)
    }

    /// The error for content that is framed well and still makes no sense to the caller.
    package func damage(_ reason: String) -> StoreError { .damaged(key: key, reason: reason) }

    private mutating func take(_ expected: RecordWriter.Form) throws(StoreError) {
        guard form == expected else { throw damage("field has another form") }
        form = nil
    }

    private mutating func skip() throws(StoreError) {
        switch form {
        case .number: _ = try unsigned()
        case .bytes: _ = try slice()
        case .fixed: _ = try version()
        case nil: break
        }
    }

    private mutating func slice() throws(StoreError) -> ArraySlice<UInt8> {
        try take(.bytes)
        guard let count = Int(exactly: try variable()), count <= end - position else {
            throw damage("field is cut off")
        }
        defer { position += count }
        return input[position..<position + count]
    }

    private mutating func variable() throws(StoreError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end {
            let byte = input[position]
            position += 1
            guard shift < 63 || byte <= 1 else { throw damage("number is too long") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            guard shift <= 63 else { throw damage("number is too long") }
        }
        throw damage("field is cut off")
    }
}
