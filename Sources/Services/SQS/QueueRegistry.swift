// SPDX-License-Identifier: Apache-2.0
// From a queue's name to its resident cell: the directory in the store, loading on first use,
// creation and deletion.

import Basics
import Chronology
import ServiceKit
import Storage
import Synchronization

/// A queue's full name.
struct QueueName: Hashable, Sendable {
    let account: AccountID
    let region: Region
    let name: String

    init(account: AccountID, region: Region, name: String) {
        self.account = account
        self.region = region
        self.name = name
    }

    /// The queue an SQS ARN names.
    init?(_ arn: ARN) {
        guard arn.service == "sqs", let account = AccountID(arn.account),
            let region = Region(arn.region)
        else { return nil }
        self.init(account: account, region: region, name: arn.resource)
    }

    var isFIFO: Bool { name.hasSuffix(".fifo") }

    init(_ configuration: QueueConfiguration) {
        self.init(
            account: configuration.account, region: configuration.region,
            name: configuration.name)
    }

    /// Directory keys of an account and region sort by name.
    static func directory(account: AccountID, region: Region, prefix: String) -> KeyEncoder {
        KeyEncoder(.directory).string("sqs").string(account.description)
            .string(region.description).rawTail(prefix.utf8)
    }

    var directoryKey: StoreKey {
        Self.directory(account: account, region: region, prefix: name).key
    }
}

/// The queues of a world, resident once they were used.
final class QueueRegistry: Sendable {
    private enum Slot: Sendable {
        case resident(QueueCell)
        /// Somebody loads, creates or deletes it; the tickets wait for that to end.
        case busy([WakeTicket])
    }

    private let world: World
    private let limits: SQSLimits
    private let slots = Mutex<[QueueName: Slot]>([:])

    init(world: World, limits: SQSLimits) {
        self.world = world
        self.limits = limits
    }

    /// The cell of an existing queue, or `nil`.
    nonisolated(nonsending)
        func cell(_ name: QueueName) async throws -> QueueCell?
    {
        if let cell = resident(name) { return cell }
        return try await exclusively(name) { resident in
            if let resident { return (resident, resident) }
            let cell = try await load(name)
            return (cell, cell)
        }
    }

    /// The queue under this name, created with `configuration` if there is none.
    ///
    /// `isNew` tells which; the version is what either rests on.
    nonisolated(nonsending)
        func create(_ configuration: QueueConfiguration) async throws
        -> (cell: QueueCell, isNew: Bool, version: StoreVersion)
    {
        let name = QueueName(configuration)
        return try await exclusively(name) { resident in
            var existing = resident
            if existing == nil { existing = try await load(name) }
            if let existing {
                let version = try existing.look { _, _ in () }.version
                return ((existing, false, version), existing)
            }
            try await refuseDeletedRecently(name)
            let (cell, version) = try await allot(configuration, name)
            return ((cell, true, version), cell)
        }
    }

    /// Deletes a queue; `nil` when there is none.
    nonisolated(nonsending)
        func delete(_ name: QueueName) async throws -> StoreVersion?
    {
        try await exclusively(name) { resident in
            var existing = resident
            if existing == nil { existing = try await load(name) }
            guard let existing else { return (nil, nil) }
            let now = world.clock.now()
            let version = try existing.delete { batch in
                if limits.cooldownSeconds > 0 {
                    batch.put(
                        key: name.directoryKey,
                        value: DirectoryEntry(cell: existing.cell, deletedAt: now).record)
                } else {
                    batch.delete(key: name.directoryKey)
                }
            }
            return (version, nil)
        }
    }

    /// Forgets a cell if `error` says that its claim may have ended; the next use loads it anew.
    func discard(_ cell: QueueCell, after error: StoreError) {
        switch error {
        case .fenced, .damaged: break
        default: return
        }
        slots.withLock { slots in
            if case .resident(let resident) = slots[cell.name], resident === cell {
                slots[cell.name] = nil
            }
        }
        cell.drop()
    }

    /// Forgets every cell: the store was reopened.
    func discardAll() {
        let cells = slots.withLock { slots in
            let cells = Self.inOrder(slots)
            for cell in cells { slots[cell.name] = nil }
            return cells
        }
        for cell in cells { cell.drop() }
    }

    /// Wakes everybody who waits for a message of any resident queue.
    func wakeAll() {
        for cell in slots.withLock({ Self.inOrder($0) }) { cell.wakeAll() }
    }

    /// The resident cells as they were created: a dictionary's order differs between processes,
    /// and who is woken first is part of what happens next.
    private static func inOrder(_ slots: [QueueName: Slot]) -> [QueueCell] {
        slots.values.compactMap { slot in
            if case .resident(let cell) = slot { cell } else { nil }
        }.sorted { $0.cell < $1.cell }
    }

    /// Names after `start` that begin with `prefix`, in order.
    nonisolated(nonsending)
        func names(
            account: AccountID, region: Region, prefix: String, after start: String?, limit: Int
        ) async throws -> [String]
    {
        let encoder = QueueName.directory(account: account, region: region, prefix: prefix)
        var range = encoder.prefix
        if let start {
            range = range.after(
                QueueName(account: account, region: region, name: start).directoryKey)
        }
        let base = QueueName.directory(account: account, region: region, prefix: "").key.bytes.count
        var pages = world.store.pages(range, size: limit)
        var names: [String] = []
        while names.count < limit, let page = try await pages.next() {
            for pair in page where names.count < limit {
                let entry = try DirectoryEntry(pair.value, key: pair.key)
                guard entry.deletedAt == nil else { continue }
                names.append(String(decoding: pair.key.bytes[base...], as: UTF8.self))
            }
        }
        return names
    }

