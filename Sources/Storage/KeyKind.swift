// SPDX-License-Identifier: Apache-2.0
// The registry of key kinds: the first byte of every key. One file, so that no two collide.

/// What a key leads to.
///
/// The number is stored; it is never changed or used again.
///
/// 0 and 255 are kept free: 0 belongs to engines, 255 bounds every range from above.
/// A room of sixteen is reserved for each owner; kinds of one owner lie beside each other.
package enum KeyKind: UInt8, CaseIterable, Sendable {
    // The platform.
    /// Format of the store, identity of the world.
    case store = 0x01
    /// Clock mode, anchor and high-water mark.
    case clock = 0x02
    /// Resource name to cell id.
    case directory = 0x03
    /// The counter from which cell ids are allotted.
    case cellCounter = 0x04
    /// Deadline time to cell.
    case deadline = 0x05
    /// Resource tags.
    case tags = 0x06
    /// A line of the journal's files; never a key.
    case journalRecord = 0x07

    // Delivery.
    /// Entries waiting to be handed over.
    case outbox = 0x10
    /// Ids of transfers a target has accepted and its source has not confirmed.
    case transferAccepted = 0x11

    // Identity and access.
    case iamUser = 0x20
    case iamRole = 0x21
    case iamPolicy = 0x22
    case iamAccessKey = 0x23
    case stsSession = 0x24
    case iamAttachment = 0x25
    case iamInlinePolicy = 0x26
    case iamGroup = 0x27
    case iamPolicyVersion = 0x28

    // SQS.
    case sqsHeader = 0x30
    case sqsMessage = 0x31
    case sqsMessageState = 0x32
    case sqsDeduplication = 0x33
    case sqsGroup = 0x34
    case sqsDeadline = 0x35
    case sqsMove = 0x36
    case sqsAttempt = 0x37
    case sqsOutbox = 0x38
    case sqsConfiguration = 0x39
    /// Dead-letter queue and the queue whose policy names it.
    case sqsDeadLetterSource = 0x3A

    // Lambda.
    case lambdaFunction = 0x40
    case lambdaVersion = 0x41
    case lambdaAlias = 0x42
    case lambdaMapping = 0x43
    case lambdaInvocation = 0x44
    case lambdaInvokeConfig = 0x45
    case lambdaPermission = 0x46

    // CloudWatch Logs.
    case logsGroup = 0x50
    case logsStream = 0x51
    case logsEvent = 0x52
    case logsChunk = 0x53

    // Tests.
    /// Never written by the platform.
    case test = 0xF0
    case testIndex = 0xF1
}
