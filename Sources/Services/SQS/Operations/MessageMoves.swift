// SPDX-License-Identifier: Apache-2.0
// StartMessageMoveTask, ListMessageMoveTasks and CancelMessageMoveTask (SQS API reference).

import Basics
import SQSWire
import ServiceKit
import Storage
import WireModel

extension SQSService {
    var startMessageMoveTask: Operation {
        Operation(
            SQS.StartMessageMoveTask.self, validation: Self.validation,
            authorize: { [self] input, context in
                let source = try Self.name(inARN: input.sourceArn, "SourceArn")
                var accesses = try ownerAccess(
                    ["StartMessageMoveTask"] + Self.redriveActions, source, context)
                for target in try await moveTargets(input, from: source) {
                    accesses.append(Access("sqs:SendMessage", on: target.arn.description))
                }
                return accesses
            },
            handler: { [self] input, _ in
                let rate = try moveRate(input.maxNumberOfMessagesPerSecond)
                let source = try Self.name(inARN: input.sourceArn, "SourceArn")
                guard let cell = try await registry.cell(source) else {
                    throw Self.noResource("SourceArn")
                }
                try await checkMove(input, from: source)
                let start = MoveStart(
                    id: world.entropy.uuid(), destinationARN: input.destinationArn, rate: rate)
                try await world.store.admitted(bytes: 256)
                let version = try await onQueue(source, cell) { cell in
                    try cell.commit { queue, now in
                        ((), try queue.decideStartMove(start, now: now))
                    }.version
                }
                redrive.start(cell)
                let handle = MoveHandle.text(taskID: start.id, sourceARN: input.sourceArn)
                return Reply(SQS.StartMessageMoveTaskResult(taskHandle: handle), at: version)
            })
    }

    var listMessageMoveTasks: Operation {
        Operation(
            SQS.ListMessageMoveTasks.self, validation: Self.validation,
            authorize: { [self] input, context in
                try ownerAccess(
                    ["ListMessageMoveTasks", "GetQueueAttributes"],
                    try Self.name(inARN: input.sourceArn, "SourceArn"),
                    context)
            },
            handler: { [self] input, _ in
                let limit = Int(input.maxResults ?? 1)
                guard (1...limits.moveTasksListedMax).contains(limit) else {
                    throw SQSFaults.invalidValue(
                        limit, "MaxResults",
                        "Must be between 1 and \(limits.moveTasksListedMax), if provided.")
                }
                let source = try Self.name(inARN: input.sourceArn, "SourceArn")
                guard let cell = try await registry.cell(source) else {
                    throw Self.noResource("SourceArn")
                }
                let (tasks, version) = try await onQueue(source, cell) { cell in
                    try cell.look { queue, _ in queue.moves.suffix(limit) }
                }
                let entries = tasks.reversed().map { Self.entry($0, sourceARN: input.sourceArn) }
                return Reply(SQS.ListMessageMoveTasksResult(results: entries), at: version)
            })
    }

    var cancelMessageMoveTask: Operation {
        Operation(
            SQS.CancelMessageMoveTask.self, validation: Self.validation,
            authorize: { [self] input, context in
                try ownerAccess(
                    ["CancelMessageMoveTask"] + Self.redriveActions,
                    try MoveHandle(parsing: input.taskHandle).source, context)
            },
            handler: { [self] input, _ in
                let handle = try MoveHandle(parsing: input.taskHandle)
                guard let cell = try await registry.cell(handle.source) else {
                    throw Self.noResource("SourceArn")
                }
                let (moved, version) = try await onQueue(handle.source, cell) { cell in
                    try cell.commit { queue, _ in try queue.decideCancelMove(id: handle.taskID) }
                }
                return Reply(
                    SQS.CancelMessageMoveTaskResult(
                        approximateNumberOfMessagesMoved: Int64(clamping: moved)),
                    at: version)
            })
    }

    /// What a caller must be allowed besides (SQS Developer Guide, "Troubleshoot DLQ redrive
    /// issues").
    private static let redriveActions = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"]

