// SPDX-License-Identifier: Apache-2.0
// Messages that the outbox hands over: accepted by transfer, so that one handed over again after
// a crash changes nothing. What the outbox holds and when it tries is Delivery's business.

import Basics
import Chronology
package import Delivery
import IdentityAccess
import Journal
import SQSWire
package import ServiceKit
import Storage
import WireModel

extension SQSService {
    /// The queues as the outbox reaches them, under the permissions that `policies` give.
    package func outboxIntake(policies: any PolicySource) -> any QueueTransfer {
        OutboxIntake(service: self, policies: policies)
    }
}

/// Accepts each entry of the outbox once.
private struct OutboxIntake: QueueTransfer {
    /// No cell has this number: the source of what comes from no queue.
    private static let source: UInt64 = 0

    let service: SQSService
    let policies: any PolicySource

    private static func transfer(_ id: OutboxID) -> TransferID {
        TransferID(source: source, position: MessagePosition(id.rawValue))
    }

    nonisolated(nonsending)
        func accept(_ handOver: QueueHandOver) async throws(ServiceFault)
    {
        do {
            try await take(handOver)
        } catch let fault as ServiceFault {
            throw fault
        } catch {
            throw .serviceUnavailable
        }
    }

    nonisolated(nonsending)
        private func take(_ handOver: QueueHandOver) async throws
    {
        let world = service.world
        guard let name = QueueName(handOver.queue), let cell = try await service.registry.cell(name)
        else { throw SQSFaults.noSuchQueue }
        try await authorize(handOver)
        let body = handOver.message.body
        let attributes = try Self.attributes(of: handOver.message)
        let size = attributes.reduce(body.utf8.count) { $0 + $1.sizeBytes }
        var message = Message(
            messageID: world.entropy.uuid(), body: body, bodyDigest: MessageDigest.md5(body),
            senderID: handOver.principal.userID, sentAt: world.clock.now())
        message.attributes = attributes
        message.cause = handOver.cause.rawValue
        let moved = message
        try await world.store.admitted(bytes: size + 512)
        do {
            let (_, version) = try cell.commit { queue, now in
                guard !queue.isFIFO else {
                    throw SQSFaults.missingParameter("MessageGroupId")
                }
                guard size <= queue.configuration.maximumMessageSize else {
                    throw SQSFaults.invalidParameter(
                        "One or more parameters are invalid. Reason: Message must be shorter than "
                            + "\(queue.configuration.maximumMessageSize) bytes.")
                }
                let changes = queue.decideTransfer(Self.transfer(handOver.id), moved, now: now) {
                    $0.record
                }
                return ((), changes ?? [])
            }
            try await world.store.durable(version)
        } catch let error as StoreError {
            // The claim may have ended with a failed store: the next attempt loads the queue anew.
            service.registry.discard(cell, after: error)
            throw error
        } catch QueueRefusal.queueDeleted {
            throw SQSFaults.noSuchQueue
        }
    }

    nonisolated(nonsending)
        func confirm(_ id: OutboxID, at queue: ARN) async
    {
        guard let name = QueueName(queue), let cell = try? await service.registry.cell(name)
        else { return }
        _ = try? cell.commit { queue, _ in
            let transfer = Self.transfer(id)
            return (
                (), queue.transfersAccepted.contains(transfer) ? [.transferConfirmed(transfer)] : []
            )
        }
    }

    nonisolated(nonsending)
        private func authorize(_ handOver: QueueHandOver) async throws
    {
        let queue = handOver.queue.description
        var request = AuthorizationRequest(
            principal: handOver.principal, action: "sqs:SendMessage", resource: queue,
            context: RequestContext(
                now: service.world.clock.now(), requestedRegion: handOver.queue.region,
                keys: handOver.source.map(ContextKey.source) ?? []))
        let own = try await policies.policies(for: handOver.principal)
        let resourcePolicy = try await service.registration.resourcePolicy(queue)
        if own.asksForResourceTags || resourcePolicy?.document.asksForResourceTags == true {
            request.context.resourceTags = try await service.registration.resourceTags(queue)
        }
        let decision = Evaluator.decide(request, policies: own, resourcePolicy: resourcePolicy)
        guard decision.isAllowed else {
            throw ServiceFault.accessDenied(decision.denialMessage(for: request))
        }
    }

    private static func attributes(of message: QueueMessage) throws -> [MessageAttribute] {
        guard !message.body.isEmpty else { throw SQSFaults.missingParameter("MessageBody") }
        try MessageValidation.checkCharacters(message.body)
        return message.attributes.map {
            MessageAttribute(name: $0.name, dataType: $0.dataType, value: .string($0.value))
        }.sorted { $0.name < $1.name }
    }
}
