// SPDX-License-Identifier: Apache-2.0
// Message records that are resident without being in the window.

/// Records by position within a byte budget; the oldest inserted leave first.
struct RecordCache: Sendable {
    private var records: [MessagePosition: [UInt8]] = [:]
    private var order = Fifo<MessagePosition>()
    private var bytes = 0

    /// Above one full receive (ten messages of 1 MiB), so that what was loaded for a receive is
    /// still there when the receive decides.
    static let bytesMax = 12 << 20

    subscript(position: MessagePosition) -> [UInt8]? { records[position] }

    mutating func insert(_ position: MessagePosition, _ record: [UInt8]) {
        if let old = records.updateValue(record, forKey: position) {
            bytes -= old.count
        } else {
            order.append(position)
        }
        bytes += record.count
        while bytes > Self.bytesMax || order.count > 2 * records.count + 64,
            let oldest = order.removeFirst()
        {
            if let old = records.removeValue(forKey: oldest) { bytes -= old.count }
        }
    }

    mutating func remove(_ position: MessagePosition) {
        if let old = records.removeValue(forKey: position) { bytes -= old.count }
    }
}