    private static func entry(_ task: MoveTask, sourceARN: String)
        -> SQS.ListMessageMoveTasksResultEntry
    {
        let handle = MoveHandle.text(taskID: task.id, sourceARN: sourceARN)
        return SQS.ListMessageMoveTasksResultEntry(
            taskHandle: task.status == .running ? handle : nil, status: task.status.word,
            sourceArn: sourceARN, destinationArn: task.destinationARN,
            maxNumberOfMessagesPerSecond: task.rate.map { Int32(clamping: $0) },
            approximateNumberOfMessagesMoved: Int64(clamping: task.moved),
            approximateNumberOfMessagesToMove: Int64(clamping: task.toMove),
            failureReason: task.failureReason,
            startedTimestamp: task.startedAt.milliseconds)
    }

    private func moveRate(_ rate: Int32?) throws -> Int? {
        guard let rate else { return nil }
        guard (1...limits.moveRateMax).contains(Int(rate)) else {
            throw SQSFaults.invalidParameter(
                "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must "
                    + "enter a number that's between 1 and \(limits.moveRateMax).")
        }
        return Int(rate)
    }

    /// The queues that a task may send to: the one it names, or all that have their dead letters
    /// in `source`.
    nonisolated(nonsending)
        private func moveTargets(_ input: SQS.StartMessageMoveTaskRequest, from source: QueueName)
        async throws -> [QueueName]
    {
        if let destination = input.destinationArn {
            return [try Self.name(inARN: destination, "DestinationArn")]
        }
        let sources = try await registry.deadLetterSources(of: source, after: nil, limit: .max)
        return sources.map {
            QueueName(account: source.account, region: source.region, name: $0)
        }
    }

    nonisolated(nonsending)
        private func checkMove(_ input: SQS.StartMessageMoveTaskRequest, from source: QueueName)
        async throws
    {
        guard
            try await !registry.deadLetterSources(of: source, after: nil, limit: 1).isEmpty
        else {
            throw SQSFaults.invalidParameter(
                "Source queue must be configured as a Dead Letter Queue.")
        }
        guard let destination = input.destinationArn else { return }
        let target = try Self.name(inARN: destination, "DestinationArn")
        guard target != source else {
            throw SQSFaults.invalidParameter(
                "Source queue arn and destination queue arn cannot be the same.")
        }
        guard target.region == source.region, try await registry.cell(target) != nil else {
            throw Self.noResource("DestinationArn")
        }
        guard target.isFIFO == source.isFIFO else {
            throw SQSFaults.invalidParameter(
                "The source queue and destination queue must be of the same queue type.")
        }
    }

    private static func name(inARN text: String, _ parameter: String) throws -> QueueName {
        guard let name = ARN(parsing: text).flatMap({ QueueName($0) }) else {
            throw SQSFaults.invalidParameter(
                "You must use this format to specify the \(parameter): "
                    + "arn:<partition>:<service>:<region>:<account-id>:<resource-id>")
        }
        return name
    }

    private static func noResource(_ parameter: String) -> ServiceFault {
        SQS.Faults.resourceNotFoundException(
            message: "The resource that you specified for the \(parameter) parameter doesn't "
                + "exist.")
    }
}

/// What names a task to clients: Base64 of a JSON object, as AWS writes it.
private struct MoveHandle {
    let taskID: String
    let source: QueueName

    init(parsing text: String) throws {
        guard let bytes = Base64.decode(text),
            let value = try? JSONValue(parsing: bytes, depthMax: 2),
            let taskID = value["taskId"]?.stringValue,
            let sourceARN = value["sourceArn"]?.stringValue,
            let source = ARN(parsing: sourceARN).flatMap({ QueueName($0) })
        else { throw SQSFaults.invalidParameter("Value for parameter TaskHandle is invalid.") }
        self.taskID = taskID
        self.source = source
    }

    /// The handle of a task.
    static func text(taskID: String, sourceARN: String) -> String {
        let object: JSONObject = [
            "taskId": .string(taskID), "sourceArn": .string(sourceARN),
        ]
        return Base64.encode(Array(JSONValue.object(object).text.utf8))
    }
}
