// SPDX-License-Identifier: Apache-2.0
// DeleteMessage, ChangeMessageVisibility and their batches (SQS API reference).

import SQSWire
import ServiceKit
import Storage
import WireModel

extension SQSService {
    var deleteMessage: Operation {
        Operation(
            SQS.DeleteMessage.self, validation: Self.validation,
            authorize: { [self] in try access("DeleteMessage", $0.queueUrl, $1) },
            handler: { [self] input, context in
                try await withQueue(input.queueUrl, context) { cell in
                    let handle = try Self.handle(input.receiptHandle)
                    try await world.store.admitted(bytes: 64, adds: false)
                    let committed = try cell.commit { queue, now in
                        ((), try queue.decideDelete(handle, now: now))
                    }
                    return Reply(EmptyStructure(), at: committed.version)
                }
            })
    }

    var deleteMessageBatch: Operation {
        Operation(
            SQS.DeleteMessageBatch.self, validation: Self.validation,
            authorize: { [self] in try access("DeleteMessage", $0.queueUrl, $1) },
            handler: { [self] input, context in
                let entries = input.entries
                try MessageValidation.checkBatch(
                    entries.map(\.id), entry: "DeleteMessageBatchRequestEntry", limits: limits)
                return try await withQueue(input.queueUrl, context) { cell in
                    try await world.store.admitted(bytes: 640, adds: false)
                    var result = SQS.DeleteMessageBatchResult(successful: [], failed: [])
                    var version = try cell.look { _, _ in () }.version
                    for entry in entries {
                        do {
                            let handle = try Self.handle(entry.receiptHandle)
                            version = try cell.commit { queue, now in
                                ((), try queue.decideDelete(handle, now: now))
                            }.version
                            result.successful.append(
                                SQS.DeleteMessageBatchResultEntry(id: entry.id))
                        } catch {
                            result.failed.append(try Self.batchFailure(entry.id, error))
                        }
                    }
                    return Reply(result, at: version)
                }
            })
    }

    var changeMessageVisibility: Operation {
        Operation(
            SQS.ChangeMessageVisibility.self, validation: Self.validation,
            authorize: { [self] in try access("ChangeMessageVisibility", $0.queueUrl, $1) },
            handler: { [self] input, context in
                let seconds = Int(input.visibilityTimeout)
                return try await withQueue(input.queueUrl, context) { cell in
                    try checkVisibility(seconds)
                    let handle = try Self.handle(input.receiptHandle)
                    try await world.store.admitted(bytes: 128, adds: false)
                    let committed = try cell.commit { queue, now in
                        (
                            (),
                            try queue.decideChangeVisibility(handle, seconds: seconds, now: now)
                        )
                    }
                    return Reply(EmptyStructure(), at: committed.version)
                }
            })
    }

    var changeMessageVisibilityBatch: Operation {
        Operation(
            SQS.ChangeMessageVisibilityBatch.self, validation: Self.validation,
            authorize: { [self] in try access("ChangeMessageVisibility", $0.queueUrl, $1) },
            handler: { [self] input, context in
                let entries = input.entries
                try MessageValidation.checkBatch(
                    entries.map(\.id), entry: "ChangeMessageVisibilityBatchRequestEntry",
                    limits: limits)
                return try await withQueue(input.queueUrl, context) { cell in
                    try await world.store.admitted(bytes: 1_280, adds: false)
                    var result = SQS.ChangeMessageVisibilityBatchResult(successful: [], failed: [])
                    var version = try cell.look { _, _ in () }.version
                    for entry in entries {
                        do {
                            version = try change(entry, in: cell)
                            result.successful.append(
                                SQS.ChangeMessageVisibilityBatchResultEntry(id: entry.id))
                        } catch {
                            result.failed.append(try Self.batchFailure(entry.id, error))
                        }
                    }
                    return Reply(result, at: version)
                }
            })
    }

    private func change(_ entry: SQS.ChangeMessageVisibilityBatchRequestEntry, in cell: QueueCell)
        throws -> StoreVersion
    {
        // AWS asks for the timeout in every entry although the model leaves it optional.
        guard let timeout = entry.visibilityTimeout else {
            throw SQSFaults.missingParameter("VisibilityTimeout")
        }
        try checkVisibility(Int(timeout))
        let handle = try Self.handle(entry.receiptHandle)
        return try cell.commit { queue, now in
            ((), try queue.decideChangeVisibility(handle, seconds: Int(timeout), now: now))
        }.version
    }

    private static func handle(_ text: String) throws -> ReceiptHandle {
        guard let handle = ReceiptHandle(parsing: text) else {
            throw SQSFaults.receiptHandleInvalid(text)
        }
        return handle
    }

    /// An entry's own fault; a failing store fails the whole request.
    private static func batchFailure(_ id: String, _ error: any Error) throws
        -> SQS.BatchResultErrorEntry
    {
        if let refusal = error as? QueueRefusal {
            if refusal == .queueDeleted { throw refusal }
            return failure(id, SQSFaults.fault(for: refusal, queue: ""))
        }
        guard error is ServiceFault else { throw error }
        return failure(id, error)
    }
}
