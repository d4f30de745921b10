// SPDX-License-Identifier: Apache-2.0
// PutRetentionPolicy and DeleteRetentionPolicy (CloudWatch Logs API reference).

import Chronology
import LogsWire
import ServiceKit
import WireModel

extension LogsService {
    var putRetentionPolicy: Operation {
        Operation(
            CloudWatchLogs.PutRetentionPolicy.self, validation: Self.validation,
            authorize: { [self] input, context in
                access("PutRetentionPolicy", groupName(input.logGroupName, context))
            },
            handler: { [self] input, context in
                guard LogsLimits.retentionDays.contains(input.retentionInDays) else {
                    throw LogsFaults.invalidParameter(
                        "Invalid retentionInDays value: \(input.retentionInDays). Valid values "
                            + "are: \(LogsLimits.retentionDays)")
                }
                let (group, version) = try await change(groupName(input.logGroupName, context)) {
                    $0.retentionDays = input.retentionInDays
                }
                retention.policyChanged(group)
                retention.noticed(group, now: world.clock.now())
                return Reply(EmptyStructure(), at: version)
            })
    }

    var deleteRetentionPolicy: Operation {
        Operation(
            CloudWatchLogs.DeleteRetentionPolicy.self, validation: Self.validation,
            authorize: { [self] input, context in
                access("DeleteRetentionPolicy", groupName(input.logGroupName, context))
            },
            handler: { [self] input, context in
                let (_, version) = try await change(groupName(input.logGroupName, context)) {
                    $0.retentionDays = nil
                }
                return Reply(EmptyStructure(), at: version)
            })
    }
}
