// SPDX-License-Identifier: Apache-2.0
// A journal record as the journal's files hold it. Numbers of fields are never used again.

import Basics
import Journal
import Storage

extension JournalRecord {
    /// The framed record with its checksum.
    var stored: [UInt8] {
        var writer = RecordWriter(.journalRecord, capacity: 256)
        writer.unsigned(1, id.rawValue)
        writer.unsigned(2, cause.rawValue)
        writer.string(3, kind.rawValue)
        writer.time(4, time)
        writer.string(5, service)
        writer.string(6, operation)
        writer.string(7, resource)
        writer.string(8, principal)
        writer.string(9, requestID)
        writer.integer(10, status)
        writer.string(11, error.isEmpty ? nil : error)
        writer.integer(12, attempt)
        writer.signed(13, durationMicroseconds)
        writer.integer(14, requestBytes)
        writer.integer(15, responseBytes)
        for subject in subjects { writer.string(16, subject) }
        writer.string(17, detail.isEmpty ? nil : detail)
        writer.integer(18, billedRequests == 0 ? nil : billedRequests)
        return writer.finish()
    }

    /// `nil` for bytes that are no whole record.
    init?(stored bytes: [UInt8]) {
        self.init(
            id: .none, cause: .none, kind: .call, time: Timestamp(milliseconds: 0), service: "",
            operation: "")
        let key = StoreKey(bytes: [KeyKind.journalRecord.rawValue])
        do throws(StoreError) {
            var reader = try RecordReader(bytes, under: key, kind: .journalRecord)
            while let field = try reader.next() { try read(field, &reader) }
        } catch {
            return nil
        }
    }

    private mutating func read(_ field: Int, _ reader: inout RecordReader) throws(StoreError) {
        switch field {
        case 1: id = JournalID(rawValue: try reader.unsigned())
        case 2: cause = JournalID(rawValue: try reader.unsigned())
        case 3: kind = Kind(rawValue: try reader.string()) ?? .call
        case 4: time = try reader.time()
        case 5: service = try reader.string()
        case 6: operation = try reader.string()
        case 7: resource = try reader.string()
        case 8: principal = try reader.string()
        case 9: requestID = try reader.string()
        case 10: status = try reader.integer()
        case 11: error = try reader.string()
        case 12: attempt = try reader.integer()
        case 13: durationMicroseconds = try reader.signed()
        case 14: requestBytes = try reader.integer()
        case 15: responseBytes = try reader.integer()
        case 16: subjects.append(try reader.string())
        case 17: detail = try reader.string()
        case 18: billedRequests = try reader.integer()
        default: break
        }
    }
}
