// SPDX-License-Identifier: Apache-2.0
// CloudWatch Logs' quotas in one place, injected so that tests and relaxed profiles can change
// them.

/// Quotas of the CloudWatch Logs User Guide, and bounds of ours on the work of one call.
package struct LogsLimits: Sendable {
    /// Messages in UTF-8 and the overhead of each event together.
    package var batchBytesMax = 1_048_576
    package var eventBytesMax = 1_048_576
    /// What AWS adds to each event's size.
    package var eventOverheadBytes = 26
    package var batchSpanMilliseconds: Int64 = 86_400_000
    /// Events may be this far ahead of the clock.
    package var futureMilliseconds: Int64 = 7_200_000
    /// Events may be this old.
    package var pastMilliseconds: Int64 = 1_209_600_000
    package var tagsMax = 50
    package var describeMax = 50
    /// Events a page of GetLogEvents or FilterLogEvents holds.
    package var pageEventsMax = 10_000
    package var pageBytesMax = 1_048_576
    /// Stored bytes a FilterLogEvents looks through before it answers with a token (ours).
    package var scanBytesMax = 16_777_216
    /// Streams that a filter by names or prefix reads one by one instead of the whole group (ours).
    package var filterStreamsMax = 100
    /// Groups a DescribeLogGroups by pattern looks at before it answers with a token (ours).
    package var describeScanMax = 5_000
    /// Virtual time between two looks for expired events of one group (ours).
    package var sweepMilliseconds: Int64 = 3_600_000

    package init() {}

    /// Days that PutRetentionPolicy accepts.
    static let retentionDays: [Int32] = [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
        2922, 3288, 3653,
    ]
}
