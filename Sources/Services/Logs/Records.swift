// SPDX-License-Identifier: Apache-2.0
// What is stored of a log group and a log stream, and how.

import Basics
import Storage

/// A log group.
struct LogGroup: Sendable {
    /// The version of the commit that created it; the store fills it in.
    var number: StoreVersion = .zero
    var createdAt: Timestamp
    /// `nil`: events never expire.
    var retentionDays: Int32?
    var logClass: String
    var tags: [String: String]

    var keys: LogGroupKeys { LogGroupKeys(group: number.rawValue) }

    /// Events before this time are gone; `nil` when none expire.
    func expiry(at now: Timestamp) -> Int64? {
        retentionDays.map { now.adding(seconds: -86_400 * Int64($0)).milliseconds }
    }

    /// The record of a new group, whose number is the commit's.
    var newRecord: StampedValue? {
        var writer = RecordWriter(.logsGroup)
        writer.versionStamp(1)
        write(to: &writer)
        return writer.finishStamped()
    }

    var record: [UInt8] {
        var writer = RecordWriter(.logsGroup)
        writer.version(1, number)
        write(to: &writer)
        return writer.finish()
    }

    private func write(to writer: inout RecordWriter) {
        writer.time(2, createdAt)
        writer.integer(3, retentionDays.map { Int($0) })
        writer.string(4, logClass)
        for key in tags.keys.sorted() {
            writer.nested(5) { tag in
                tag.string(1, key)
                tag.string(2, tags[key])
            }
        }
    }
}

extension LogGroup {
    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        self.init(
            createdAt: Timestamp(milliseconds: 0), retentionDays: nil, logClass: "", tags: [:])
        var reader = try RecordReader(value, under: key, kind: .logsGroup)
        while let field = try reader.next() {
            switch field {
            case 1: number = try reader.version()
            case 2: createdAt = try reader.time()
            case 3: retentionDays = Int32(clamping: try reader.integer())
            case 4: logClass = try reader.string()
            case 5:
                var tag = try reader.nested()
                var (name, text) = ("", "")
                while let part = try tag.next() {
                    switch part {
                    case 1: name = try tag.string()
                    case 2: text = try tag.string()
                    default: break
                    }
                }
                tags[name] = text
            default: break
            }
        }
        guard number > .zero else { throw reader.damage("log group without number") }
    }
}

/// A log stream; its name is in its key.
struct LogStream: Sendable {
    /// The version of the commit that created it; the store fills it in.
    var number: StoreVersion = .zero
    var createdAt: Timestamp
    var firstEvent: Int64?
    var lastEvent: Int64?
    var lastIngestion: Int64?
    /// Successful PutLogEvents so far: what sequence tokens count.
    var puts: UInt64 = 0

    var sequenceToken: String { Digits.padded(number.rawValue, 28) + Digits.padded(puts, 28) }

    /// The record of a new stream, whose number is the commit's.
    var newRecord: StampedValue? {
        var writer = RecordWriter(.logsStream)
        writer.versionStamp(1)
        write(to: &writer)
        return writer.finishStamped()
    }

    var record: [UInt8] {
        var writer = RecordWriter(.logsStream)
        writer.version(1, number)
        write(to: &writer)
        return writer.finish()
    }

    private func write(to writer: inout RecordWriter) {
        writer.time(2, createdAt)
        writer.signed(3, firstEvent)
        writer.signed(4, lastEvent)
        writer.signed(5, lastIngestion)
        writer.unsigned(6, puts)
    }
}

extension LogStream {
    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        self.init(createdAt: Timestamp(milliseconds: 0))
        var reader = try RecordReader(value, under: key, kind: .logsStream)
        while let field = try reader.next() {
            switch field {
            case 1: number = try reader.version()
            case 2: createdAt = try reader.time()
            case 3: firstEvent = try reader.signed()
            case 4: lastEvent = try reader.signed()
            case 5: lastIngestion = try reader.signed()
            case 6: puts = try reader.unsigned()
            default: break
            }
        }
        guard number > .zero else { throw reader.damage("log stream without number") }
    }
}

/// One of the counters that make up a group's stored bytes.
struct ByteCount {
    var bytes: UInt64

    var record: [UInt8] {
        var writer = RecordWriter(.logsStream, capacity: 24)
        writer.unsigned(1, bytes)
        return writer.finish()
    }

    init(_ value: [UInt8]?, key: StoreKey) throws(StoreError) {
        bytes = 0
        guard let value else { return }
        var reader = try RecordReader(value, under: key, kind: .logsStream)
        while let field = try reader.next() {
            if field == 1 { bytes = try reader.unsigned() }
        }
    }
}

/// Records whose key says it all.
enum Mark {
    static func record(_ kind: KeyKind) -> [UInt8] { RecordWriter(kind, capacity: 8).finish() }
}

/// Decimal numbers of a fixed width, as AWS's tokens and event ids are made of.
enum Digits {
    static func padded(_ value: UInt64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
