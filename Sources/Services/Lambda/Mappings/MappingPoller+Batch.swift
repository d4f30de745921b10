// SPDX-License-Identifier: Apache-2.0
// A batch of messages from receive to delete: gathering over the window, invoking, and deleting
// only what the function has dealt with.

import Basics
import Chronology
import Delivery
import IdentityAccess
import Journal
import ServiceKit
import Synchronization
import WireModel

extension MappingPoller {
    /// Messages received for one invocation, or for several where they exceed one's size.
    struct Batch: Sendable {
        var messages: [QueueEventMessage] = []
        /// The journal record of the poll.
        let record: JournalID
    }

    /// Receives until the batch is full or its window is over.
    func gather(_ session: RoleSession) async throws -> Batch {
        var batch = Batch(record: ground.world.journal.allot())
        let began = ground.world.clock.now()
        batch.messages = try await receive(session, limit: mapping.batchSize, batch.record)
        guard !batch.messages.isEmpty else {
            noteEmptyReceive()
            return batch
        }
        let deadline = began.adding(seconds: Int64(mapping.windowSeconds))
        while batch.messages.count < mapping.batchSize, mapping.windowSeconds > 0,
            bytes(batch) < ground.limits.batchBytesMax, !state.withLock({ $0.isStopped })
        {
            // A failure now must not lose sight of what has been received.
            guard (try? await restForArrival(until: deadline)) == true else { break }
            let limit = mapping.batchSize - batch.messages.count
            guard let more = try? await receive(session, limit: limit, batch.record) else { break }
            if more.isEmpty, noteEmptyReceive() { break }
            batch.messages += more
        }
        state.withLock { $0.emptyReceives = 0 }
        journal(batch, time: began)
        return batch
    }

    private func bytes(_ batch: Batch) -> Int {
        batch.messages.reduce(0) { $0 + $1.record.count + 1 }
    }

    /// Keeps a source that wakes without a message from being asked without end.
    @discardableResult
    private func noteEmptyReceive() -> Bool {
        let now = ground.world.clock.now()
        return state.withLock { state in
            state.emptyReceives += 1
            guard state.emptyReceives >= Self.emptyReceivesMax else { return false }
            state.emptyReceives = 0
            state.pausedUntil = now.adding(seconds: 1)
            return true
        }
    }

    private func receive(_ session: RoleSession, limit: Int, _ cause: JournalID) async throws
        -> [QueueEventMessage]
    {
        let reply = try await call(
            "ReceiveMessage",
            [
                "MaxNumberOfMessages": .integer(Int64(min(10, max(1, limit)))),
                "MessageSystemAttributeNames": .array([.string("All")]),
                "MessageAttributeNames": .array([.string("All")]),
                "WaitTimeSeconds": .integer(0),
            ], session, cause)
        return (reply["Messages"]?.arrayValue ?? []).compactMap {
            QueueEventMessage($0, queue: mapping.queue)
        }
    }

    /// Calls an operation on the mapping's queue under the function's role.
    private func call(
        _ operation: String, _ members: JSONObject, _ session: RoleSession, _ cause: JournalID
    ) async throws -> JSONValue {
        var input = members
        input["QueueUrl"] = .string(QueueAddress.url(of: mapping.queue))
        return try await ground.caller.call(
            InternalCall(
                service: "sqs", operation: operation, input: .object(input),
                principal: .role(session), account: mapping.function.account,
                region: mapping.function.region, cause: cause, activity: activity))
    }

    // MARK: Processing

    /// Invokes the function with the batch and deletes what it has dealt with.
    func process(
        _ batch: Batch, _ function: ResolvedFunction, _ session: RoleSession
    ) async {
        let parts = QueueEvent.parts(batch.messages, bytesMax: ground.limits.batchBytesMax)
        for part in parts {
            let goesOn = await process(part, batch.record, function, session)
            // Later parts of a FIFO batch may belong to a group that has failed.
            if !goesOn, mapping.isFIFO { return }
        }
    }

    /// Whether the function has dealt with all of `messages`.
    private func process(
        _ messages: [QueueEventMessage], _ cause: JournalID, _ function: ResolvedFunction,
        _ session: RoleSession
    ) async -> Bool {
        let reserved = function.function.reservedConcurrency
        guard
            await ground.ledger.enter(function.name, limit: reserved, activity: activity)
        else {
            obstructed("PROBLEM: Function call was throttled.")
            return false
        }
        let run = FunctionRun(
            requestID: ground.world.entropy.uuid(), payload: QueueEvent.payload(messages),
            cause: cause, subjects: messages.map(\.messageID),
            principal: mapping.arn)
        let result: FunctionResult
        do {
            result = try await ground.runner.run(run, of: function)
            ground.ledger.leave(function.name)
        } catch {
            ground.ledger.leave(function.name)
            obstructed(by: error)
            return false
        }
        switch result.outcome {
        case .success(let payload):
            return await succeeded(messages, payload, cause, session)
        case .failure:
            note("PROBLEM: Function call failed") { $0.failed() }
        case .throttled: obstructed("PROBLEM: Function call was throttled.")
        case .unavailable(let reason): obstructed("PROBLEM: \(reason.words.detail)")
        }
        return false
    }

    private func succeeded(
        _ messages: [QueueEventMessage], _ payload: [UInt8], _ cause: JournalID,
        _ session: RoleSession
    ) async -> Bool {
        var failed: Set<String> = []
        if mapping.reportsBatchItemFailures {
            let named = BatchOutcome.failures(in: payload, of: messages.map(\.messageID))
            guard let named else {
                note("PROBLEM: The function's answer is no list of batch item failures.") {
                    $0.failed()
                }
                return false
            }
            failed = named
        }
        let done = BatchOutcome.done(messages, failed: failed)
        do {
            try await delete(done.map { messages[$0] }, cause, session)
            note("OK") { $0.succeeded() }
        } catch {
            obstructed(by: error)
        }
        return done.count == messages.count
    }

    private func delete(
        _ messages: [QueueEventMessage], _ cause: JournalID, _ session: RoleSession
    ) async throws {
        for start in stride(from: 0, to: messages.count, by: 10) {
            let entries = messages[start..<min(start + 10, messages.count)].enumerated().map {
                index, message in
                JSONValue.object([
                    "Id": .string(String(index)),
                    "ReceiptHandle": .string(message.receiptHandle),
                ])
            }
            _ = try await call(
                "DeleteMessageBatch", ["Entries": .array(entries)], session, cause)
        }
    }

    private func note(_ result: String, _ change: (inout PollerPace) -> Void) {
        state.withLock { state in
            state.lastResult = result
            change(&state.pace)
        }
    }

    private func journal(_ batch: Batch, time: Timestamp) {
        var record = JournalRecord(
            id: batch.record, cause: .none, kind: .delivery, time: time, service: "lambda",
            operation: "PollQueue")
        record.resource = mapping.arn
        record.subjects = batch.messages.map(\.messageID)
        record.detail = mapping.queue.description
        ground.world.journal.append(record)
    }
}
