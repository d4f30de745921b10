// SPDX-License-Identifier: Apache-2.0
// One queue's cell over a store in memory and a clock that tests move: commands go to the model,
// their changes through the records, and `restart` loads the queue from what was stored.

import Basics
import Chronology
import Journal
import ServiceKit
import Storage
import Testing

@testable import SQSService

/// Real time that stands still.
struct StillTime: PhysicalTime {
    func monotonicNanoseconds() -> UInt64 { 0 }
    func wall() -> Timestamp { QueueBed.start }
    func after(nanoseconds: UInt64, _ action: @escaping @Sendable () -> Void) -> PhysicalTimer {
        PhysicalTimer(cancel: {})
    }
}

struct TaskSpawner: Spawner {
    func spawn(_ work: @escaping @Sendable () async -> Void) { Task { await work() } }
}

struct NoBlobs: BlobStore {
    func put(_ bytes: [UInt8]) async throws(BlobError) -> BlobHash { throw .full }
    func get(_ hash: BlobHash) async throws(BlobError) -> [UInt8] { throw .missing(hash) }
    func contains(_ hash: BlobHash) async throws(BlobError) -> Bool { false }
    func localPath(_ hash: BlobHash) async throws(BlobError) -> String { throw .missing(hash) }
    func collect(named: Set<BlobHash>) async throws(BlobError) -> Int { 0 }
}

extension World {
    /// A world with a frozen clock.
    static func still(_ store: any Store = MemoryStore(), seed: UInt64 = 1) -> World {
        World(
            store: store, blobs: NoBlobs(),
            clock: VirtualClock(
                physical: StillTime(),
                setting: ClockSetting(
                    mode: .frozen, now: QueueBed.start, offsetMilliseconds: 0)),
            entropy: SeededEntropy(seed: seed), journal: Journal(capacity: 64, firstNumber: 1),
            background: Background(spawner: TaskSpawner(), activity: Activity()))
    }

    func advance(milliseconds: Int64) {
        clock.jump(to: clock.now().adding(milliseconds: milliseconds))
    }
}

/// A queue under test.
struct QueueBed {
    static let start = Timestamp(milliseconds: 1_700_000_000_000)

    let world: World
    let limits: SQSLimits
    private(set) var cell: QueueCell

    init(
        _ name: String = "q", limits: SQSLimits = SQSLimits(), seed: UInt64 = 1,
        store: any Store = MemoryStore(), _ configure: (inout QueueConfiguration) -> Void = { _ in }
    ) async throws {
        world = .still(store, seed: seed)
        self.limits = limits
        var configuration = QueueConfiguration(
            account: .local, region: .usEast1, name: name, createdAt: Self.start)
        configure(&configuration)
        let stored = configuration
        let id = CellID(rawValue: 7)
        var batch = WriteBatch()
        batch.put(key: QueueKeys(cell: id).configuration, value: stored.record)
        try world.store.apply(batch)
        let loaded = try await QueueLoader(world: world, limits: limits).load(id)
        cell = try #require(loaded)
    }

    var now: Timestamp { world.clock.now() }

    /// Loads the queue anew, as after a crash.
    mutating func restart() async throws {
        let loaded = try await QueueLoader(world: world, limits: limits).load(cell.cell)
        cell = try #require(loaded)
    }

    func advance(seconds: Int64) { world.advance(milliseconds: seconds * 1000) }

    // MARK: Commands

    @discardableResult
    func send(
        _ body: String = "body", delay: Int? = nil, group: String? = nil,
        deduplication: String? = nil
    ) throws -> SendOutcome {
        var message = Message(
            messageID: world.entropy.uuid(), body: body, bodyDigest: MessageDigest.md5(body),
            senderID: "s", sentAt: now)
        message.groupID = group
        message.deduplicationID = deduplication
        let command = SendCommand(message: message, delaySeconds: delay)
        return try cell.commit { queue, now in
            let forgotten = queue.decideForgetting(sends: 1, now: now)
            let (outcome, changes) = queue.decideSend(
                command, at: queue.header.nextPosition, now: now
            ) { $0.record }
            return (outcome, outcome.isDuplicate ? [] : forgotten + changes)
        }.result
    }

