// SPDX-License-Identifier: Apache-2.0
// ReceiveMessage (SQS API reference), short and long polling.

import Basics
import Chronology
import SQSWire
import ServiceKit
import Storage
import Synchronization
import WireModel

extension SQSService {
    var receiveMessage: Operation {
        Operation(
            SQS.ReceiveMessage.self,
            validation: Self.validation,
            authorize: { [self] in try access("ReceiveMessage", $0.queueUrl, $1) },
            handler: { [self] input, context in
                let wanted = try WantedAttributes(input)
                let given = try command(input)
                return try await withQueue(input.queueUrl, context) { cell in
                    let wait = try waitSeconds(input, cell)
                    try Self.checkAttempt(given.attemptID, cell)
                    var command = given
                    command.waits = wait > 0
                    let (deliveries, version) = try await receive(
                        command, from: cell, waitSeconds: wait, context)
                    var messages: [SQS.Message] = []
                    for delivery in deliveries {
                        messages.append(try wanted.message(delivery, cell))
                    }
                    return Reply(
                        SQS.ReceiveMessageResult(messages: messages.isEmpty ? nil : messages),
                        at: version, subjects: messages.compactMap(\.messageId),
                        billedRequests: limits.billedRequests(
                            payloadBytes: messages.reduce(0) { $0 + $1.payloadBytes }))
                }
            })
    }

    private func command(_ input: SQS.ReceiveMessageRequest) throws -> ReceiveCommand {
        let limit = Int(input.maxNumberOfMessages ?? 1)
        guard (1...limits.receiveMessagesMax).contains(limit) else {
            throw SQSFaults.invalidValue(
                limit, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
        }
        if let visibility = input.visibilityTimeout {
            try checkVisibility(Int(visibility))
        }
        return ReceiveCommand(
            limit: limit, visibilitySeconds: input.visibilityTimeout.map { Int($0) },
            attemptID: input.receiveRequestAttemptId)
    }

    private static func checkAttempt(_ id: String?, _ cell: QueueCell) throws {
        guard let id else { return }
        guard cell.isFIFO else {
            throw SQSFaults.invalidValue(
                id, "ReceiveRequestAttemptId",
                "The request include parameter that is not valid for this queue type.")
        }
        try MessageValidation.checkIdentifier(id, "ReceiveRequestAttemptId")
    }

    func checkVisibility(_ seconds: Int) throws {
        guard (0...limits.visibilitySecondsMax).contains(seconds) else {
            throw SQSFaults.invalidValue(
                seconds, "VisibilityTimeout", "Must be >= 0 and <= 43200, if provided.")
        }
    }

    private func waitSeconds(_ input: SQS.ReceiveMessageRequest, _ cell: QueueCell) throws -> Int {
        guard let seconds = input.waitTimeSeconds else {
            return try cell.look { queue, _ in queue.configuration.receiveWaitSeconds }.result
        }
        guard (0...limits.waitSecondsMax).contains(Int(seconds)) else {
            throw SQSFaults.invalidValue(
                seconds, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
        }
        return Int(seconds)
    }

    /// Receives at once, or waits for the first arrival until virtual or real time is up.
    nonisolated(nonsending)
        private func receive(
            _ command: ReceiveCommand, from cell: QueueCell, waitSeconds: Int,
            _ context: CallContext
        ) async throws -> ([Delivery], StoreVersion)
    {
        var attempt = try await receiveNow(command, from: cell)
        guard attempt.0.isEmpty, waitSeconds > 0 else { return attempt }
        let deadline = world.clock.now().adding(seconds: Int64(waitSeconds))
        let poll = LongPoll(world: world, deadline: deadline, realSeconds: waitSeconds)
        while attempt.0.isEmpty, !poll.isOver, !isDraining.load(ordering: .acquiring) {
            let ticket = WakeTicket(activity: context.activity)
            poll.arm(ticket)
            cell.await(ticket)
            await withTaskCancellationHandler {
                await ticket.wait()
            } onCancel: {
                ticket.wake()
            }
            cell.abandon(ticket)
            if Task.isCancelled {
                // Whoever waits next gets what this client can no longer take.
                poll.end()
                cell.wakeNext()
                throw CancellationError()
            }
            attempt = try await receiveNow(command, from: cell)
        }
        poll.end()
        return attempt
    }

    nonisolated(nonsending)
        private func receiveNow(_ command: ReceiveCommand, from cell: QueueCell) async throws
        -> ([Delivery], StoreVersion)
    {
        try await world.store.admitted(bytes: 128 * command.limit, adds: false)
        while true {
            let (decision, version) = try cell.commit { queue, now in
                let decision = try queue.decideReceive(command, now: now) { world.entropy.next() }
                if case .take(_, _, let changes) = decision { return (decision, changes) }
                return (decision, [])
            }
            switch decision {
            case .empty: return ([], version)
            case .needsWindow: try await cell.loadWindow()
            case .needsRecords(let positions): try await cell.loadRecords(positions)
            case .take(let deliveries, let leaving, _):
                if !leaving.isEmpty { redrive.start(cell) }
                // Messages that left may have hidden others that can be received now.
                if deliveries.isEmpty { continue }
                return (deliveries, version)
            }
        }
    }
}

/// The end of a long poll: the earlier of its virtual and its real deadline.
private struct LongPoll {
    private let world: World
    private let deadline: Timestamp
    private let realDeadline: UInt64
    private var timers = TimerBox()

    init(world: World, deadline: Timestamp, realSeconds: Int) {
        self.world = world
        self.deadline = deadline
        realDeadline =
            world.clock.physical.monotonicNanoseconds() &+ UInt64(realSeconds) * 1_000_000_000
    }

    var isOver: Bool {
        world.clock.now() >= deadline
            || world.clock.physical.monotonicNanoseconds() >= realDeadline
    }

    func arm(_ ticket: WakeTicket) {
        end()
        timers.virtual = world.clock.schedule(at: deadline) { ticket.wake() }
        let now = world.clock.physical.monotonicNanoseconds()
        timers.real = world.clock.physical.after(
            nanoseconds: realDeadline > now ? realDeadline - now : 0
        ) { ticket.wake() }
    }

    func end() {
        if let timer = timers.virtual { world.clock.cancel(timer) }
        timers.real?.cancel()
        timers.virtual = nil
        timers.real = nil
    }

    private final class TimerBox {
        var virtual: VirtualClock.Timer?
        var real: PhysicalTimer?
    }
}
