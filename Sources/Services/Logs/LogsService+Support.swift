// SPDX-License-Identifier: Apache-2.0
// What every operation needs: the group a request names, permissions on it, and AWS's words for
// what goes wrong.

import Basics
import IdentityAccess
import LogsWire
import ServiceKit
import Storage
import WireModel

extension LogsService {
    /// The group called `name` of the caller's account and region.
    func groupName(_ name: String, _ context: CallContext) -> LogGroupName {
        LogGroupName(account: context.account, region: context.region, name: name)
    }

    /// The group that a request names by exactly one of the two members.
    func groupName(
        _ name: String?, orIdentifier identifier: String?, _ context: CallContext
    ) throws -> LogGroupName {
        switch (name, identifier) {
        case (let name?, nil): return groupName(name, context)
        case (nil, let identifier?): return try groupName(identifier: identifier, context)
        default:
            throw LogsFaults.invalidParameter(
                "Exactly one of logGroupName and logGroupIdentifier must be specified.")
        }
    }

    /// The group of a name or an ARN, the latter with or without `:*` at its end.
    func groupName(identifier: String, _ context: CallContext) throws -> LogGroupName {
        guard identifier.hasPrefix("arn:") else { return groupName(identifier, context) }
        guard let arn = ARN(parsing: identifier), arn.service == "logs",
            arn.region == context.region.description, let account = AccountID(arn.account),
            arn.resource.hasPrefix("log-group:")
        else { throw LogsFaults.invalidParameter("Invalid ARN: \(identifier)") }
        var name = arn.resource.dropFirst("log-group:".count)
        if name.hasSuffix(":*") { name = name.dropLast(2) }
        guard !name.isEmpty, !name.contains(":") else {
            throw LogsFaults.invalidParameter("Invalid ARN: \(identifier)")
        }
        return LogGroupName(account: account, region: context.region, name: String(name))
    }

    /// One permission on a group, or on a stream of it.
    ///
    /// AWS judges both by the stream form of the ARN, with an empty stream for the group: that is
    /// why policies name groups as `log-group:NAME:*`.
    func access(_ action: String, _ name: LogGroupName, stream: String = "") -> [Access] {
        [Access("logs:\(action)", on: name.streamARN(stream))]
    }

    /// The group, or AWS's refusal.
    nonisolated(nonsending)
        func group(_ name: LogGroupName, in reader: some StoreReader) async throws -> LogGroup
    {
        guard let value = try await reader.get(name.key) else { throw LogsFaults.noSuchGroup }
        return try LogGroup(value, key: name.key)
    }

    /// A stream of the group, or AWS's refusal.
    nonisolated(nonsending)
        func stream(_ name: String, of keys: LogGroupKeys, in reader: some StoreReader)
        async throws -> LogStream
    {
        let key = keys.stream(name)
        guard let value = try await reader.get(key) else { throw LogsFaults.noSuchStream }
        return try LogStream(value, key: key)
    }

    /// Changes a group's record.
    nonisolated(nonsending)
        func change(
            _ name: LogGroupName, _ body: @escaping @Sendable (inout LogGroup) throws -> Void
        ) async throws -> (LogGroup, StoreVersion)
    {
        try await world.store.admitted(bytes: 1024)
        return try await world.store.transact { [self] transaction in
            var group = try await group(name, in: transaction)
            try body(&group)
            transaction.put(key: name.key, value: group.record)
            return group
        }
    }

    /// Constraint violations as CloudWatch Logs names them.
    static func validation(_ violations: [ConstraintViolation]) -> ServiceFault {
        .validation(violations, service: CloudWatchLogs.service)
    }
}

/// AWS's sentences.
enum LogsFaults {
    static let noSuchGroup = CloudWatchLogs.Faults.resourceNotFoundException(
        message: "The specified log group does not exist.")

    static let noSuchStream = CloudWatchLogs.Faults.resourceNotFoundException(
        message: "The specified log stream does not exist.")

    static let groupExists = CloudWatchLogs.Faults.resourceAlreadyExistsException(
        message: "The specified log group already exists")

    static let streamExists = CloudWatchLogs.Faults.resourceAlreadyExistsException(
        message: "The specified log stream already exists")

    static let invalidToken = invalidParameter("The specified nextToken is invalid.")

    static func invalidParameter(_ message: String) -> ServiceFault {
        CloudWatchLogs.Faults.invalidParameterException(message: message)
    }
}

/// A page token: opaque to the client, our place in a listing to us.
enum PageToken {
    static func text(_ place: some Sequence<UInt8>) -> String { Hex.encode(place) }

    static func place(_ text: String?) throws -> [UInt8]? {
        guard let text else { return nil }
        guard let place = Hex.decode(text) else { throw LogsFaults.invalidToken }
        return place
    }
}
