// SPDX-License-Identifier: Apache-2.0
// Name to index for a handful of fixed names, straight from bytes: the hot step of reading a
// member. Neither hashes whole names nor makes strings.

/// A fixed set of names, looked up by their UTF-8 bytes.
struct NameTable: Sendable {
    private let bytes: [UInt8]
    /// Start of each name in `bytes`, and the end of the last.
    private let starts: [Int]
    /// Open addressing over a power of two; -1 is free.
    private let slots: [Int16]

    /// Empty names are left out and never found.
    init(names: [String]) {
        var bytes: [UInt8] = []
        var starts: [Int] = []
        for name in names {
            starts.append(bytes.count)
            bytes.append(contentsOf: name.utf8)
        }
        starts.append(bytes.count)
        var size = 4
        while size < names.count * 4 { size *= 2 }
        var slots = [Int16](repeating: -1, count: size)
        for (index, name) in names.enumerated() where !name.isEmpty {
            let utf8 = Array(name.utf8)
            var slot = utf8.withUnsafeBufferPointer { Self.hash($0) } & (size - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Int16(index)
        }
        self.bytes = bytes
        self.starts = starts
        self.slots = slots
    }

    /// Index of a name, -1 if it is none of them.
    func index(of name: UnsafeBufferPointer<UInt8>) -> Int {
        guard !name.isEmpty else { return -1 }
        let mask = slots.count - 1
        var slot = Self.hash(name) & mask
        while slots[slot] >= 0 {
            let candidate = Int(slots[slot])
            if matches(candidate, name) { return candidate }
            slot = (slot + 1) & mask
        }
        return -1
    }

    private func matches(_ index: Int, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = starts[index]
        guard starts[index + 1] - start == name.count else { return false }
        return bytes.withUnsafeBufferPointer { table in
            for offset in 0..<name.count where table[start + offset] != name[offset] {
                return false
            }
            return true
        }
    }

    /// Length and three bytes tell the members of real structures apart well enough.
    private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        let count = name.count
        let first = Int(name[0])
        let middle = Int(name[count / 2])
        let last = Int(name[count - 1])
        return count &+ first &* 5 &+ middle &* 17 &+ last &* 31
    }
}
