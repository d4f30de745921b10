// SPDX-License-Identifier: Apache-2.0
// A set of changes that a store accepts as one commit.

/// Changes that become visible and durable together, in the order in which they were added.
package struct WriteBatch: Sendable {
    /// One change.
    package enum Operation: Hashable, Sendable {
        case put(StoreKey, [UInt8])
        case delete(StoreKey)
        case deleteRange(KeyRange)
    }

    /// Where a stamp has to be filled in before the operation is stored.
    struct Stamp: Hashable, Sendable {
        let operation: Int
        let keyOffset: Int?
        let valueOffset: Int?
        /// Whether the value ends in a checksum that must be made again.
        let sealed: Bool
    }

    /// The cell whose state this is; `nil` for keyed records that belong to no cell.
    package let cell: CellID?
    /// The claim under which the cell writes, from `Store.claim`; 0 is not checked.
    package let epoch: UInt64
    /// Stamps are still empty in these.
    package private(set) var operations: [Operation] = []
    /// Bytes of all keys and values: what `admit` is asked for.
    package private(set) var byteCount = 0
    private var stamps: [Stamp] = []

    package init(cell: CellID? = nil, epoch: UInt64 = 0) {
        self.cell = cell
        self.epoch = epoch
    }

    package var isEmpty: Bool { operations.isEmpty }

    package mutating func put(key: StoreKey, value: [UInt8]) {
        operations.append(.put(key, value))
        byteCount += key.bytes.count + value.count
    }

    /// Stores under a key that holds the version of this commit.
    package mutating func put(key: StampedKey, value: [UInt8]) {
        stamps.append(
            Stamp(
                operation: operations.count, keyOffset: key.offset, valueOffset: nil, sealed: false)
        )
        put(key: StoreKey(bytes: key.bytes), value: value)
    }

    /// Stores a value that holds the version of this commit.
    package mutating func put(key: StoreKey, value: StampedValue) {
        stamps.append(
            Stamp(
                operation: operations.count, keyOffset: nil, valueOffset: value.offset,
                sealed: value.sealed))
        put(key: key, value: value.bytes)
    }

    /// Stores a key and a value that both hold the version of this commit.
    package mutating func put(key: StampedKey, value: StampedValue) {
        stamps.append(
            Stamp(
                operation: operations.count, keyOffset: key.offset, valueOffset: value.offset,
                sealed: value.sealed))
        put(key: StoreKey(bytes: key.bytes), value: value.bytes)
    }

    /// Removes a key; no error when it is absent.
    package mutating func delete(key: StoreKey) {
        operations.append(.delete(key))
        byteCount += key.bytes.count
    }

    /// Removes every key of a range that is there when this operation's turn comes.
    package mutating func deleteRange(_ range: KeyRange) {
        guard !range.isEmpty else { return }
        operations.append(.deleteRange(range))
        byteCount += range.lower.bytes.count + range.upper.bytes.count
    }

    /// Adds the operations of another batch after this one's; cell and epoch stay.
    package mutating func append(_ other: WriteBatch) {
        let base = operations.count
        operations.append(contentsOf: other.operations)
        for stamp in other.stamps {
            stamps.append(
                Stamp(
                    operation: base + stamp.operation, keyOffset: stamp.keyOffset,
                    valueOffset: stamp.valueOffset, sealed: stamp.sealed))
        }
        byteCount += other.byteCount
    }

    /// This batch with every stamp filled in.
    ///
    /// An engine calls it once the version is known.
    package func filled(_ version: StoreVersion) -> WriteBatch {
        guard !stamps.isEmpty else { return self }
        var batch = self
        for stamp in stamps {
            guard case .put(var key, var value) = operations[stamp.operation] else { continue }
            if let offset = stamp.keyOffset {
                key = StoreKey(bytes: key.bytes.stamped(version, at: offset))
            }
            if let offset = stamp.valueOffset {
                value = value.stamped(version, at: offset)
                if stamp.sealed { RecordWriter.reseal(&value) }
            }
            batch.operations[stamp.operation] = .put(key, value)
        }
        batch.stamps = []
        return batch
    }
}

/// A value in which eight bytes wait for the version of the commit that writes it.
package struct StampedValue: Hashable, Sendable {
    let bytes: [UInt8]
    let offset: Int
    let sealed: Bool

    /// A value that is no record: the stamp goes to `offset`, eight bytes.
    package init(bytes: [UInt8], offset: Int) {
        self.init(bytes: bytes, offset: offset, sealed: false)
    }

    init(bytes: [UInt8], offset: Int, sealed: Bool) {
        self.bytes = bytes
        self.offset = offset
        self.sealed = sealed
    }
}
