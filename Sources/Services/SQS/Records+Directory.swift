// SPDX-License-Identifier: Apache-2.0
// The records that lead from names to cells.

import Basics
import Storage

/// Where a name leads, or that it led somewhere until recently.
struct DirectoryEntry {
    let cell: CellID
    let deletedAt: Timestamp?

    init(cell: CellID, deletedAt: Timestamp?) {
        self.cell = cell
        self.deletedAt = deletedAt
    }

    var record: [UInt8] {
        var writer = RecordWriter(.directory, capacity: 32)
        writer.unsigned(1, cell.rawValue)
        writer.time(2, deletedAt)
        return writer.finish()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        var cell: UInt64 = 0
        var deletedAt: Timestamp?
        var reader = try RecordReader(value, under: key, kind: .directory)
        while let field = try reader.next() {
            switch field {
            case 1: cell = try reader.unsigned()
            case 2: deletedAt = try reader.time()
            default: break
            }
        }
        self.init(cell: CellID(rawValue: cell), deletedAt: deletedAt)
    }
}

/// The number the next cell gets; numbers are never used again.
struct CellCounter {
    let next: UInt64

    init(next: UInt64) { self.next = next }

    var record: [UInt8] {
        var writer = RecordWriter(.cellCounter, capacity: 16)
        writer.unsigned(1, next)
        return writer.finish()
    }

    /// Starts at 1 when nothing is stored.
    init(_ value: [UInt8]?, key: StoreKey) throws(StoreError) {
        var next: UInt64 = 1
        if let value {
            var reader = try RecordReader(value, under: key, kind: .cellCounter)
            while let field = try reader.next() {
                if field == 1 { next = try reader.unsigned() }
            }
        }
        self.init(next: next)
    }
}
