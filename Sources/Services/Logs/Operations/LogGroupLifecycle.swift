// SPDX-License-Identifier: Apache-2.0
// CreateLogGroup and DeleteLogGroup (CloudWatch Logs API reference).

import Chronology
import LogsWire
import ServiceKit
import Storage
import WireModel

extension LogsService {
    var createLogGroup: Operation {
        Operation(
            CloudWatchLogs.CreateLogGroup.self,
            rules: MemberRules(
                refused: [
                    "kmsKeyId": Refusal(
                        "Encryption with customer keys is not built; events are stored as they "
                            + "are."),
                    "deletionProtectionEnabled": Refusal(
                        "Deletion protection is not built, because "
                            + "PutLogGroupDeletionProtection, which lifts it, is not."),
                ],
                stored: [
                    "logGroupClass": "Given back, and a filter of DescribeLogGroups; what the "
                        + "other classes cannot do is not taken away."
                ]),
            validation: Self.validation,
            authorize: { [self] input, context in
                let name = groupName(input.logGroupName, context)
                var accesses = access("CreateLogGroup", name)
                // AWS asks for this too when tags are given.
                if input.tags?.isEmpty == false {
                    accesses.append(Access("logs:TagResource", on: name.arn))
                }
                return accesses
            },
            handler: { [self] input, context in
                let name = groupName(input.logGroupName, context)
                let group = LogGroup(
                    createdAt: world.clock.now(), retentionDays: nil,
                    logClass: (input.logGroupClass ?? .standard).rawValue,
                    tags: try checkedTags(input.tags ?? [:], existing: [:]))
                guard let record = group.newRecord else { throw ServiceFault.internalFailure }
                try await world.store.admitted(bytes: 1024)
                let (_, version) = try await world.store.transact { transaction in
                    guard try await transaction.get(name.key) == nil else {
                        throw LogsFaults.groupExists
                    }
                    transaction.put(key: name.key, value: record)
                }
                return Reply(EmptyStructure(), at: version)
            })
    }

    var deleteLogGroup: Operation {
        Operation(
            CloudWatchLogs.DeleteLogGroup.self, validation: Self.validation,
            authorize: { [self] input, context in
                access("DeleteLogGroup", groupName(input.logGroupName, context))
            },
            handler: { [self] input, context in
                let name = groupName(input.logGroupName, context)
                try await world.store.admitted(bytes: 512, adds: false)
                let (_, version) = try await world.store.transact { [self] transaction in
                    let group = try await group(name, in: transaction)
                    transaction.delete(key: name.key)
                    for range in group.keys.all { transaction.deleteRange(range) }
                }
                return Reply(EmptyStructure(), at: version)
            })
    }
}
