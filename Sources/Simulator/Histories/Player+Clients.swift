// SPDX-License-Identifier: Apache-2.0
// What the clients of a history do: calls as anybody would make them, sent again where their
// answer stayed away, and what is done with the messages received.

import Basics
import Chronology
import ServiceKit
import Synchronization

extension Player {
    /// Does what a step of the plan says.
    func perform(_ action: PlannedAction) {
        switch action {
        case .send(let queue, let body, let group, let delay, let again):
            let message = Outgoing(
                queue: queue, body: body, group: group, delaySeconds: delay)
            send(message, triesLeft: group == nil ? 0 : 3)
            if let again { intend(in: again) { $0.send(message, triesLeft: 0) } }
        case .receive(let queue, let limit, let wait, let visibility, let fate, let after):
            receive(
                Incoming(
                    queue: queue, limit: limit, waitSeconds: wait, visibilitySeconds: visibility),
                then: fate, after: after)
        case .invoke(let key): invoke(key)
        case .failWrite:
            record(.fault(.failedWrite))
            simulated.disk.failNextWrite()
        case .failSync:
            record(.fault(.failedSync))
            simulated.disk.failNextSync()
        case .slowSyncs(let milliseconds, let duration):
            record(.fault(.slowSync))
            simulated.disk.slowSyncs(milliseconds: milliseconds)
            intend(in: duration) { $0.simulated.disk.slowSyncs(milliseconds: 0) }
        case .full(let duration):
            record(.fault(.full))
            simulated.disk.setFull(true)
            intend(in: duration) { $0.simulated.disk.setFull(false) }
        case .jump(let milliseconds):
            record(.fault(.clockJump))
            let clock = simulated.world.clock
            clock.jump(to: clock.now().adding(milliseconds: milliseconds))
        case .crash(let jobs): crash(afterJobs: jobs)
        }
    }

    struct Outgoing: Sendable {
        let queue: String
        let body: String
        let group: String?
        let delaySeconds: Int

        /// Every message has an id of its own: a repetition is meant.
        var deduplicationID: String? { group == nil ? nil : "d-\(body.prefix { $0 != " " })" }
    }

    struct Incoming: Sendable {
        let queue: String
        let limit: Int
        let waitSeconds: Int
        let visibilitySeconds: Int
    }

    // MARK: Calls

    /// Calls an operation of the living world; `end` is told the reply, or `nil` when none came.
    private func call(
        _ service: String, _ operation: String, _ input: JSONObject,
        began: (Int) -> HistoryEvent, unanswered: (Int) -> HistoryEvent,
        end: @escaping @Sendable (Player, Int, JSONValue) -> Void,
        failed: @escaping @Sendable (Player) -> Void = { _ in }
    ) {
        let number = state.withLock { state in
            state.calls += 1
            return state.calls
        }
        record(began(number))
        let lost = unanswered(number)
        state.withLock { $0.open.append((number, lost)) }
        let simulated = simulated
        _ = simulated.begin {
            let reply = try? await simulated.call(service, operation, input)
            self.state.withLock { $0.open.removeAll { $0.call == number } }
            if let reply {
                end(self, number, reply)
            } else {
                self.record(lost)
                failed(self)
            }
        }
    }

    private func send(_ message: Outgoing, triesLeft: Int) {
        var input: JSONObject = [
            "QueueUrl": HistorySetting.url(message.queue), "MessageBody": .string(message.body),
        ]
        if let group = message.group {
            input["MessageGroupId"] = .string(group)
            input["MessageDeduplicationId"] = message.deduplicationID.map { .string($0) }
        } else {
            input["DelaySeconds"] = .integer(Int64(message.delaySeconds))
        }
        call(
            "sqs", "SendMessage", input,
            began: {
                .sendBegan(
                    call: $0, queue: message.queue, body: message.body, group: message.group,
                    deduplicationID: message.deduplicationID)
            },
            unanswered: { .sendEnded(call: $0, messageID: nil) },
            end: { player, number, reply in
                player.record(
                    .sendEnded(call: number, messageID: reply["MessageId"]?.stringValue))
            },
            failed: { player in
                guard triesLeft > 0 else { return }
                player.intend(in: 1_000) { $0.send(message, triesLeft: triesLeft - 1) }
            })
    }

