// SPDX-License-Identifier: Apache-2.0
// A history put in order for its checkers: calls with both their ends, by what they are about.

import Basics

/// The calls, runs and findings of a history; positions are places in it.
struct HistoryIndex {
    struct Send {
        let queue: String
        let body: String
        let group: String?
        let deduplicationID: String?
        let began: Int
        var ended: Int?
        /// Set once the send was acknowledged.
        var messageID: String?
        var isAcknowledged: Bool { messageID != nil }
    }

    struct Receive {
        let call: Int
        let queue: String
        let visibilitySeconds: Int
        let began: Int
        var ended: Int?
        var messages: [ReceivedMessage] = []
    }

    /// A deletion, or a message given back.
    struct Return {
        let queue: String
        let body: String
        let receive: Int
        let isDeletion: Bool
        let began: Int
        var ended: Int?
        var isAcknowledged = false
    }

    struct Run {
        let function: String
        let bodies: [String]
        let began: Int
        /// Absent when a crash cut it short.
        var ended: Int?
        var done: [String] = []
    }

    struct Invocation {
        let key: String
        var isAcknowledged = false
    }

    struct Found {
        let queue: String
        let body: String
        let position: Int
    }

    let times: [Timestamp]
    private(set) var sends: [Send] = []
    private(set) var receives: [Receive] = []
    private(set) var returns: [Return] = []
    private(set) var runs: [Run] = []
    private(set) var invocations: [Invocation] = []
    private(set) var found: [Found] = []
    private(set) var faults: [(kind: FaultKind, position: Int)] = []

    init(_ history: [HistoryEntry]) {
        times = history.map(\.at)
        // Where the call or run with a number is kept.
        var places: [Int: Int] = [:]
        var runPlaces: [Int: Int] = [:]
        for (position, entry) in history.enumerated() {
            switch entry.event {
            case .runBegan(let run, let function, let bodies):
                runPlaces[run] = runs.count
                runs.append(Run(function: function, bodies: bodies, began: position))
            case .runEnded(let run, let done):
                guard let place = runPlaces[run] else { continue }
                runs[place].ended = position
                runs[place].done = done
            case .fault(let kind): faults.append((kind, position))
            case .found(let queue, let body):
                found.append(Found(queue: queue, body: body, position: position))
            default: add(entry.event, position, &places)
            }
        }
    }

    private mutating func add(_ event: HistoryEvent, _ position: Int, _ places: inout [Int: Int]) {
        switch event {
        case .sendBegan(let call, let queue, let body, let group, let deduplicationID):
            places[call] = sends.count
            sends.append(
                Send(
                    queue: queue, body: body, group: group, deduplicationID: deduplicationID,
                    began: position))
        case .sendEnded(let call, let messageID):
            guard let place = places[call] else { return }
            sends[place].ended = position
            sends[place].messageID = messageID
        case .receiveBegan(let call, let queue, let seconds):
            places[call] = receives.count
            receives.append(
                Receive(call: call, queue: queue, visibilitySeconds: seconds, began: position))
        case .receiveEnded(let call, let messages):
            guard let place = places[call] else { return }
            receives[place].ended = position
            receives[place].messages = messages ?? []
        case .deleteBegan(let call, let queue, let body, let receive),
            .releaseBegan(let call, let queue, let body, let receive):
            var isDeletion = false
            if case .deleteBegan = event { isDeletion = true }
            places[call] = returns.count
            returns.append(
                Return(
                    queue: queue, body: body, receive: receive, isDeletion: isDeletion,
                    began: position))
        case .deleteEnded(let call, let isAcknowledged),
            .releaseEnded(let call, let isAcknowledged):
            guard let place = places[call] else { return }
            returns[place].ended = position
            returns[place].isAcknowledged = isAcknowledged
        case .invokeBegan(let call, let key):
            places[call] = invocations.count
            invocations.append(Invocation(key: key))
        case .invokeEnded(let call, let isAcknowledged):
            guard let place = places[call] else { return }
            invocations[place].isAcknowledged = isAcknowledged
        default: return
        }
    }

    // MARK: Looking up

    /// Messages that were acknowledged, each once, in order of their sending.
    func acknowledged(in queue: String) -> [Send] {
        var seen: Set<String> = []
        return sends.filter { send in
            send.queue == queue && send.isAcknowledged && seen.insert(send.body).inserted
        }
    }

    /// Whether all sends of a body are one message: sent once, or again within five minutes.
    func isOneMessage(_ body: String) -> Bool {
        let sends = sends.filter { $0.body == body }
        guard let first = sends.first, let last = sends.last, sends.count > 1 else { return true }
        return times[last.ended ?? last.began] < times[first.began].adding(seconds: 300)
    }

    func isFound(_ body: String, in queue: String?) -> Bool {
        found.contains { $0.body == body && $0.queue == queue }
    }

    /// Whether a lease taken by `receive` surely holds at the end of a later receive, unless the
    /// message was given back or deleted.
    func holds(_ receive: Receive, at position: Int) -> Bool {
        times[position]
            < times[receive.began].adding(seconds: Int64(receive.visibilitySeconds))
    }

    /// Whether somebody had begun to give the message of a receive back, or to delete it.
    func isReturned(_ body: String, of receive: Receive, before position: Int) -> Bool {
        returns.contains {
            $0.receive == receive.call && $0.body == body && $0.began < position
        }
    }

    /// A fault after which work may be done twice, between two positions.
    func isDisturbed(from: Int, to: Int) -> Bool {
        faults.contains { fault in
            switch fault.kind {
            case .crash, .failedWrite, .failedSync, .clockJump, .slowSync:
                fault.position > from && fault.position < to
            default: false
            }
        }
    }
}