    func receive(_ limit: Int = 10, visibility: Int? = nil, attempt: String? = nil)
        async throws -> [Delivery]
    {
        let command = ReceiveCommand(
            limit: limit, visibilitySeconds: visibility, attemptID: attempt)
        while true {
            let decision = try cell.commit { queue, now in
                let decision = try queue.decideReceive(command, now: now) { world.entropy.next() }
                if case .take(_, _, let changes) = decision { return (decision, changes) }
                return (decision, [])
            }.result
            switch decision {
            case .empty: return []
            case .needsWindow: try await cell.loadWindow()
            case .needsRecords(let positions): try await cell.loadRecords(positions)
            case .take(let deliveries, _, _):
                if deliveries.isEmpty { continue }
                return deliveries
            }
        }
    }

    /// Bodies of what a receive gets.
    func bodies(_ limit: Int = 10, visibility: Int? = nil) async throws -> [String] {
        try await receive(limit, visibility: visibility).map { try Self.message($0).body }
    }

    static func message(_ delivery: Delivery) throws -> Message {
        let key = QueueKeys(cell: CellID(rawValue: 7)).message(delivery.position)
        return try Message(delivery.record, key: key)
    }

    func handle(_ delivery: Delivery) -> ReceiptHandle {
        ReceiptHandle(
            cell: cell.cell.rawValue, position: delivery.position, nonce: delivery.lease.nonce)
    }

    /// Whether the deletion deleted something.
    @discardableResult
    func delete(_ handle: ReceiptHandle) throws -> Bool {
        try cell.commit { queue, now in
            let changes = try queue.decideDelete(handle, now: now)
            return (!changes.isEmpty, changes)
        }.result
    }

    func changeVisibility(_ handle: ReceiptHandle, _ seconds: Int) throws {
        _ = try cell.commit { queue, now in
            ((), try queue.decideChangeVisibility(handle, seconds: seconds, now: now))
        }
    }

    func purge() throws { _ = try cell.commit { ((), try $0.decidePurge(now: $1)) } }

    /// Takes a message over from another queue; `false` if it was taken before.
    func transfer(_ id: TransferID, _ message: Message, isNew: Bool = false) throws -> Bool {
        try cell.commit { queue, now in
            let changes = queue.decideTransfer(id, message, isNew: isNew, now: now) { $0.record }
            return (changes != nil, changes ?? [])
        }.result
    }

    func commit(_ changes: [QueueChange]) throws { _ = try cell.commit { _, _ in ((), changes) } }

    // MARK: Looking

    /// Drops what retention has made due, paged in or not.
    func settle() async throws {
        while try cell.look({ queue, now in
            var copy = queue
            return copy.decideExpiry(now: now).needsWindow
        }).result {
            try await cell.loadWindow()
        }
    }

    /// Visible, not visible, delayed.
    func counts() throws -> [Int] {
        try cell.look { queue, _ in
            [queue.visibleCount, queue.notVisibleCount, queue.hiddenByDelayCount]
        }.result
    }

    /// All that is resident of the queue but its window, for comparing.
    func picture() throws -> [String] {
        try cell.look { queue, _ in
            var lines = ["\(queue.header)", "\(queue.transfersAccepted.sorted())"]
            for position in queue.entries.keys.sorted() {
                guard let entry = queue.entries[position] else { continue }
                lines.append("\(position) \(entry)")
            }
            lines.append("remembered \(queue.deduplication.count) \(queue.attempts.count)")
            lines.append("\(queue.readyCount) \(queue.delayedCount) \(queue.inFlightCount)")
            return lines
        }.result
    }

    func storedCount(_ kind: KeyKind) async throws -> Int {
        try await world.store.range(KeyRange(kind: kind), limit: .max).count
    }
}
