// SPDX-License-Identifier: Apache-2.0
// GetLogEvents (CloudWatch Logs API reference): one stream, in pages in either direction.

import Chronology
import IdentityAccess
import LogsWire
import ServiceKit
import Storage
import WireModel

extension LogsService {
    var getLogEvents: Operation {
        Operation(
            CloudWatchLogs.GetLogEvents.self, validation: Self.validation,
            authorize: { [self] input, context in
                let name = try groupName(
                    input.logGroupName, orIdentifier: input.logGroupIdentifier, context)
                let accesses = access("GetLogEvents", name, stream: input.logStreamName)
                // No data protection masks anything; the permission is AWS's all the same.
                return input.unmask == true ? accesses + access("Unmask", name) : accesses
            },
            handler: { [self] input, context in
                let name = try groupName(
                    input.logGroupName, orIdentifier: input.logGroupIdentifier, context)
                let snapshot = try await world.store.snapshot()
                let now = world.clock.now()
                let group = try await group(name, in: snapshot)
                let stream = try await stream(
                    input.logStreamName, of: group.keys, in: snapshot)
                let start = max(input.startTime ?? 0, group.expiry(at: now) ?? 0, 0)
                let output = try await page(
                    input, stream, group.keys, start: start, snapshot)
                retention.noticed(group, now: now)
                return Reply(output, at: snapshot.version)
            })
    }

    nonisolated(nonsending)
        private func page(
            _ input: CloudWatchLogs.GetLogEventsRequest, _ stream: LogStream,
            _ keys: LogGroupKeys, start: Int64, _ snapshot: any StoreSnapshot
        ) async throws -> CloudWatchLogs.GetLogEventsResponse
    {
        var isForward = input.startFromHead == true
        // The end is exclusive here, unlike FilterLogEvents'.
        var bounds = (EventPosition(time: start), EventPosition(time: input.endTime ?? .max))
        if let text = input.nextToken {
            guard let token = ReadToken(text) else { throw LogsFaults.invalidToken }
            isForward = token.isForward
            if isForward {
                bounds.0 = max(bounds.0, token.position)
            } else {
                bounds.1 = min(bounds.1, token.position)
            }
        }
        // Where a client stands that was given nothing.
        let here =
            input.nextToken.flatMap { ReadToken($0)?.position }
            ?? (isForward || input.endTime == nil ? bounds.0 : bounds.1)
        let events = try await read(
            EventQuery(
                keys: keys, streams: [stream.number.rawValue],
                positions: bounds.0..<max(bounds.0, bounds.1), isReverse: !isForward),
            limit: input.limit.map { Int($0) } ?? limits.pageEventsMax, snapshot)
        let ordered = isForward ? events : events.reversed()
        return CloudWatchLogs.GetLogEventsResponse(
            events: ordered.map { event in
                CloudWatchLogs.OutputLogEvent(
                    timestamp: event.position.time,
                    message: String(decoding: event.message, as: UTF8.self),
                    ingestionTime: event.ingestion)
            },
            nextForwardToken: ReadToken(
                isForward: true, position: ordered.last?.position.next ?? here
            ).text,
            nextBackwardToken: ReadToken(
                isForward: false, position: ordered.first?.position ?? here
            ).text)
    }

    /// Events up to the limits of a page, at least one if there is any.
    nonisolated(nonsending)
        private func read(
            _ query: EventQuery, limit: Int, _ snapshot: any StoreSnapshot
        ) async throws -> [ReadEvent]
    {
        var reader = EventReader(query, snapshot)
        var events: [ReadEvent] = []
        var bytes = 0
        while events.count < limit, case .event(let event) = try await reader.next() {
            bytes += event.message.count + limits.eventOverheadBytes
            if bytes > limits.pageBytesMax, !events.isEmpty { break }
            events.append(event)
        }
        return events
    }
}
