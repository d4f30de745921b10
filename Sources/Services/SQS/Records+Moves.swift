// SPDX-License-Identifier: Apache-2.0
// Move tasks as stored, and the index from a dead-letter queue to the queues that name it.

import Basics
import Storage

extension MoveTask {
    var record: [UInt8] {
        var writer = RecordWriter(.sqsMove, capacity: 192)
        writer.unsigned(1, number)
        writer.string(2, id)
        writer.string(3, destinationARN)
        writer.integer(4, rate)
        writer.time(5, startedAt)
        writer.unsigned(6, end.rawValue)
        writer.unsigned(7, toMove)
        writer.unsigned(8, status.rawValue)
        writer.unsigned(9, moved)
        writer.string(10, failureReason)
        return writer.finish()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        var number: UInt64 = 0
        var id = ""
        var destination: String?
        var rate: Int?
        var startedAt = Timestamp.distantPast
        var end = MessagePosition(0)
        var toMove: UInt64 = 0
        var status: Status?
        var moved: UInt64 = 0
        var reason: String?
        var reader = try RecordReader(value, under: key, kind: .sqsMove)
        while let field = try reader.next() {
            switch field {
            case 1: number = try reader.unsigned()
            case 2: id = try reader.string()
            case 3: destination = try reader.string()
            case 4: rate = try reader.integer()
            case 5: startedAt = try reader.time()
            case 6: end = MessagePosition(try reader.unsigned())
            case 7: toMove = try reader.unsigned()
            case 8: status = Status(rawValue: try reader.unsigned())
            case 9: moved = try reader.unsigned()
            case 10: reason = try reader.string()
            default: break
            }
        }
        guard let status else { throw reader.damage("a move task in no known state") }
        self.init(
            number: number, id: id, destinationARN: destination, rate: rate,
            startedAt: startedAt, end: end, toMove: toMove)
        self.status = status
        self.moved = moved
        failureReason = reason
    }
}

/// One queue's use of another as its dead-letter queue; an entry of the index.
struct DeadLetterSource: Hashable, Sendable {
    let target: QueueName
    /// The name of the queue whose policy it is, in the target's account and region.
    let source: String

    /// The value says nothing that the key does not.
    static var record: [UInt8] { RecordWriter(.sqsDeadLetterSource, capacity: 8).finish() }

    var key: StoreKey { Self.encoder(target).rawTail(source.utf8).key }

    /// The entries of one dead-letter queue, which sort by source.
    static func all(of target: QueueName) -> KeyRange { encoder(target).prefix }

    /// The source that a key of `target`'s names.
    static func source(in key: StoreKey, of target: QueueName) -> String {
        String(decoding: key.bytes.dropFirst(encoder(target).key.bytes.count), as: UTF8.self)
    }

    private static func encoder(_ target: QueueName) -> KeyEncoder {
        KeyEncoder(.sqsDeadLetterSource).string(target.account.description)
            .string(target.region.description).string(target.name)
    }
}

extension QueueConfiguration {
    /// The index entry that the redrive policy asks for.
    var deadLetterSource: DeadLetterSource? {
        guard let redrivePolicy, let arn = ARN(parsing: redrivePolicy.deadLetterTargetARN),
            let target = QueueName(arn)
        else { return nil }
        return DeadLetterSource(target: target, source: name)
    }
}
