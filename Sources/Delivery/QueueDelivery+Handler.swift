// SPDX-License-Identifier: Apache-2.0
// The outbox's handler for messages to queues: when to try again, and when to record a drop.

package import Basics
import Chronology
import IdentityAccess
package import Journal
package import ServiceKit
import Storage
import WireModel

/// A message on its way to a queue under a role, as it is stored.
package struct QueueDeliveryContent: Hashable, Sendable {
    package var queue: ARN
    package var message: QueueMessage
    /// The role whose permission the send needs.
    package var role: ARN
    /// The service the role must trust.
    package var service: String
    package var sessionName: String
    /// The resource the service acts for, which the role's trust policy may ask for.
    package var source: ARN?
    /// What the journal names this delivery, such as `DeadLetter` or `OnFailure`.
    package var purpose: String
    /// What the message is about, for following its path: a request id.
    package var subject: String

    package init(
        queue: ARN, message: QueueMessage, role: ARN, service: String, sessionName: String,
        source: ARN?, purpose: String, subject: String
    ) {
        self.queue = queue
        self.message = message
        self.role = role
        self.service = service
        self.sessionName = sessionName
        self.source = source
        self.purpose = purpose
        self.subject = subject
    }

    /// The delivery as an outbox entry; a queue is a lane.
    package func draft(cause: JournalID) -> OutboxDraft {
        OutboxDraft(
            handler: QueueDeliveryHandler.name, lane: "sqs:\(queue)", content: record,
            cause: cause)
    }
}

/// Delivers messages to queues.
///
/// Faults of the queue's side are retried with growing pauses for six hours; faults of the
/// sender's (no such queue, no permission) end in a recorded drop, as on AWS.
package struct QueueDeliveryHandler: DeliveryHandler {
    package static let name = "queue"
    static let ageMillisecondsMax: Int64 = 21_600_000
    static let backoff = Backoff(firstMilliseconds: 1000, ceilingMilliseconds: 300_000)

    private let world: World
    private let transfer: any QueueTransfer
    private let roles: any RoleSource

    package init(world: World, transfer: any QueueTransfer, roles: any RoleSource) {
        self.world = world
        self.transfer = transfer
        self.roles = roles
    }

    nonisolated(nonsending)
        package func attempt(_ delivery: Delivery) async -> DeliveryVerdict
    {
        let content: QueueDeliveryContent
        do {
            content = try QueueDeliveryContent(delivery.content)
        } catch {
            return drop(delivery, nil, "InternalFailure", "the entry cannot be read")
        }
        do {
            let session = try await roles.session(
                of: content.role, for: content.service, named: content.sessionName,
                source: content.source)
            try await transfer.accept(
                QueueHandOver(
                    message: content.message, queue: content.queue, id: delivery.id,
                    principal: .role(session), cause: delivery.cause,
                    activity: delivery.activity))
            journal(delivery, content, error: "", detail: "")
            return .done
        } catch let fault as ServiceFault where fault.isSender && !Self.isThrottling(fault) {
            return drop(delivery, content, fault.shapeName, fault.message)
        } catch {
            let age = world.clock.now().milliseconds(since: delivery.acceptedAt)
            if age >= Self.ageMillisecondsMax {
                return drop(delivery, content, "EventAgeExceeded", "tried for six hours")
            }
            let pause = Self.backoff.milliseconds(
                afterFailures: delivery.attempts + 1, jitter: world.entropy.next())
            return .again(at: world.clock.now().adding(milliseconds: pause), counts: true)
        }
    }

    nonisolated(nonsending)
        package func removed(_ delivery: Delivery) async
    {
        guard let content = try? QueueDeliveryContent(delivery.content) else { return }
        await transfer.confirm(delivery.id, at: content.queue)
    }

    private static func isThrottling(_ fault: ServiceFault) -> Bool {
        fault.httpStatus == 429 || fault.shapeName.contains("Throttl")
    }

    private func drop(
        _ delivery: Delivery, _ content: QueueDeliveryContent?, _ error: String, _ detail: String
    ) -> DeliveryVerdict {
        journal(delivery, content, error: error, detail: "dropped: \(detail)")
        return .done
    }

    private func journal(
        _ delivery: Delivery, _ content: QueueDeliveryContent?, error: String, detail: String
    ) {
        var record = JournalRecord(
            id: world.journal.allot(), cause: delivery.cause, kind: .delivery,
            time: world.clock.now(), service: "sqs", operation: content?.purpose ?? "Delivery")
        record.resource = content?.queue.description ?? ""
        record.attempt = delivery.attempts + 1
        record.error = error
        record.detail = detail
        if let content { record.subjects = [content.subject] }
        world.journal.append(record)
    }
}
