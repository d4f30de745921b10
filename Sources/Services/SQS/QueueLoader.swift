// SPDX-License-Identifier: Apache-2.0
// A stored queue made resident: configuration, header, leases and what is remembered. The
// messages of a standard queue stay in the store until a receive comes for them.

import Basics
import ServiceKit
import Storage

/// Loads queues.
struct QueueLoader {
    let world: World
    let limits: SQSLimits

    /// The queue of a cell, or `nil` if it was deleted.
    nonisolated(nonsending)
        func load(_ cell: CellID) async throws -> QueueCell?
    {
        let keys = QueueKeys(cell: cell)
        // First: a reopening from here on makes what is loaded useless.
        let reopening = world.store.reopenings.count
        let epoch = try await world.store.claim(cell)
        guard let stored = try await world.store.get(keys.configuration) else { return nil }
        let configuration = try QueueConfiguration(stored, key: keys.configuration)
        var queue = Queue(
            configuration: configuration, limits: limits, cellNumber: cell.rawValue)
        if let header = try await world.store.get(keys.header) {
            queue.restore(header: try QueueHeader(header, key: keys.header))
        }
        if queue.isFIFO {
            try await restoreMessages(keys, &queue)
        } else {
            try await restoreLeases(keys, &queue)
            try await restoreTail(keys, &queue)
        }
        try await restoreDeduplication(keys, &queue)
        try await restoreTransfers(keys, &queue)
        try await restoreMoves(keys, &queue)
        try await restoreAttempts(keys, &queue)
        return QueueCell(
            queue: queue, cell: cell, reopening: reopening, epoch: epoch,
            version: world.store.latestVersion, world: world)
    }

    nonisolated(nonsending)
        private func restoreLeases(_ keys: QueueKeys, _ queue: inout Queue) async throws
    {
        var pages = world.store.pages(keys.all(.sqsMessageState), size: 1_024)
        while let page = try await pages.next() {
            for pair in page {
                let lease = try Lease(pair.value, key: pair.key)
                let position = try QueueKeys.position(in: pair.key, kind: .sqsMessageState)
                queue.restore(
                    position, lease: lease, sentAt: lease.sentAt, group: lease.tenant)
            }
        }
    }

    /// Messages accepted after the header was stored; a FIFO queue finds them among all.
    nonisolated(nonsending)
        private func restoreTail(_ keys: QueueKeys, _ queue: inout Queue) async throws
    {
        let tail = KeyRange(
            from: keys.message(queue.header.nextPosition), to: keys.all(.sqsMessage).upper)
        var pages = world.store.pages(tail, size: 16)
        while let page = try await pages.next() {
            for pair in page {
                queue.restoreTail(try QueueKeys.position(in: pair.key, kind: .sqsMessage))
            }
        }
    }

    /// A FIFO queue needs the group of every message, leased or not.
    nonisolated(nonsending)
        private func restoreMessages(_ keys: QueueKeys, _ queue: inout Queue) async throws
    {
        var leases: [MessagePosition: Lease] = [:]
        var leasePages = world.store.pages(keys.all(.sqsMessageState), size: 1_024)
        while let page = try await leasePages.next() {
            for pair in page {
                let position = try QueueKeys.position(in: pair.key, kind: .sqsMessageState)
                leases[position] = try Lease(pair.value, key: pair.key)
            }
        }
        var pages = world.store.pages(keys.all(.sqsMessage), size: 1_024)
        while let page = try await pages.next() {
            for pair in page {
                let position = try QueueKeys.position(in: pair.key, kind: .sqsMessage)
                let outline = try Message.outline(pair.value, key: pair.key)
                queue.restore(
                    position, lease: leases[position], sentAt: outline.sentAt,
                    group: outline.groupID)
                if position >= queue.header.nextPosition { queue.restoreTail(position) }
            }
        }
    }

    nonisolated(nonsending)
        private func restoreDeduplication(_ keys: QueueKeys, _ queue: inout Queue) async throws
    {
        guard queue.isFIFO else { return }
        var remembered: [(DeduplicationKey, DeduplicationEntry)] = []
        var pages = world.store.pages(keys.all(.sqsDeduplication), size: 1_024)
        while let page = try await pages.next() {
            for pair in page {
                var decoder = try KeyDecoder(pair.key, kind: .sqsDeduplication)
                _ = try decoder.cell()
                let group = try decoder.string()
                let key = DeduplicationKey(
                    group: group.isEmpty ? nil : group, identifier: try decoder.string())
                remembered.append((key, try DeduplicationEntry(pair.value, key: pair.key)))
            }
        }
        remembered.sort {
            ($0.1.expiresAt, $0.1.position) < ($1.1.expiresAt, $1.1.position)
        }
        queue.restore(remembered: remembered)
    }

    nonisolated(nonsending)
        private func restoreAttempts(_ keys: QueueKeys, _ queue: inout Queue) async throws
    {
        guard queue.isFIFO else { return }
        var remembered: [(String, ReceiveAttempt)] = []
        var pages = world.store.pages(keys.all(.sqsAttempt), size: 256)
        while let page = try await pages.next() {
            for pair in page {
                var decoder = try KeyDecoder(pair.key, kind: .sqsAttempt)
                _ = try decoder.cell()
                remembered.append(
                    (try decoder.string(), try ReceiveAttempt(pair.value, key: pair.key)))
            }
        }
        remembered.sort { ($0.1.expiresAt, $0.0) < ($1.1.expiresAt, $1.0) }
        for (id, attempt) in remembered { queue.attempts.remember(id, attempt) }
    }

    nonisolated(nonsending)
        private func restoreMoves(_ keys: QueueKeys, _ queue: inout Queue) async throws
    {
        for pair in try await world.store.range(keys.all(.sqsMove), limit: .max) {
            queue.note(try MoveTask(pair.value, key: pair.key))
        }
    }

    nonisolated(nonsending)
        private func restoreTransfers(_ keys: QueueKeys, _ queue: inout Queue) async throws
    {
        var pages = world.store.pages(keys.all(.transferAccepted), size: 256)
        while let page = try await pages.next() {
            for pair in page {
                var decoder = try KeyDecoder(pair.key, kind: .transferAccepted)
                _ = try decoder.cell()
                queue.restore(
                    transfer: TransferID(
                        source: try decoder.unsigned(),
                        position: MessagePosition(try decoder.unsigned())))
            }
        }
    }
}
