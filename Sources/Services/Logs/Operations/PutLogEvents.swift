// SPDX-License-Identifier: Apache-2.0
// PutLogEvents (CloudWatch Logs API reference).

import Basics
import Chronology
import LogsWire
import ServiceKit
import Storage
import WireModel

extension LogsService {
    var putLogEvents: Operation {
        Operation(
            CloudWatchLogs.PutLogEvents.self,
            rules: MemberRules(stored: [
                "sequenceToken": "Accepted whatever it is, as on AWS since 2023; the next one is "
                    + "returned.",
                "entity": "Entities are not built: the reply's rejectedEntityInfo says so, and "
                    + "the events are taken.",
            ]),
            validation: Self.validation,
            authorize: { [self] input, context in
                access(
                    "PutLogEvents", groupName(input.logGroupName, context),
                    stream: input.logStreamName)
            },
            handler: { [self] input, context in
                let name = groupName(input.logGroupName, context)
                let batch = try PutBatch(input.logEvents, limits: limits)
                try await world.store.admitted(bytes: batch.bytes + 1024)
                let now = world.clock.now()
                let (stored, version) = try await world.store.transact { [self] transaction in
                    try await put(batch, input.logStreamName, name, transaction, now: now)
                }
                retention.noticed(stored.group, now: now)
                return Reply(
                    CloudWatchLogs.PutLogEventsResponse(
                        nextSequenceToken: stored.sequenceToken,
                        rejectedLogEventsInfo: stored.rejected,
                        // Entities are not built; AWS too takes the events of a batch whose
                        // entity it rejects.
                        rejectedEntityInfo: input.entity.map { _ in
                            CloudWatchLogs.RejectedEntityInfo(errorType: .unsupportedLogGroupType)
                        }),
                    at: version)
            })
    }

    private struct Stored: Sendable {
        let group: LogGroup
        let sequenceToken: String
        let rejected: CloudWatchLogs.RejectedLogEventsInfo?
    }

    nonisolated(nonsending)
        private func put(
            _ batch: PutBatch, _ streamName: String, _ name: LogGroupName,
            _ transaction: Transaction, now: Timestamp
        ) async throws -> Stored
    {
        let group = try await group(name, in: transaction)
        let keys = group.keys
        var stream = try await stream(streamName, of: keys, in: transaction)
        let verdict = try batch.judge(
            now: now.milliseconds, expiry: group.expiry(at: now), limits: limits)
        let before = stream.lastEvent
        stream.puts &+= 1
        if !verdict.accepted.isEmpty {
            stream.lastIngestion = now.milliseconds
            let first = batch.events[verdict.accepted.lowerBound].timestamp
            let last = batch.events[verdict.accepted.upperBound - 1].timestamp
            stream.firstEvent = min(stream.firstEvent ?? first, first)
            stream.lastEvent = max(stream.lastEvent ?? last, last)
            let counter = keys.byteCount(of: stream.number.rawValue)
            var count = try ByteCount(try await transaction.get(counter), key: counter)
            for (ordinal, draft) in batch.drafts(verdict.accepted, limits).enumerated() {
                count.bytes &+= draft.bytes
                store(draft, ordinal, batch, stream, streamName, keys, transaction, now)
            }
            transaction.put(key: counter, value: count.record)
        }
        transaction.put(key: keys.stream(streamName), value: stream.record)
        if stream.lastEvent != before {
            transaction.delete(key: keys.streamByTime(before, streamName))
            transaction.put(
                key: keys.streamByTime(stream.lastEvent, streamName),
                value: Mark.record(.logsStream))
        }
        return Stored(
            group: group, sequenceToken: stream.sequenceToken, rejected: verdict.rejected)
    }

    private func store(
        _ draft: ChunkDraft, _ ordinal: Int, _ batch: PutBatch, _ stream: LogStream,
        _ streamName: String, _ keys: LogGroupKeys, _ transaction: Transaction, _ now: Timestamp
    ) {
        guard let chunk = keys.newChunk(first: draft.first, ordinal: ordinal),
            let entry = keys.newIndexEntry(
                stream.number.rawValue, first: draft.first, ordinal: ordinal)
        else { return }
        var writer = RecordWriter(
            .logsChunk, capacity: Int(clamping: draft.bytes) + streamName.utf8.count + 64)
        writer.unsigned(1, stream.number.rawValue)
        writer.string(2, streamName)
        writer.signed(3, now.milliseconds)
        writer.unsigned(4, UInt64(draft.events.lowerBound))
        writer.unsigned(5, draft.bytes)
        for event in batch.events[draft.events] {
            writer.signed(6, event.timestamp)
            writer.string(7, event.message)
        }
        transaction.put(key: chunk, value: writer.finish())
        transaction.put(key: entry, value: Mark.record(.logsEvent))
    }
}
