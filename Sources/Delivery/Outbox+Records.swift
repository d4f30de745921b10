// SPDX-License-Identifier: Apache-2.0
// How entries are stored: a small header that is read at start, and the content beside it.

import Basics
import Journal
import Storage

enum OutboxKeys {
    static func header(_ id: OutboxID) -> StoreKey {
        KeyEncoder(.outbox).byte(0).unsigned(id.rawValue).key
    }

    static func content(_ id: OutboxID) -> StoreKey {
        KeyEncoder(.outbox).byte(1).unsigned(id.rawValue).key
    }

    static var headers: KeyRange { KeyEncoder(.outbox).byte(0).prefix }

    static func id(in key: StoreKey) throws(StoreError) -> OutboxID {
        var decoder = try KeyDecoder(key, kind: .outbox)
        _ = try decoder.byte()
        return OutboxID(rawValue: try decoder.unsigned())
    }
}

extension OutboxHeader {
    var record: [UInt8] {
        var writer = RecordWriter(.outbox, capacity: 96)
        writer.string(1, handler)
        writer.string(2, lane)
        writer.time(3, acceptedAt)
        writer.time(4, dueAt)
        writer.integer(5, attempts)
        writer.integer(6, deferrals)
        writer.unsigned(7, cause.rawValue)
        return writer.finish()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        var handler = ""
        var lane = ""
        var acceptedAt = Timestamp.distantPast
        var dueAt = Timestamp.distantPast
        var attempts = 0
        var deferrals = 0
        var cause = JournalID.none
        var reader = try RecordReader(value, under: key, kind: .outbox)
        while let field = try reader.next() {
            switch field {
            case 1: handler = try reader.string()
            case 2: lane = try reader.string()
            case 3: acceptedAt = try reader.time()
            case 4: dueAt = try reader.time()
            case 5: attempts = try reader.integer()
            case 6: deferrals = try reader.integer()
            case 7: cause = JournalID(rawValue: try reader.unsigned())
            default: break
            }
        }
        self.init(
            id: try OutboxKeys.id(in: key), handler: handler, lane: lane,
            acceptedAt: acceptedAt, dueAt: dueAt, attempts: attempts, deferrals: deferrals,
            cause: cause)
    }
}

/// The frame around an entry's content: the handler's bytes under the outbox's checksum.
enum OutboxContent {
    static func record(_ content: [UInt8]) -> [UInt8] {
        var writer = RecordWriter(.outbox, capacity: content.count + 16)
        writer.bytes(1, content)
        return writer.finish()
    }

    static func content(of value: [UInt8], key: StoreKey) throws(StoreError) -> [UInt8] {
        var content: [UInt8] = []
        var reader = try RecordReader(value, under: key, kind: .outbox)
        while let field = try reader.next() {
            if field == 1 { content = try reader.bytes() }
        }
        return content
    }
}
