// SPDX-License-Identifier: Apache-2.0
// A developer's look at a queue that receives nothing: LocalStack's `/_aws/sqs/messages`.

package import Basics
import ServiceKit
import Storage

extension SQSService {
    /// Messages a look shows at most.
    private static let peekMax = 1_000

    /// The messages that could be received now, in order of position; `nil` without such a queue.
    nonisolated(nonsending)
        package func peek(queueURL url: String, region: Region) async throws -> [JSONObject]?
    {
        let path = url.split(separator: "/", omittingEmptySubsequences: true)
        guard path.count >= 2, let last = path.last, let account = AccountID(path[path.count - 2]),
            let cell = try await registry.cell(
                QueueName(account: account, region: region, name: String(last)))
        else { return nil }
        let keys = QueueKeys(cell: cell.cell)
        var found: [JSONObject] = []
        var pages = world.store.pages(keys.all(.sqsMessage), size: 256)
        while found.count < Self.peekMax, let page = try await pages.next() {
            for pair in page where found.count < Self.peekMax {
                let position = try QueueKeys.position(in: pair.key, kind: .sqsMessage)
                let lease = try cell.look { queue, _ in queue.visibleLease(position) }.result
                guard let lease else { continue }
                let message = try Message(pair.value, key: pair.key)
                found.append(Self.shown(message, receiveCount: lease))
            }
        }
        return found
    }

    private static func shown(_ message: Message, receiveCount: UInt32) -> JSONObject {
        var attributes: JSONObject = [
            "SenderId": .string(message.senderID),
            "SentTimestamp": .string(String(message.sentAt.milliseconds)),
            "ApproximateReceiveCount": .string(String(receiveCount)),
        ]
        if let group = message.groupID { attributes["MessageGroupId"] = .string(group) }
        return [
            "MessageId": .string(message.messageID),
            "MD5OfBody": .string(Hex.encode(message.bodyDigest)),
            "Body": .string(message.body), "Attributes": .object(attributes),
        ]
    }
}

extension Queue {
    /// How often a message that is visible now was received; `nil` while it is hidden.
    func visibleLease(_ position: MessagePosition) -> UInt32? {
        guard let entry = entries[position] else { return position < header.nextPosition ? 0 : nil }
        return entry.standing == .ready ? entry.lease.receiveCount : nil
    }
}
