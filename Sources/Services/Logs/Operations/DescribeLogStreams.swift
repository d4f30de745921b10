// SPDX-License-Identifier: Apache-2.0
// DescribeLogStreams (CloudWatch Logs API reference): by name or by time of the last event.

import Basics
import LogsWire
import ServiceKit
import Storage
import WireModel

extension LogsService {
    var describeLogStreams: Operation {
        Operation(
            CloudWatchLogs.DescribeLogStreams.self, validation: Self.validation,
            authorize: { [self] input, context in
                access(
                    "DescribeLogStreams",
                    try groupName(
                        input.logGroupName, orIdentifier: input.logGroupIdentifier, context))
            },
            handler: { [self] input, context in
                let name = try groupName(
                    input.logGroupName, orIdentifier: input.logGroupIdentifier, context)
                if input.orderBy == .lastEventTime, input.logStreamNamePrefix != nil {
                    throw LogsFaults.invalidParameter(
                        "Cannot order by LastEventTime with a logStreamNamePrefix.")
                }
                let snapshot = try await world.store.snapshot()
                let keys = try await group(name, in: snapshot).keys
                let output = try await list(input, name, keys, snapshot)
                return Reply(output, at: snapshot.version)
            })
    }

    nonisolated(nonsending)
        private func list(
            _ input: CloudWatchLogs.DescribeLogStreamsRequest, _ name: LogGroupName,
            _ keys: LogGroupKeys, _ snapshot: any StoreSnapshot
        ) async throws -> CloudWatchLogs.DescribeLogStreamsResponse
    {
        let limit = input.limit.map { Int($0) } ?? limits.describeMax
        let isByTime = input.orderBy == .lastEventTime
        let isReverse = input.descending == true
        var range =
            isByTime ? keys.streamsByTime : keys.streams(prefix: input.logStreamNamePrefix ?? "")
        if let last = try PageToken.place(input.nextToken) {
            let key = StoreKey(bytes: range.lower.bytes.prefix(10) + last)
            range = isReverse ? range.before(key) : range.after(key)
        }
        let pairs = try await snapshot.range(range, limit: limit + 1, reverse: isReverse)
        var streams: [CloudWatchLogs.LogStream] = []
        for pair in pairs.prefix(limit) {
            if isByTime {
                let streamName = keys.streamByTimeName(pair.key)
                let stream = try await stream(streamName, of: keys, in: snapshot)
                streams.append(wire(stream, streamName, name))
            } else {
                let stream = try LogStream(pair.value, key: pair.key)
                streams.append(wire(stream, keys.streamName(pair.key), name))
            }
        }
        let more = pairs.count > limit ? pairs.dropLast().last : nil
        return CloudWatchLogs.DescribeLogStreamsResponse(
            logStreams: streams,
            nextToken: more.map { PageToken.text($0.key.bytes.dropFirst(10)) })
    }

    private func wire(
        _ stream: LogStream, _ streamName: String, _ name: LogGroupName
    ) -> CloudWatchLogs.LogStream {
        CloudWatchLogs.LogStream(
            logStreamName: streamName, creationTime: stream.createdAt.milliseconds,
            firstEventTimestamp: stream.firstEvent, lastEventTimestamp: stream.lastEvent,
            lastIngestionTime: stream.lastIngestion, uploadSequenceToken: stream.sequenceToken,
            arn: name.streamARN(streamName),
            // AWS has answered 0 here for every stream since 2019.
            storedBytes: 0)
    }
}
