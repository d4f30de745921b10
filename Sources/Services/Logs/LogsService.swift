// SPDX-License-Identifier: Apache-2.0
// The service as the platform sees it: its operations and what it resumes at start.

import LogsWire
package import ServiceKit
import Storage

/// Amazon CloudWatch Logs.
package final class LogsService: Sendable {
    let world: World
    let limits: LogsLimits
    let retention: Retention

    package init(world: World, limits: LogsLimits = LogsLimits()) {
        self.world = world
        self.limits = limits
        retention = Retention(world: world, limits: limits)
    }

    /// What the platform registers.
    package var registration: ServiceRegistration {
        ServiceRegistration(
            CloudWatchLogs.service,
            operations: [
                createLogGroup, deleteLogGroup, describeLogGroups, createLogStream,
                deleteLogStream, describeLogStreams, putLogEvents, getLogEvents, filterLogEvents,
                putRetentionPolicy, deleteRetentionPolicy, tagResource, untagResource,
                listTagsForResource,
            ], resourceTags: { [self] in try await tags(of: $0) },
            dropResidentState: { [self] in dropResidentState() })
    }

    /// Goes on deleting the events of deleted streams; called once the platform is assembled.
    nonisolated(nonsending)
        package func start() async throws
    {
        try await retention.resumePurges()
    }

    /// Forgets everything resident: the store was reopened from disk.
    package func dropResidentState() { retention.forget() }
}
