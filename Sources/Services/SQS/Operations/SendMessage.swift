// SPDX-License-Identifier: Apache-2.0
// SendMessage and SendMessageBatch (SQS API reference).

import Basics
import IdentityAccess
import Journal
import SQSWire
import ServiceKit
import Storage
import WireModel

extension SQSService {
    var sendMessage: Operation {
        Operation(
            SQS.SendMessage.self, validation: Self.validation,
            authorize: { [self] in try access("SendMessage", $0.queueUrl, $1) },
            handler: { [self] input, context in
                let given = MessageInput(
                    body: input.messageBody, delaySeconds: input.delaySeconds,
                    attributes: input.messageAttributes,
                    systemAttributes: input.messageSystemAttributes,
                    deduplicationID: input.messageDeduplicationId, groupID: input.messageGroupId)
                return try await withQueue(input.queueUrl, context) { cell in
                    try await world.store.admitted(bytes: given.sizeBytes + 512)
                    let (sent, version) = try cell.commit { queue, now in
                        let command = try command(given, queue, context, now: now)
                        let (outcome, changes) = queue.decideSend(
                            command, at: queue.header.nextPosition, now: now
                        ) { $0.record }
                        let forgotten = queue.decideForgetting(sends: 1, now: now)
                        return (
                            (outcome, command.message),
                            outcome.isDuplicate ? [] : forgotten + changes
                        )
                    }
                    return Reply(
                        result(sent.0, sent.1, isFIFO: sent.1.groupID != nil && cell.isFIFO),
                        at: version, subjects: [sent.0.messageID],
                        billedRequests: limits.billedRequests(payloadBytes: sent.1.sizeBytes))
                }
            })
    }

    private func result(_ outcome: SendOutcome, _ message: Message, isFIFO: Bool)
        -> SQS.SendMessageResult
    {
        SQS.SendMessageResult(
            md5OfMessageBody: Hex.encode(message.bodyDigest),
            md5OfMessageAttributes: MessageDigest.hexadecimal(of: message.attributes),
            md5OfMessageSystemAttributes: Self.traceDigest(message),
            messageId: outcome.messageID,
            sequenceNumber: isFIFO ? outcome.position.sequenceNumber : nil)
    }

    private static func traceDigest(_ message: Message) -> String? {
        message.traceHeader.flatMap {
            MessageDigest.hexadecimal(of: [
                MessageAttribute(name: "AWSTraceHeader", dataType: "String", value: .string($0))
            ])
        }
    }

    var sendMessageBatch: Operation {
        Operation(
            SQS.SendMessageBatch.self, validation: Self.validation,
            // AWS asks for SendMessage: batch actions are not actions of their own.
            authorize: { [self] in try access("SendMessage", $0.queueUrl, $1) },
            handler: { [self] input, context in
                let entries = input.entries
                try MessageValidation.checkBatch(
                    entries.map(\.id), entry: "SendMessageBatchRequestEntry", limits: limits)
                let bytes = entries.reduce(0) {
                    $0 + $1.messageBody.utf8.count
                        + MessageInput.sizeBytes(of: $1.messageAttributes)
                }
                guard bytes <= limits.batchBytesMax else {
                    throw SQS.Faults.batchRequestTooLong(
                        message: "Batch requests cannot be longer than \(limits.batchBytesMax) "
                            + "bytes. You have sent \(bytes) bytes.")
                }
                return try await withQueue(input.queueUrl, context) { cell in
                    try await world.store.admitted(bytes: bytes + 512 * entries.count)
                    let isFIFO = cell.isFIFO
                    // AWS refuses the whole batch for this, with the single send's sentence.
                    if isFIFO, entries.contains(where: { $0.messageGroupId == nil }) {
                        throw SQSFaults.invalidParameter(
                            "The request must contain the parameter MessageGroupId.")
                    }
                    let (result, version) = try cell.commit { queue, now in
                        sendBatch(entries, to: queue, isFIFO: isFIFO, context, now: now)
                    }
                    return Reply(
                        result, at: version, subjects: result.successful.map(\.messageId),
                        billedRequests: limits.billedRequests(payloadBytes: bytes))
                }
            })
    }

