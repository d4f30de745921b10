// SPDX-License-Identifier: Apache-2.0
// Reads events of a group or of some of its streams in order of time, in either direction,
// holding no more than the chunks that overlap.

import Basics
import Storage

/// What is to be read.
struct EventQuery {
    var keys: LogGroupKeys
    /// Numbers of the streams to read one by one; `nil` reads the group from end to end.
    var streams: [UInt64]?
    /// Names to keep when the group is read from end to end.
    var namePrefix: String?
    /// Streams that are deleted, their events not yet.
    var purged: Set<UInt64> = []
    var positions: Range<EventPosition>
    var isReverse = false
    /// Bytes of chunks to read before pausing where nothing was found.
    var scanBytesMax: Int = .max
}

/// A walk through events.
struct EventReader {
    enum Step {
        case event(ReadEvent)
        /// Nothing was found in a long stretch; go on from here.
        case pause(EventPosition)
        case end
    }

    /// One run of chunks in order: the group's own, or a stream's through its index.
    private struct Lane {
        var pages: RangePages
        var buffer: [KeyValue] = []
        var position = 0
        let isIndexed: Bool
        /// Where the next chunk lies, once looked up.
        var next: ChunkPlace?
        var isAtEnd = false
    }

    private let snapshot: any StoreSnapshot
    private let query: EventQuery
    private var lanes: [Lane]
    private var merge: EventMerge
    /// Bytes of the chunks read so far.
    private(set) var bytesRead = 0

    init(_ query: EventQuery, _ snapshot: any StoreSnapshot) {
        self.query = query
        self.snapshot = snapshot
        merge = EventMerge(isReverse: query.isReverse)
        let lower = query.positions.lowerBound.time.addingSaturating(-Chunk.spanMilliseconds)
        let upper = query.positions.upperBound.time.addingSaturating(1)
        let times = min(lower, upper)..<upper
        if let streams = query.streams {
            lanes = streams.map { stream in
                Lane(
                    pages: snapshot.pages(
                        query.keys.index(stream, times), size: 128, reverse: query.isReverse),
                    isIndexed: true)
            }
        } else {
            lanes = [
                Lane(
                    pages: snapshot.pages(
                        query.keys.chunks(times), size: 32, reverse: query.isReverse),
                    isIndexed: false)
            ]
        }
    }

    nonisolated(nonsending)
        mutating func next() async throws(StoreError) -> Step
    {
        while true {
            let nextLane = try await firstLane()
            if let head = merge.next, isSettled(head, before: nextLane?.place) {
                if let event = merge.pop() { return .event(event) }
            }
            guard let nextLane else { return .end }
            if merge.next == nil, bytesRead > query.scanBytesMax, !query.isReverse,
                nextLane.place.first > query.positions.lowerBound.time
            {
                return .pause(EventPosition(time: nextLane.place.first))
            }
            try await load(nextLane.index, nextLane.place)
        }
    }

    /// Whether no chunk from `place` on can hold an event that comes before `head`.
    private func isSettled(_ head: EventPosition, before place: ChunkPlace?) -> Bool {
        guard let place else { return true }
        return query.isReverse
            ? head.time > place.first.addingSaturating(Chunk.spanMilliseconds)
            : head.time < place.first
    }

    /// The lane whose next chunk comes first.
    nonisolated(nonsending)
        private mutating func firstLane() async throws(StoreError)
        -> (index: Int, place: ChunkPlace)?
    {
        var best: (index: Int, place: ChunkPlace)?
        for index in lanes.indices {
            guard let place = try await place(index) else { continue }
            let precedes =
                best.map { best in
                    query.isReverse
                        ? place.first > best.place.first : place.first < best.place.first
                } ?? true
            if precedes { best = (index, place) }
        }
        return best
    }

    nonisolated(nonsending)
        private mutating func place(_ index: Int) async throws(StoreError) -> ChunkPlace?
    {
        if let next = lanes[index].next { return next }
        if lanes[index].isAtEnd { return nil }
        if lanes[index].position >= lanes[index].buffer.count {
            guard let page = try await lanes[index].pages.next() else {
                lanes[index].isAtEnd = true
                return nil
            }
            lanes[index].buffer = page
            lanes[index].position = 0
        }
        let key = lanes[index].buffer[lanes[index].position].key
        let place =
            lanes[index].isIndexed ? try ChunkPlace(index: key) : try ChunkPlace(chunk: key)
        lanes[index].next = place
        return place
    }

    /// Reads the next chunk of a lane and takes it into the merge.
    nonisolated(nonsending)
        private mutating func load(_ index: Int, _ place: ChunkPlace) async throws(StoreError)
    {
        let pair = lanes[index].buffer[lanes[index].position]
        lanes[index].position += 1
        lanes[index].next = nil
        var (key, value): (StoreKey, [UInt8]?) = (pair.key, pair.value)
        if lanes[index].isIndexed {
            key = query.keys.chunk(place)
            value = try await snapshot.get(key)
        }
        guard let value else { return }
        bytesRead += value.count
        if query.namePrefix != nil || !query.purged.isEmpty {
            let head = try Chunk(value, key: key, headOnly: true)
            if query.purged.contains(head.stream) { return }
            if let prefix = query.namePrefix, !head.streamName.hasPrefix(prefix) { return }
        }
        merge.add(
            try Chunk(value, key: key), version: place.version.rawValue, within: query.positions)
    }
}
