// SPDX-License-Identifier: Apache-2.0
// FilterLogEvents (CloudWatch Logs API reference): a group's events in order of time, of all or
// some streams, through a pattern.

import Chronology
import IdentityAccess
import LogsWire
import ServiceKit
import Storage
import WireModel

extension LogsService {
    var filterLogEvents: Operation {
        Operation(
            CloudWatchLogs.FilterLogEvents.self,
            rules: MemberRules(stored: [
                "interleaved": "Events are always interleaved, as on AWS since 2019."
            ]),
            validation: Self.validation,
            authorize: { [self] input, context in
                let name = try groupName(
                    input.logGroupName, orIdentifier: input.logGroupIdentifier, context)
                let accesses = access("FilterLogEvents", name)
                return input.unmask == true ? accesses + access("Unmask", name) : accesses
            },
            handler: { [self] input, context in
                let name = try groupName(
                    input.logGroupName, orIdentifier: input.logGroupIdentifier, context)
                if input.logStreamNames != nil, input.logStreamNamePrefix != nil {
                    throw LogsFaults.invalidParameter(
                        "logStreamNames and logStreamNamePrefix are mutually exclusive "
                            + "parameters.")
                }
                let pattern = try Self.compiled(input.filterPattern)
                let snapshot = try await world.store.snapshot()
                let now = world.clock.now()
                let group = try await group(name, in: snapshot)
                let query = try await query(
                    input, group.keys, expiry: group.expiry(at: now), snapshot)
                let output = try await filter(
                    query, pattern, limit: input.limit.map { Int($0) } ?? limits.pageEventsMax,
                    snapshot)
                retention.noticed(group, now: now)
                return Reply(output, at: snapshot.version)
            })
    }

    private static func compiled(_ pattern: String?) throws -> FilterPattern {
        do throws(FilterPatternError) {
            return try FilterPattern(pattern ?? "")
        } catch {
            throw LogsFaults.invalidParameter(error.message)
        }
    }

    nonisolated(nonsending)
        private func query(
            _ input: CloudWatchLogs.FilterLogEventsRequest, _ keys: LogGroupKeys, expiry: Int64?,
            _ snapshot: any StoreSnapshot
        ) async throws -> EventQuery
    {
        var start = EventPosition(time: max(input.startTime ?? 0, expiry ?? 0, 0))
        // The end is inclusive here, unlike GetLogEvents'.
        let end = EventPosition(time: input.endTime.map { $0 < .max ? $0 + 1 : $0 } ?? .max)
        if let token = input.nextToken {
            guard let position = EventPosition(digits: token) else {
                throw LogsFaults.invalidToken
            }
            start = max(start, position)
        }
        var query = EventQuery(
            keys: keys, positions: start..<max(start, end), scanBytesMax: limits.scanBytesMax)
        if let names = input.logStreamNames {
            var numbers: Set<UInt64> = []
            for name in names {
                numbers.insert(try await stream(name, of: keys, in: snapshot).number.rawValue)
            }
            query.streams = numbers.sorted()
        } else if let prefix = input.logStreamNamePrefix {
            let pairs = try await snapshot.range(
                keys.streams(prefix: prefix), limit: limits.filterStreamsMax + 1)
            if pairs.count <= limits.filterStreamsMax {
                query.streams = try pairs.map {
                    try LogStream($0.value, key: $0.key).number.rawValue
                }
            } else {
                query.namePrefix = prefix
            }
        }
        if query.streams == nil {
            for pair in try await snapshot.range(keys.purges, limit: .max) {
                var decoder = try KeyDecoder(pair.key, kind: .logsStream)
                _ = try decoder.unsigned()
                _ = try decoder.unsigned()
                query.purged.insert(try decoder.unsigned())
            }
        }
        return query
    }

    /// Looks through events until a page is full or enough was looked through.
    nonisolated(nonsending)
        private func filter(
            _ query: EventQuery, _ pattern: FilterPattern, limit: Int,
            _ snapshot: any StoreSnapshot
        ) async throws -> CloudWatchLogs.FilterLogEventsResponse
    {
        var reader = EventReader(query, snapshot)
        // AWS has left the list of searched streams empty since 2020.
        var output = CloudWatchLogs.FilterLogEventsResponse(events: [], searchedLogStreams: [])
        var events: [CloudWatchLogs.FilteredLogEvent] = []
        var bytes = 0
        reading: while true {
            switch try await reader.next() {
            case .end: break reading
            case .pause(let position):
                output.nextToken = position.digits
                break reading
            case .event(let event):
                if pattern.matches(event.message) {
                    bytes += event.message.count + limits.eventOverheadBytes
                    let isFull = bytes > limits.pageBytesMax && !events.isEmpty
                    if isFull || events.count >= limit {
                        output.nextToken = event.position.digits
                        break reading
                    }
                    events.append(Self.wire(event))
                } else if reader.bytesRead > limits.scanBytesMax {
                    output.nextToken = event.position.next.digits
                    break reading
                }
            }
        }
        output.events = events
        return output
    }

    private static func wire(_ event: ReadEvent) -> CloudWatchLogs.FilteredLogEvent {
        CloudWatchLogs.FilteredLogEvent(
            logStreamName: event.streamName, timestamp: event.position.time,
            message: String(decoding: event.message, as: UTF8.self),
            ingestionTime: event.ingestion, eventId: event.position.digits)
    }
}