    private func receive(_ incoming: Incoming, then fate: Consumption, after: UInt64) {
        call(
            "sqs", "ReceiveMessage",
            [
                "QueueUrl": HistorySetting.url(incoming.queue),
                "MaxNumberOfMessages": .integer(Int64(incoming.limit)),
                "WaitTimeSeconds": .integer(Int64(incoming.waitSeconds)),
                "VisibilityTimeout": .integer(Int64(incoming.visibilitySeconds)),
                "MessageSystemAttributeNames": .array([.string("All")]),
            ],
            began: {
                .receiveBegan(
                    call: $0, queue: incoming.queue,
                    visibilitySeconds: incoming.visibilitySeconds)
            },
            unanswered: { .receiveEnded(call: $0, messages: nil) },
            end: { player, number, reply in
                let messages = reply["Messages"]?.arrayValue ?? []
                player.record(
                    .receiveEnded(call: number, messages: messages.map(ReceivedMessage.init)))
                guard fate != .leave else { return }
                for message in messages {
                    player.intend(in: after) { player in
                        player.finish(message, of: incoming.queue, receive: number, fate)
                    }
                }
            })
    }

    private func finish(
        _ message: JSONValue, of queue: String, receive: Int, _ fate: Consumption
    ) {
        let body = message["Body"]?.stringValue ?? ""
        var input: JSONObject = [
            "QueueUrl": HistorySetting.url(queue),
            "ReceiptHandle": message["ReceiptHandle"] ?? .null,
        ]
        guard fate == .release else {
            call(
                "sqs", "DeleteMessage", input,
                began: { .deleteBegan(call: $0, queue: queue, body: body, receive: receive) },
                unanswered: { .deleteEnded(call: $0, acknowledged: false) },
                end: { player, number, _ in
                    player.record(.deleteEnded(call: number, acknowledged: true))
                })
            return
        }
        input["VisibilityTimeout"] = .integer(0)
        call(
            "sqs", "ChangeMessageVisibility", input,
            began: { .releaseBegan(call: $0, queue: queue, body: body, receive: receive) },
            unanswered: { .releaseEnded(call: $0, acknowledged: false) },
            end: { player, number, _ in
                player.record(.releaseEnded(call: number, acknowledged: true))
            })
    }

    private func invoke(_ key: String) {
        let payload = JSONValue.object(["key": .string(key)]).text
        call(
            "lambda", "Invoke",
            [
                "FunctionName": .string("task"), "InvocationType": .string("Event"),
                "Payload": .string(Base64.encode(Array(payload.utf8))),
            ],
            began: { .invokeBegan(call: $0, key: key) },
            unanswered: { .invokeEnded(call: $0, acknowledged: false) },
            end: { player, number, _ in
                player.record(.invokeEnded(call: number, acknowledged: true))
            })
    }
}

extension ReceivedMessage {
    fileprivate init(_ message: JSONValue) {
        let attributes = message["Attributes"]
        self.init(
            message["Body"]?.stringValue ?? "",
            messageID: message["MessageId"]?.stringValue ?? "",
            group: attributes?["MessageGroupId"]?.stringValue,
            sequence: attributes?["SequenceNumber"]?.stringValue)
    }
}

extension SimulatedWorld {
    /// How many messages a queue holds, waiting, hidden or delayed.
    nonisolated(nonsending)
        func depth(of queue: String) async throws -> Int
    {
        let reply = try await call(
            "sqs", "GetQueueAttributes",
            [
                "QueueUrl": HistorySetting.url(queue),
                "AttributeNames": .array([.string("All")]),
            ])
        return ["", "NotVisible", "Delayed"].reduce(0) { sum, suffix in
            let name = "ApproximateNumberOfMessages\(suffix)"
            return sum + (reply["Attributes"]?[name]?.stringValue.flatMap { Int($0) } ?? 0)
        }
    }

    /// Receives and deletes all that can be received; answers names of what it was.
    ///
    /// An invocation's record is named by its key.
    nonisolated(nonsending)
        func drain(_ queue: String) async throws -> [String]
    {
        var bodies: [String] = []
        while true {
            let reply = try await call(
                "sqs", "ReceiveMessage",
                [
                    "QueueUrl": HistorySetting.url(queue), "MaxNumberOfMessages": .integer(10),
                    "VisibilityTimeout": .integer(600),
                ])
            let messages = reply["Messages"]?.arrayValue ?? []
            guard !messages.isEmpty else { return bodies }
            for message in messages {
                let body = message["Body"]?.stringValue ?? ""
                let key = (try? JSONValue(parsing: body))?["requestPayload"]?["key"]?.stringValue
                bodies.append(key ?? body)
                try await call(
                    "sqs", "DeleteMessage",
                    [
                        "QueueUrl": HistorySetting.url(queue),
                        "ReceiptHandle": message["ReceiptHandle"] ?? .null,
                    ])
            }
        }
    }
}
