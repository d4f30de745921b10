// SPDX-License-Identifier: Apache-2.0
// DescribeLogGroups (CloudWatch Logs API reference).

import Basics
import LogsWire
import ServiceKit
import Storage
import WireModel

extension LogsService {
    var describeLogGroups: Operation {
        Operation(
            CloudWatchLogs.DescribeLogGroups.self, validation: Self.validation,
            authorize: { [self] _, context in
                access("DescribeLogGroups", groupName("", context))
            },
            handler: { [self] input, context in
                try check(input)
                let snapshot = try await world.store.snapshot()
                let output: CloudWatchLogs.DescribeLogGroupsResponse
                // Accounts are linked by a service that is not built, so none but the caller's
                // can be meant.
                let isOwnAccount =
                    input.includeLinkedAccounts != true
                    || input.accountIdentifiers?.contains(context.account.description) ?? true
                if !isOwnAccount {
                    output = CloudWatchLogs.DescribeLogGroupsResponse(logGroups: [])
                } else if let identifiers = input.logGroupIdentifiers {
                    output = try await describe(identifiers, snapshot, context)
                } else {
                    output = try await list(input, snapshot, context)
                }
                return Reply(output, at: snapshot.version)
            })
    }

    private func check(_ input: CloudWatchLogs.DescribeLogGroupsRequest) throws {
        let hasName = input.logGroupNamePrefix != nil || input.logGroupNamePattern != nil
        if input.logGroupNamePrefix != nil, input.logGroupNamePattern != nil {
            throw LogsFaults.invalidParameter(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive "
                    + "parameters.")
        }
        if input.logGroupIdentifiers != nil, hasName || input.logGroupClass != nil {
            throw LogsFaults.invalidParameter(
                "logGroupIdentifiers cannot be combined with other filters.")
        }
    }

    nonisolated(nonsending)
        private func describe(
            _ identifiers: [String], _ snapshot: any StoreSnapshot, _ context: CallContext
        ) async throws -> CloudWatchLogs.DescribeLogGroupsResponse
    {
        var groups: [CloudWatchLogs.LogGroup] = []
        var seen: Set<LogGroupName> = []
        for identifier in identifiers {
            let name = try groupName(identifier: identifier, context)
            guard name.account == context.account, seen.insert(name).inserted,
                let value = try await snapshot.get(name.key)
            else { continue }
            groups.append(try await wire(try LogGroup(value, key: name.key), name, snapshot))
        }
        return CloudWatchLogs.DescribeLogGroupsResponse(logGroups: groups)
    }

    nonisolated(nonsending)
        private func list(
            _ input: CloudWatchLogs.DescribeLogGroupsRequest, _ snapshot: any StoreSnapshot,
            _ context: CallContext
        ) async throws -> CloudWatchLogs.DescribeLogGroupsResponse
    {
        let limit = input.limit.map { Int($0) } ?? limits.describeMax
        let directory = LogGroupName.directory(
            account: context.account, region: context.region, prefix: "")
        let nameStart = directory.key.bytes.count
        var range = directory.rawTail((input.logGroupNamePrefix ?? "").utf8).prefix
        if let last = try PageToken.place(input.nextToken) {
            range = range.after(directory.rawTail(last).key)
        }
        // An empty pattern is none.
        let pattern = input.logGroupNamePattern.flatMap {
            $0.isEmpty ? nil : Needle(Array($0.utf8))
        }
        var output = CloudWatchLogs.DescribeLogGroupsResponse(logGroups: [])
        var pages = snapshot.pages(range, size: pattern == nil ? limit + 1 : 256)
        var (looked, last): (Int, ArraySlice<UInt8>) = (0, [])
        while let page = try await pages.next() {
            for pair in page {
                let name = pair.key.bytes[nameStart...]
                if output.logGroups?.count ?? 0 >= limit || looked >= limits.describeScanMax {
                    output.nextToken = PageToken.text(last)
                    return output
                }
                looked += 1
                last = name
                if let pattern, pattern.end(in: name) == nil { continue }
                let group = try LogGroup(pair.value, key: pair.key)
                if let wanted = input.logGroupClass, wanted.rawValue != group.logClass { continue }
                let full = groupName(String(decoding: name, as: UTF8.self), context)
                output.logGroups?.append(try await wire(group, full, snapshot))
            }
        }
        return output
    }

    nonisolated(nonsending)
        private func wire(
            _ group: LogGroup, _ name: LogGroupName, _ snapshot: any StoreSnapshot
        ) async throws -> CloudWatchLogs.LogGroup
    {
        var bytes: UInt64 = 0
        let counts = try await snapshot.range(group.keys.byteCounts, limit: .max)
        for pair in counts { bytes &+= try ByteCount(pair.value, key: pair.key).bytes }
        return CloudWatchLogs.LogGroup(
            logGroupName: name.name, creationTime: group.createdAt.milliseconds,
            retentionInDays: group.retentionDays, metricFilterCount: 0, arn: "\(name.arn):*",
            storedBytes: Int64(clamping: bytes),
            logGroupClass: CloudWatchLogs.LogGroupClass(rawValue: group.logClass),
            logGroupArn: name.arn, deletionProtectionEnabled: false)
    }
}
