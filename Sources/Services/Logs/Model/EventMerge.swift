// SPDX-License-Identifier: Apache-2.0
// Puts the events of overlapping chunks in order.

/// An event as it is read.
struct ReadEvent: Sendable {
    let position: EventPosition
    let streamName: String
    let ingestion: Int64
    let message: [UInt8]
}

/// A heap of chunks by their next event, in one direction of time.
struct EventMerge {
    /// A chunk and how far it was read.
    private struct Run {
        let chunk: Chunk
        let version: UInt64
        /// Indices into the chunk's events that are still to come.
        var rest: Range<Int>

        func position(_ index: Int) -> EventPosition {
            EventPosition(
                time: chunk.events[index].time, version: version,
                index: chunk.firstIndex &+ UInt32(truncatingIfNeeded: index))
        }
    }

    let isReverse: Bool
    private var heap: [(next: EventPosition, run: Run)] = []

    init(isReverse: Bool) { self.isReverse = isReverse }

    /// The position of the next event.
    var next: EventPosition? { heap.first?.next }

    /// Adds those events of a chunk that lie in `positions`.
    mutating func add(_ chunk: Chunk, version: UInt64, within positions: Range<EventPosition>) {
        var run = Run(chunk: chunk, version: version, rest: 0..<chunk.events.count)
        while let first = run.rest.first, run.position(first) < positions.lowerBound {
            run.rest = first + 1..<run.rest.upperBound
        }
        while let last = run.rest.last, run.position(last) >= positions.upperBound {
            run.rest = run.rest.lowerBound..<last
        }
        guard let next = nextPosition(of: run) else { return }
        heap.append((next, run))
        siftUp()
    }

    mutating func pop() -> ReadEvent? {
        guard var top = heap.first else { return nil }
        let rest = top.run.rest
        let index = isReverse ? rest.upperBound - 1 : rest.lowerBound
        top.run.rest = isReverse ? rest.lowerBound..<index : index + 1..<rest.upperBound
        let event = ReadEvent(
            position: top.next, streamName: top.run.chunk.streamName,
            ingestion: top.run.chunk.ingestion, message: top.run.chunk.events[index].message)
        if let next = nextPosition(of: top.run) {
            heap[0] = (next, top.run)
        } else {
            let last = heap.removeLast()
            if !heap.isEmpty { heap[0] = last }
        }
        siftDown()
        return event
    }

    private func nextPosition(of run: Run) -> EventPosition? {
        (isReverse ? run.rest.last : run.rest.first).map { run.position($0) }
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        isReverse ? heap[left].next > heap[right].next : heap[left].next < heap[right].next
    }

    private mutating func siftUp() {
        var child = heap.count - 1
        while child > 0, precedes(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var first = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && precedes(child, first) {
                first = child
            }
            if first == parent { return }
            heap.swapAt(first, parent)
            parent = first
        }
    }
}
