// SPDX-License-Identifier: Apache-2.0
// SQS's quotas in one place, injected so that tests and relaxed profiles can change them.

/// Quotas of the SQS Developer Guide, "Amazon SQS message quotas" and "queue quotas".
package struct SQSLimits: Sendable {
    /// Bytes of body and attributes together, and the ceiling of `MaximumMessageSize`.
    package var messageBytesMax = 1_048_576
    /// Bytes of all messages of one batch together.
    package var batchBytesMax = 1_048_576
    package var batchEntriesMax = 10
    package var receiveMessagesMax = 10
    package var messageAttributesMax = 10
    package var delaySecondsMax = 900
    package var visibilitySecondsMax = 43_200
    package var waitSecondsMax = 20
    package var retentionSecondsMin = 60
    package var retentionSecondsMax = 1_209_600
    package var messageSizeMin = 1_024
    package var maxReceiveCountMax = 1_000
    package var tagsMax = 50
    package var listResultsMax = 1_000
    /// Messages received and not yet deleted or returned, standard queues.
    package var inFlightStandardMax = 120_000
    /// The same for FIFO queues.
    package var inFlightFIFOMax = 120_000
    /// Messages a second that a move task may ask for.
    package var moveRateMax = 500
    package var moveTasksListedMax = 10
    package var policyBytesMax = 8_192
    package var policyStatementsMax = 20
    package var policyPrincipalsMax = 50
    package var policyConditionsMax = 10
    /// Actions in one statement.
    package var policyActionsMax = 7
    /// Messages that a group of a standard queue must have in flight to be noisy.
    package var noisyInFlightMin = 30
    /// Messages of one such group that wait apart from the backlog, and messages of all of them.
    package var tenantWaitingMax = 64
    package var tenantEntriesMax = 200_000
    /// How long FIFO queues remember a deduplication id.
    package var deduplicationSeconds = 300
    /// Seconds after a purge or a deletion in which AWS refuses another purge or the same name;
    /// 0 lifts the rule.
    package var cooldownSeconds = 0

    /// Payload that is billed as one request.
    package var billedChunkBytes = 65_536

    package init() {}

    /// Requests that a payload is billed as (SQS pricing).
    package func billedRequests(payloadBytes: Int) -> Int {
        max(1, (payloadBytes + billedChunkBytes - 1) / billedChunkBytes)
    }

    /// The quotas with AWS's waiting rules (`--limits=aws`).
    package static var aws: SQSLimits {
        var limits = SQSLimits()
        limits.cooldownSeconds = 60
        return limits
    }
}
