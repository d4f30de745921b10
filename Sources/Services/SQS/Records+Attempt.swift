// SPDX-License-Identifier: Apache-2.0
// A receive attempt as stored: what can be handed out again under the same id.

import Basics
import Storage

extension ReceiveAttempt {
    var record: [UInt8] {
        var writer = RecordWriter(.sqsAttempt, capacity: 32 + 32 * handed.count)
        writer.time(1, expiresAt)
        for one in handed {
            writer.nested(2) { writer in
                writer.unsigned(1, one.position.rawValue)
                writer.unsigned(2, one.nonce)
                writer.time(3, one.visibleAt)
            }
        }
        return writer.finish()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        var expiresAt = Timestamp.distantPast
        var handed: [Handed] = []
        var reader = try RecordReader(value, under: key, kind: .sqsAttempt)
        while let field = try reader.next() {
            switch field {
            case 1: expiresAt = try reader.time()
            case 2:
                var nested = try reader.nested()
                handed.append(try Handed(&nested))
            default: break
            }
        }
        self.init(handed: handed, expiresAt: expiresAt)
    }
}

extension ReceiveAttempt.Handed {
    fileprivate init(_ reader: inout RecordReader) throws(StoreError) {
        var position = MessagePosition(0)
        var nonce: UInt64 = 0
        var visibleAt = Timestamp.distantPast
        while let field = try reader.next() {
            switch field {
            case 1: position = MessagePosition(try reader.unsigned())
            case 2: nonce = try reader.unsigned()
            case 3: visibleAt = try reader.time()
            default: break
            }
        }
        self.init(position: position, nonce: nonce, visibleAt: visibleAt)
    }
}