    /// Entries are judged one by one; those that fail leave the others alone.
    private func sendBatch(
        _ entries: [SQS.SendMessageBatchRequestEntry], to queue: Queue, isFIFO: Bool,
        _ context: CallContext, now: Timestamp
    ) -> (SQS.SendMessageBatchResult, [QueueChange]) {
        var result = SQS.SendMessageBatchResult(successful: [], failed: [])
        var changes = queue.decideForgetting(sends: entries.count, now: now)
        var position = queue.header.nextPosition
        var sent: [DeduplicationKey: SendOutcome] = [:]
        for entry in entries {
            let given = MessageInput(
                body: entry.messageBody, delaySeconds: entry.delaySeconds,
                attributes: entry.messageAttributes,
                systemAttributes: entry.messageSystemAttributes,
                deduplicationID: entry.messageDeduplicationId, groupID: entry.messageGroupId)
            do {
                let command = try command(given, queue, context, now: now)
                let key = isFIFO ? queue.deduplicationKey(of: command.message) : nil
                var outcome: SendOutcome
                if let key, let earlier = sent[key] {
                    outcome = earlier
                } else {
                    let decided = queue.decideSend(command, at: position, now: now) { $0.record }
                    outcome = decided.outcome
                    changes += decided.changes
                    if !outcome.isDuplicate { position = position.next }
                    if let key { sent[key] = outcome }
                }
                let answer = self.result(outcome, command.message, isFIFO: isFIFO)
                result.successful.append(
                    SQS.SendMessageBatchResultEntry(
                        id: entry.id, messageId: outcome.messageID,
                        md5OfMessageBody: answer.md5OfMessageBody ?? "",
                        md5OfMessageAttributes: answer.md5OfMessageAttributes,
                        md5OfMessageSystemAttributes: answer.md5OfMessageSystemAttributes,
                        sequenceNumber: answer.sequenceNumber))
            } catch {
                result.failed.append(Self.failure(entry.id, error))
            }
        }
        return (result, changes)
    }

    /// A batch entry's error.
    static func failure(_ id: String, _ error: any Error) -> SQS.BatchResultErrorEntry {
        let fault = (error as? ServiceFault) ?? .internalFailure
        return SQS.BatchResultErrorEntry(
            id: id, senderFault: fault.isSender, code: fault.queryErrorCode ?? fault.code,
            message: fault.message)
    }

    /// A validated send for this queue.
    private func command(
        _ given: MessageInput, _ queue: Queue, _ context: CallContext, now: Timestamp
    ) throws -> SendCommand {
        guard !given.body.isEmpty else { throw SQSFaults.missingParameter("MessageBody") }
        try MessageValidation.checkCharacters(given.body)
        let attributes = try MessageValidation.attributes(given.attributes, limits: limits)
        let trace = try MessageValidation.traceHeader(given.systemAttributes)
        guard given.sizeBytes <= queue.configuration.maximumMessageSize else {
            throw SQSFaults.invalidParameter(
                "One or more parameters are invalid. Reason: Message must be shorter than "
                    + "\(queue.configuration.maximumMessageSize) bytes.")
        }
        var message = Message(
            messageID: world.entropy.uuid(), body: given.body,
            bodyDigest: MessageDigest.md5(given.body), senderID: context.principal.userID,
            sentAt: now)
        message.attributes = attributes
        if case .string(let header) = trace?.value { message.traceHeader = header }
        message.cause = context.record.rawValue
        try address(&message, given, queue)
        return SendCommand(
            message: message, delaySeconds: try delay(given.delaySeconds, isFIFO: queue.isFIFO))
    }

    /// Group and deduplication id, as the queue's type asks for them.
    private func address(_ message: inout Message, _ given: MessageInput, _ queue: Queue) throws {
        if let group = given.groupID {
            try MessageValidation.checkIdentifier(group, "MessageGroupId")
            message.groupID = group
        }
        guard queue.isFIFO else {
            if given.deduplicationID != nil {
                throw SQSFaults.invalidParameter(
                    "The request include parameter that is not valid for this queue type: "
                        + "MessageDeduplicationId")
            }
            return
        }
        guard given.groupID != nil else { throw SQSFaults.missingParameter("MessageGroupId") }
        if let identifier = given.deduplicationID {
            try MessageValidation.checkIdentifier(identifier, "MessageDeduplicationId")
            message.deduplicationID = identifier
        } else if queue.configuration.deduplicatesByContent {
            message.deduplicationID = MessageDigest.contentDeduplicationID(given.body)
        } else {
            throw SQSFaults.invalidParameter(
                "The queue should either have ContentBasedDeduplication enabled or "
                    + "MessageDeduplicationId provided explicitly")
        }
    }

    private func delay(_ seconds: Int32?, isFIFO: Bool) throws -> Int? {
        guard let seconds else { return nil }
        guard !isFIFO || seconds == 0 else {
            throw SQSFaults.invalidValue(
                seconds, "DelaySeconds",
                "The request include parameter that is not valid for this queue type.")
        }
        guard (0...limits.delaySecondsMax).contains(Int(seconds)) else {
            throw SQSFaults.invalidValue(
                seconds, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
        }
        return isFIFO ? nil : Int(seconds)
    }
}
