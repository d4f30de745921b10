// SPDX-License-Identifier: Apache-2.0
// Header fields as one byte buffer and offsets into it. Nothing is turned into a string, folded
// or put in a dictionary before somebody asks for it.

/// The header fields of one request, in the order they arrived.
package struct HTTPFields: Sendable {
    /// Where one field lies in the buffer.
    struct Entry: Sendable {
        var nameStart: UInt32
        var nameEnd: UInt32
        var valueStart: UInt32
        var valueEnd: UInt32
    }

    /// One field; the value is without surrounding white space.
    package struct Field: Sendable {
        package let name: ArraySlice<UInt8>
        package let value: ArraySlice<UInt8>
    }

    let buffer: [UInt8]
    var entries: [Entry]

    package var count: Int { entries.count }

    /// The field at a position from 0 up to `count`.
    package subscript(position: Int) -> Field {
        let entry = entries[position]
        return Field(name: buffer[entry.name], value: buffer[entry.value])
    }

    /// The bytes of the first field of this name, whatever its case.
    package func firstBytes(_ name: String) -> ArraySlice<UInt8>? {
        position(of: name, from: 0).map { buffer[entries[$0].value] }
    }

    /// The first field of this name, whatever its case; bytes that are not UTF-8 are replaced.
    package func first(_ name: String) -> String? {
        position(of: name, from: 0).map { text(entries[$0].value) }
    }

    /// Every field of this name joined in order (RFC 9110, 5.3); `nil` when there is none.
    package func joined(_ name: String, separator: String = ", ") -> String? {
        guard let start = position(of: name, from: 0) else { return nil }
        var result = text(entries[start].value)
        var next = start + 1
        while let found = position(of: name, from: next) {
            result += separator
            result += text(entries[found].value)
            next = found + 1
        }
        return result
    }

    /// Whether the first field of this name has exactly this value, both without regard to case.
    package func matches(_ name: String, _ value: String) -> Bool {
        guard let found = position(of: name, from: 0) else { return false }
        return equal(entries[found].value, value)
    }

    private func position(of name: String, from start: Int) -> Int? {
        var position = start
        while position < entries.count {
            if equal(entries[position].name, name) { return position }
            position += 1
        }
        return nil
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: buffer[range], as: UTF8.self)
    }

    private func equal(_ range: Range<Int>, _ text: String) -> Bool {
        guard text.utf8.count == range.count else { return false }
        let fast = text.utf8.withContiguousStorageIfAvailable { other in
            buffer.withUnsafeBytes { bytes in
                ASCII.equalsIgnoringCase(
                    UnsafeRawBufferPointer(rebasing: bytes[range]), UnsafeRawBufferPointer(other))
            }
        }
        return fast ?? false
    }
}

extension HTTPFields.Entry {
    var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
    var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
}
