// SPDX-License-Identifier: Apache-2.0
// Searching for texts and for texts with wildcards, in time linear in the event whatever the
// pattern.

/// A text to be found within another (Knuth, Morris and Pratt).
struct Needle: Hashable, Sendable {
    let bytes: [UInt8]
    /// Length of the longest proper border of each prefix.
    private let borders: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var borders = [Int](repeating: 0, count: bytes.count)
        var length = 0
        for index in bytes.indices.dropFirst() {
            while length > 0, bytes[index] != bytes[length] { length = borders[length - 1] }
            if bytes[index] == bytes[length] { length += 1 }
            borders[index] = length
        }
        self.borders = borders
    }

    /// Where the first occurrence in `text` ends, `nil` when there is none.
    func end(in text: ArraySlice<UInt8>) -> Int? {
        if bytes.isEmpty { return text.startIndex }
        var length = 0
        for index in text.indices {
            let byte = text[index]
            while length > 0, byte != bytes[length] { length = borders[length - 1] }
            if byte == bytes[length] { length += 1 }
            if length == bytes.count { return index + 1 }
        }
        return nil
    }
}

/// A text in which `*` stands for any number of bytes.
struct WildcardText: Hashable, Sendable {
    private let pieces: [Needle]

    init(_ bytes: some Collection<UInt8>) {
        pieces = bytes.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
            .map { Needle(Array($0)) }
    }

    /// Whether the whole of `text` is such a text.
    func matches(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = pieces.first, let last = pieces.last else { return text.isEmpty }
        guard pieces.count > 1 else { return text.elementsEqual(first.bytes) }
        guard text.count >= first.bytes.count + last.bytes.count,
            text.starts(with: first.bytes), text.suffix(last.bytes.count).elementsEqual(last.bytes)
        else { return false }
        var rest = text.dropFirst(first.bytes.count).dropLast(last.bytes.count)
        for piece in pieces.dropFirst().dropLast() {
            guard let end = piece.end(in: rest) else { return false }
            rest = rest[end...]
        }
        return true
    }

    func matches(_ text: String) -> Bool { matches(Array(text.utf8)[...]) }
}
