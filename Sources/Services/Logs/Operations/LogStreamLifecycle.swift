// SPDX-License-Identifier: Apache-2.0
// CreateLogStream and DeleteLogStream (CloudWatch Logs API reference).

import Chronology
import LogsWire
import ServiceKit
import Storage
import WireModel

extension LogsService {
    var createLogStream: Operation {
        Operation(
            CloudWatchLogs.CreateLogStream.self, validation: Self.validation,
            authorize: { [self] input, context in
                access(
                    "CreateLogStream", groupName(input.logGroupName, context),
                    stream: input.logStreamName)
            },
            handler: { [self] input, context in
                let name = groupName(input.logGroupName, context)
                let stream = LogStream(createdAt: world.clock.now())
                guard let record = stream.newRecord else { throw ServiceFault.internalFailure }
                try await world.store.admitted(bytes: 2048)
                let (_, version) = try await world.store.transact { [self] transaction in
                    let keys = try await group(name, in: transaction).keys
                    let key = keys.stream(input.logStreamName)
                    guard try await transaction.get(key) == nil else {
                        throw LogsFaults.streamExists
                    }
                    transaction.put(key: key, value: record)
                    transaction.put(
                        key: keys.streamByTime(nil, input.logStreamName),
                        value: Mark.record(.logsStream))
                }
                return Reply(EmptyStructure(), at: version)
            })
    }

    var deleteLogStream: Operation {
        Operation(
            CloudWatchLogs.DeleteLogStream.self, validation: Self.validation,
            authorize: { [self] input, context in
                access(
                    "DeleteLogStream", groupName(input.logGroupName, context),
                    stream: input.logStreamName)
            },
            handler: { [self] input, context in
                let name = groupName(input.logGroupName, context)
                try await world.store.admitted(bytes: 2048, adds: false)
                let (purged, version) = try await world.store.transact { [self] transaction in
                    let keys = try await group(name, in: transaction).keys
                    let stream = try await stream(
                        input.logStreamName, of: keys, in: transaction)
                    transaction.delete(key: keys.stream(input.logStreamName))
                    transaction.delete(
                        key: keys.streamByTime(stream.lastEvent, input.logStreamName))
                    transaction.put(
                        key: keys.purge(stream.number.rawValue), value: Mark.record(.logsStream))
                    return (keys, stream.number.rawValue)
                }
                retention.purge(purged.0, stream: purged.1)
                return Reply(EmptyStructure(), at: version)
            })
    }
}
