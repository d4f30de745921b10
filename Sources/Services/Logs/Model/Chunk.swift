// SPDX-License-Identifier: Apache-2.0
// The unit in which events are stored: neighbours of one PutLogEvents, close in time. One record
// for a handful of lines costs a fraction of one for each.

import Storage

/// Events of one stream and one put, in order.
struct Chunk: Sendable {
    struct Event: Sendable {
        let time: Int64
        let message: [UInt8]
    }

    /// Time between the first and the last event of a chunk, at most: how far back a reader has to
    /// look for events of a time, and what it has to hold while it puts overlapping chunks in order.
    static let spanMilliseconds: Int64 = 1_000
    /// Messages and overhead in a chunk of several events.
    static let bytesMax = 65_536

    let stream: UInt64
    let streamName: String
    let ingestion: Int64
    /// Place of the first event in its put.
    let firstIndex: UInt32
    /// What the events count in stored bytes.
    let bytes: UInt64
    var events: [Event] = []
}

extension Chunk {
    /// Reads a chunk; without events when `headOnly`.
    init(_ value: [UInt8], key: StoreKey, headOnly: Bool = false) throws(StoreError) {
        var (stream, streamName, ingestion) = (0 as UInt64, "", 0 as Int64)
        var (firstIndex, bytes, time) = (0 as UInt32, 0 as UInt64, 0 as Int64)
        var events: [Event] = []
        var reader = try RecordReader(value, under: key, kind: .logsChunk)
        reading: while let field = try reader.next() {
            switch field {
            case 1: stream = try reader.unsigned()
            case 2: streamName = try reader.string()
            case 3: ingestion = try reader.signed()
            case 4: firstIndex = UInt32(clamping: try reader.unsigned())
            case 5: bytes = try reader.unsigned()
            case 6:
                if headOnly { break reading }
                time = try reader.signed()
            case 7: events.append(Event(time: time, message: try reader.bytes()))
            default: break
            }
        }
        self.init(
            stream: stream, streamName: streamName, ingestion: ingestion,
            firstIndex: firstIndex, bytes: bytes, events: events)
    }
}

/// A batch cut into chunks; what each needs to become a record once its stream is known.
struct ChunkDraft: Sendable {
    let events: Range<Int>
    let first: Int64
    let bytes: UInt64
}

extension ChunkDraft {
    /// Cuts `accepted`, a range of events in order of time.
    static func cut(
        _ accepted: Range<Int>, times: (Int) -> Int64, sizes: (Int) -> Int
    ) -> [ChunkDraft] {
        var drafts: [ChunkDraft] = []
        var start = accepted.lowerBound
        var bytes = 0
        for index in accepted {
            let size = sizes(index)
            let isFull =
                times(index) - times(start) > Chunk.spanMilliseconds
                || bytes + size > Chunk.bytesMax
            if isFull, index > start {
                drafts.append(
                    ChunkDraft(events: start..<index, first: times(start), bytes: UInt64(bytes)))
                start = index
                bytes = 0
            }
            bytes += size
        }
        if start < accepted.upperBound {
            drafts.append(
                ChunkDraft(
                    events: start..<accepted.upperBound, first: times(start), bytes: UInt64(bytes)))
        }
        return drafts
    }
}
