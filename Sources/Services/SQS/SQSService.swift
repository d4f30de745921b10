// SPDX-License-Identifier: Apache-2.0
// The service as the platform sees it: its operations, its queue policies and its signals.

package import Basics
package import Chronology
import IdentityAccess
import SQSWire
package import ServiceKit
import Storage
import Synchronization

/// Amazon SQS.
package final class SQSService: Sendable {
    let world: World
    let limits: SQSLimits
    let registry: QueueRegistry
    let redrive: Redrive
    let addresses = QueueAddresses()
    let isDraining = Atomic<Bool>(false)

    package init(world: World, limits: SQSLimits = SQSLimits()) {
        self.world = world
        self.limits = limits
        registry = QueueRegistry(world: world, limits: limits)
        redrive = Redrive(world: world, registry: registry)
    }

    /// What the platform registers.
    package var registration: ServiceRegistration {
        ServiceRegistration(
            SQS.service,
            operations: [
                createQueue, deleteQueue, listQueues, getQueueUrl, getQueueAttributes,
                setQueueAttributes, sendMessage, sendMessageBatch, receiveMessage, deleteMessage,
                deleteMessageBatch, changeMessageVisibility, changeMessageVisibilityBatch,
                purgeQueue, tagQueue, untagQueue, listQueueTags, listDeadLetterSourceQueues,
                addPermission, removePermission, startMessageMoveTask, listMessageMoveTasks,
                cancelMessageMoveTask,
            ],
            resourcePolicy: { [self] arn in
                try await withQueue(arn: arn) { try $0.policy() } ?? nil
            },
            resourceTags: { [self] arn in try await tags(ofQueue: arn) },
            dropResidentState: { [self] in dropResidentState() })
    }

    /// Resumes what a crash interrupted; called once the platform is assembled.
    nonisolated(nonsending)
        package func start() async throws
    {
        try await redrive.resumeAll()
    }

    /// Answers the long polls that are open, and lets later ones wait no more: the server drains.
    package func endPolls() {
        isDraining.store(true, ordering: .releasing)
        registry.wakeAll()
    }

    /// Forgets everything resident: the store was reopened from disk.
    package func dropResidentState() { registry.discardAll() }

    nonisolated(nonsending)
        private func tags(ofQueue arn: String) async throws -> [AccessTag]
    {
        .tags(try await withQueue(arn: arn) { try $0.tags() })
    }

    /// What `body` finds in a queue; `nil` where there is none.
    nonisolated(nonsending)
        private func withQueue<Result>(
            arn: String, _ body: (QueueCell) throws -> Result
        ) async throws -> Result?
    {
        guard
            let name = addresses[arn: arn] ?? ARN(parsing: arn).flatMap({ QueueName($0) }),
            let cell = try await registry.cell(name)
        else { return nil }
        do {
            return try body(cell)
        } catch QueueRefusal.queueDeleted {
            return nil
        }
    }
}

extension SQSService: ArrivalSignals {
    nonisolated(nonsending)
        package func awaitArrival(at arn: ARN, _ ticket: WakeTicket) async throws
    {
        guard let name = QueueName(arn), let cell = try await registry.cell(name) else {
            throw SQS.Faults.queueDoesNotExist(message: "The specified queue does not exist.")
        }
        cell.await(ticket)
    }

    nonisolated(nonsending)
        package func abandonArrival(at arn: ARN, _ ticket: WakeTicket) async
    {
        guard let name = QueueName(arn), let cell = try? await registry.cell(name) else { return }
        cell.abandon(ticket)
        cell.wakeNext()
    }
}
