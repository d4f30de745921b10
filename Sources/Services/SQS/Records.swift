// SPDX-License-Identifier: Apache-2.0
// What a queue stores: keys and records. Numbers of fields are never used again.

import Basics
import Storage

/// Keys of one queue's cell.
struct QueueKeys: Sendable {
    let cell: CellID

    var header: StoreKey { KeyEncoder(.sqsHeader).cell(cell).key }
    var configuration: StoreKey { KeyEncoder(.sqsConfiguration).cell(cell).key }

    func message(_ position: MessagePosition) -> StoreKey {
        KeyEncoder(.sqsMessage).cell(cell).unsigned(position.rawValue).key
    }

    func lease(_ position: MessagePosition) -> StoreKey {
        KeyEncoder(.sqsMessageState).cell(cell).unsigned(position.rawValue).key
    }

    /// Messages on their way to another queue, found at start without loading any queue.
    func leaving(_ position: MessagePosition) -> StoreKey {
        KeyEncoder(.sqsOutbox).cell(cell).unsigned(position.rawValue).key
    }

    func deduplication(_ key: DeduplicationKey) -> StoreKey {
        KeyEncoder(.sqsDeduplication).cell(cell).string(key.group ?? "").string(key.identifier).key
    }

    func transfer(_ transfer: TransferID) -> StoreKey {
        KeyEncoder(.transferAccepted).cell(cell).unsigned(transfer.source)
            .unsigned(transfer.position.rawValue).key
    }

    func attempt(_ id: String) -> StoreKey {
        KeyEncoder(.sqsAttempt).cell(cell).string(id).key
    }

    func move(_ number: UInt64) -> StoreKey {
        KeyEncoder(.sqsMove).cell(cell).unsigned(number).key
    }

    func messages(from: MessagePosition, to end: MessagePosition) -> KeyRange {
        KeyRange(from: message(from), to: message(end))
    }

    /// Everything of one kind that belongs to the cell.
    func all(_ kind: KeyKind) -> KeyRange { KeyEncoder(kind).cell(cell).prefix }

    /// Every kind a queue stores, for its deletion.
    static let kinds: [KeyKind] = [
        .sqsHeader, .sqsConfiguration, .sqsMessage, .sqsMessageState, .sqsOutbox,
        .sqsDeduplication, .transferAccepted, .sqsMove, .sqsAttempt,
    ]

    /// The position at the end of a message or lease key.
    static func position(in key: StoreKey, kind: KeyKind) throws(StoreError) -> MessagePosition {
        var decoder = try KeyDecoder(key, kind: kind)
        _ = try decoder.cell()
        return MessagePosition(try decoder.unsigned())
    }
}

extension QueueHeader {
    /// Since version 2 messages after `nextPosition` may exist, which belong to the queue.
    private static let layout: UInt8 = 2

    var record: [UInt8] {
        var writer = RecordWriter(.sqsHeader, version: Self.layout, capacity: 48)
        writer.unsigned(1, nextPosition.rawValue)
        writer.unsigned(2, freshHead.rawValue)
        writer.unsigned(3, freshCount)
        writer.time(4, purgedAt)
        return writer.finish()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        self.init()
        var reader = try RecordReader(
            value, under: key, kind: .sqsHeader, newest: Self.layout)
        while let field = try reader.next() {
            switch field {
            case 1: nextPosition = MessagePosition(try reader.unsigned())
            case 2: freshHead = MessagePosition(try reader.unsigned())
            case 3: freshCount = try reader.unsigned()
            case 4: purgedAt = try reader.time()
            default: break
            }
        }
    }
}

extension Lease {
    var record: [UInt8] {
        var writer = RecordWriter(.sqsMessageState, capacity: 64)
        writer.time(1, visibleAt)
        writer.unsigned(2, UInt64(receiveCount))
        writer.time(3, firstReceivedAt)
        writer.time(4, receivedAt)
        writer.unsigned(5, nonce)
        writer.time(6, sentAt)
        writer.bool(7, isLeaving ? true : nil)
        writer.unsigned(8, moveTask == 0 ? nil : moveTask)
        writer.string(9, tenant)
        return writer.finish()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        self.init(visibleAt: .distantPast, sentAt: .distantPast)
        var reader = try RecordReader(value, under: key, kind: .sqsMessageState)
        while let field = try reader.next() {
            switch field {
            case 1: visibleAt = try reader.time()
            case 2: receiveCount = UInt32(clamping: try reader.unsigned())
            case 3: firstReceivedAt = try reader.time()
            case 4: receivedAt = try reader.time()
            case 5: nonce = try reader.unsigned()
            case 6: sentAt = try reader.time()
            case 7: isLeaving = try reader.bool()
            case 8: moveTask = try reader.unsigned()
            case 9: tenant = try reader.string()
            default: break
            }
        }
    }
}

extension DeduplicationEntry {
    var record: [UInt8] {
        var writer = RecordWriter(.sqsDeduplication, capacity: 80)
        writer.string(1, messageID)
        writer.unsigned(2, position.rawValue)
        writer.time(3, expiresAt)
        return writer.finish()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        var messageID = ""
        var position = MessagePosition(0)
        var expiresAt = Timestamp.distantPast
        var reader = try RecordReader(value, under: key, kind: .sqsDeduplication)
        while let field = try reader.next() {
            switch field {
            case 1: messageID = try reader.string()
            case 2: position = MessagePosition(try reader.unsigned())
            case 3: expiresAt = try reader.time()
            default: break
            }
        }
        self.init(messageID: messageID, position: position, expiresAt: expiresAt)
    }
}
