// SPDX-License-Identifier: Apache-2.0
// Deletes events that nobody can read any more: those past their group's retention, and those of
// deleted streams. In bounded steps, behind the calls that notice it.

import Basics
import Chronology
import ServiceKit
import Storage
import Synchronization

/// The broom of a world's log groups.
final class Retention: Sendable {
    /// Chunks deleted by one commit.
    private static let stepChunks = 64
    /// Groups whose last sweep is remembered; more only means to look more often.
    private static let rememberedMax = 4_096

    private let world: World
    private let limits: LogsLimits
    private let swept = Mutex<[UInt64: Timestamp]>([:])

    init(world: World, limits: LogsLimits) {
        self.world = world
        self.limits = limits
    }

    func forget() { swept.withLock { $0 = [:] } }

    /// Starts deleting what has expired of a group, unless that was looked at lately.
    func noticed(_ group: LogGroup, now: Timestamp) {
        guard let expiry = group.expiry(at: now) else { return }
        let number = group.number.rawValue
        let isDue = swept.withLock { swept in
            if let last = swept[number],
                now < last.adding(milliseconds: limits.sweepMilliseconds), last <= now
            {
                return false
            }
            if swept.count >= Self.rememberedMax { swept = [:] }
            swept[number] = now
            return true
        }
        guard isDue else { return }
        let keys = group.keys
        // A chunk goes once its youngest event may go.
        let last = expiry.addingSaturating(-Chunk.spanMilliseconds)
        guard last > 0 else { return }
        world.background.run { [self] in
            try? await deleteAll(keys, keys.chunks(0..<last)) { try ChunkPlace(chunk: $0) }
        }
    }

    /// Forgets that a group was swept, so that a new policy takes hold at once.
    func policyChanged(_ group: LogGroup) {
        swept.withLock { $0[group.number.rawValue] = nil }
    }

    /// Starts deleting the events of a stream whose purge record is durable or about to be.
    func purge(_ keys: LogGroupKeys, stream: UInt64) {
        world.background.run { [self] in try? await purgeNow(keys, stream: stream) }
    }

    /// Starts what a crash interrupted.
    nonisolated(nonsending)
        func resumePurges() async throws
    {
        var pages = world.store.pages(LogGroupKeys.allPurges)
        while let page = try await pages.next() {
            for pair in page {
                var decoder = try KeyDecoder(pair.key, kind: .logsStream)
                _ = try decoder.unsigned()
                let keys = LogGroupKeys(group: try decoder.unsigned())
                purge(keys, stream: try decoder.unsigned())
            }
        }
    }

    nonisolated(nonsending)
        private func purgeNow(_ keys: LogGroupKeys, stream: UInt64) async throws
    {
        try await deleteAll(keys, keys.index(stream, .min..<Int64.max)) {
            try ChunkPlace(index: $0)
        }
        var batch = WriteBatch()
        batch.delete(key: keys.purge(stream))
        try await world.store.admitted(bytes: batch.byteCount, adds: false)
        try world.store.apply(batch)
    }

    /// Deletes the chunks that the keys of `range` name, step by step.
    nonisolated(nonsending)
        private func deleteAll(
            _ keys: LogGroupKeys, _ range: KeyRange,
            _ place: @escaping @Sendable (StoreKey) throws -> ChunkPlace
        ) async throws
    {
        while true {
            try await world.store.admitted(bytes: 4_096, adds: false)
            let (count, _) = try await world.store.transact { transaction in
                let pairs = try await transaction.range(range, limit: Self.stepChunks)
                var freed: [StoreKey: UInt64] = [:]
                for pair in pairs {
                    let place = try place(pair.key)
                    let key = keys.chunk(place)
                    guard let value = try await transaction.get(key) else {
                        transaction.delete(key: pair.key)
                        continue
                    }
                    let chunk = try Chunk(value, key: key, headOnly: true)
                    freed[keys.byteCount(of: chunk.stream), default: 0] += chunk.bytes
                    transaction.delete(key: key)
                    transaction.delete(key: keys.indexEntry(chunk.stream, place))
                }
                for key in freed.keys.sorted() {
                    var count = try ByteCount(try await transaction.get(key), key: key)
                    count.bytes -= min(count.bytes, freed[key] ?? 0)
                    transaction.put(key: key, value: count.record)
                }
                return pairs.count
            }
            if count < Self.stepChunks { return }
        }
    }
}