    /// Names after `start` of the queues that send their dead letters to `target`, in order.
    nonisolated(nonsending)
        func deadLetterSources(of target: QueueName, after start: String?, limit: Int)
        async throws -> [String]
    {
        var range = DeadLetterSource.all(of: target)
        if let start {
            range = range.after(DeadLetterSource(target: target, source: start).key)
        }
        return try await world.store.range(range, limit: limit).map {
            DeadLetterSource.source(in: $0.key, of: target)
        }
    }

    private func resident(_ name: QueueName) -> QueueCell? {
        slots.withLock { slots in
            guard case .resident(let cell) = slots[name], isUsable(cell) else { return nil }
            return cell
        }
    }

    /// Whether a cell still has its claim, and was loaded since the store last came back.
    private func isUsable(_ cell: QueueCell) -> Bool {
        cell.isLiving && cell.reopening == world.store.reopenings.count
    }

    /// Runs `body` as the only one that loads, creates or deletes this name.
    ///
    /// `body` is given the resident cell and answers the one to be resident afterwards.
    nonisolated(nonsending)
        private func exclusively<Result>(
            _ name: QueueName,
            _ body: nonisolated(nonsending) (QueueCell?) async throws -> (Result, QueueCell?)
        ) async throws -> Result
    {
        var before: QueueCell?
        while true {
            let ticket = WakeTicket()
            let isMine = slots.withLock { slots in
                switch slots[name] {
                case .busy(let tickets):
                    slots[name] = .busy(tickets + [ticket])
                    return false
                case .resident(let cell): before = cell
                case nil: before = nil
                }
                slots[name] = .busy([])
                return true
            }
            if isMine { break }
            await ticket.wait()
        }
        if let stale = before, !isUsable(stale) {
            // Loaded while the store came back: it escaped `discardAll`.
            before = nil
            stale.drop()
        }
        do {
            let (result, after) = try await body(before)
            release(name, after)
            return result
        } catch {
            release(name, before)
            throw error
        }
    }

    private func release(_ name: QueueName, _ cell: QueueCell?) {
        let tickets = slots.withLock { slots in
            // Dropped meanwhile: the next use loads the queue anew.
            defer { slots[name] = cell.flatMap { isUsable($0) ? .resident($0) : nil } }
            if case .busy(let tickets) = slots[name] { return tickets }
            return []
        }
        for ticket in tickets { ticket.wake() }
    }

    nonisolated(nonsending)
        private func load(_ name: QueueName) async throws -> QueueCell?
    {
        guard let value = try await world.store.get(name.directoryKey) else { return nil }
        let entry = try DirectoryEntry(value, key: name.directoryKey)
        guard entry.deletedAt == nil else { return nil }
        let cell = try await QueueLoader(world: world, limits: limits).load(entry.cell)
        // Whoever handed its messages over before has lost the claim.
        if let cell, cell.hasDepartures { Redrive(world: world, registry: self).start(cell) }
        return cell
    }

    nonisolated(nonsending)
        private func refuseDeletedRecently(_ name: QueueName) async throws
    {
        guard limits.cooldownSeconds > 0,
            let value = try await world.store.get(name.directoryKey),
            let deletedAt = try DirectoryEntry(value, key: name.directoryKey).deletedAt,
            world.clock.now() < deletedAt.adding(seconds: Int64(limits.cooldownSeconds))
        else { return }
        throw QueueCreationRefusal.deletedRecently
    }

    nonisolated(nonsending)
        private func allot(_ configuration: QueueConfiguration, _ name: QueueName) async throws
        -> (QueueCell, StoreVersion)
    {
        let reopening = world.store.reopenings.count
        let (cell, version) = try await world.store.transact { transaction in
            let counterKey = KeyEncoder(.cellCounter).key
            let last = try await transaction.get(counterKey)
            let next = try CellCounter(last, key: counterKey).next
            transaction.put(key: counterKey, value: CellCounter(next: next &+ 1).record)
            let cell = CellID(rawValue: next)
            transaction.put(
                key: name.directoryKey, value: DirectoryEntry(cell: cell, deletedAt: nil).record)
            transaction.put(
                key: QueueKeys(cell: cell).configuration, value: configuration.record)
            // From the beginning: its layout says that messages may lie after it.
            transaction.put(key: QueueKeys(cell: cell).header, value: QueueHeader().record)
            if let source = configuration.deadLetterSource {
                transaction.put(key: source.key, value: DeadLetterSource.record)
            }
            return cell
        }
        let epoch = try await world.store.claim(cell)
        let queue = Queue(
            configuration: configuration, limits: limits, cellNumber: cell.rawValue)
        return (
            QueueCell(
                queue: queue, cell: cell, reopening: reopening, epoch: epoch, version: version,
                world: world),
            version
        )
    }
}

/// Why a name may not be created now.
enum QueueCreationRefusal: Error {
    case deletedRecently
}
