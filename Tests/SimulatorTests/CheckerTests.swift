// SPDX-License-Identifier: Apache-2.0
// The checkers of histories, proven by histories altered by hand: each bug planted is named, and
// what is lawful is not.

import Basics
import Simulator
import Testing

@Suite struct CheckerTests {
    private static let start = Timestamp(seconds: 1_800_000_000)

    /// One event a second.
    private static func history(_ events: [HistoryEvent]) -> [HistoryEntry] {
        events.enumerated().map { HistoryEntry(start.adding(seconds: Int64($0)), $1) }
    }

    private static func send(
        _ call: Int, _ body: String, to queue: String, group: String? = nil, id: String? = "m"
    ) -> [HistoryEvent] {
        [
            .sendBegan(
                call: call, queue: queue, body: body, group: group,
                deduplicationID: group == nil ? nil : "d-\(body)"),
            .sendEnded(call: call, messageID: id.map { "\($0)-\(body)" }),
        ]
    }

    private static func receive(
        _ call: Int, _ bodies: [String], from queue: String, group: String? = nil,
        seconds: Int = 30, id: String = "m"
    ) -> [HistoryEvent] {
        [
            .receiveBegan(call: call, queue: queue, visibilitySeconds: seconds),
            .receiveEnded(
                call: call,
                messages: bodies.enumerated().map {
                    ReceivedMessage(
                        $1, messageID: "\(id)-\($1)", group: group,
                        sequence: group == nil ? nil : "1\($0)")
                }),
        ]
    }

    private static func delete(
        _ call: Int, _ body: String, from queue: String, receive: Int, acknowledged: Bool = true
    ) -> [HistoryEvent] {
        [
            .deleteBegan(call: call, queue: queue, body: body, receive: receive),
            .deleteEnded(call: call, acknowledged: acknowledged),
        ]
    }

    // MARK: Standard queues

    private let standard = StandardQueueChecker(queue: "q", deadLetters: "dead")

    private func standardRules(_ events: [HistoryEvent]) -> [String] {
        standard.violations(in: Self.history(events)).map(\.rule)
    }

    @Test func aStandardQueueMayKeepDeleteOrBuryAMessage() {
        let sent = Self.send(1, "a", to: "q")
        let received = sent + Self.receive(2, ["a"], from: "q")
        #expect(standardRules(sent + [.found(queue: "q", body: "a")]) == [])
        #expect(standardRules(sent + [.found(queue: "dead", body: "a")]) == [])
        #expect(standardRules(received + Self.delete(3, "a", from: "q", receive: 2)) == [])
        // Nobody was told that it had been taken.
        #expect(standardRules(Self.send(1, "a", to: "q", id: nil)) == [])
        // A deletion that nobody answered may or may not have happened.
        let unsure =
            received + Self.delete(3, "a", from: "q", receive: 2, acknowledged: false)
        #expect(standardRules(unsure + [.found(queue: "q", body: "a")]) == [])
    }

    @Test func aLostMessageIsNamed() {
        #expect(standardRules(Self.send(1, "a", to: "q")) == ["lost"])
        let received = Self.send(1, "a", to: "q") + Self.receive(2, ["a"], from: "q")
        #expect(standardRules(received) == ["lost"])
    }

    @Test func aMessageBackAfterItsDeletionIsNamed() {
        let deleted =
            Self.send(1, "a", to: "q") + Self.receive(2, ["a"], from: "q")
            + Self.delete(3, "a", from: "q", receive: 2)
        #expect(
            standardRules(deleted + Self.receive(4, ["a"], from: "q")) == [
                "back after its deletion"
            ])
        #expect(
            standardRules(deleted + [.found(queue: "dead", body: "a")]) == [
                "back after its deletion"
            ])
    }

    @Test func aMessageInTwoQueuesIsNamed() {
        let sent = Self.send(1, "a", to: "q")
        let both: [HistoryEvent] = [
            .found(queue: "q", body: "a"), .found(queue: "dead", body: "a"),
        ]
        #expect(standardRules(sent + both) == ["in two queues"])
        let twice: [HistoryEvent] = [
            .found(queue: "dead", body: "a"), .found(queue: "dead", body: "a"),
        ]
        #expect(standardRules(sent + twice) == ["twice in a queue"])
    }

    @Test func aMessageReceivedWhileHiddenIsNamed() {
        let sent = Self.send(1, "a", to: "q")
        let end: [HistoryEvent] = [.found(queue: "q", body: "a")]
        let first = Self.receive(2, ["a"], from: "q", seconds: 3)
        let second = Self.receive(3, ["a"], from: "q")
        #expect(standardRules(sent + first + second + end) == [])
        let longer = Self.receive(2, ["a"], from: "q", seconds: 30)
        #expect(standardRules(sent + longer + second + end) == ["received while hidden"])
        let released: [HistoryEvent] = [
            .releaseBegan(call: 4, queue: "q", body: "a", receive: 2),
            .releaseEnded(call: 4, acknowledged: true),
        ]
        #expect(standardRules(sent + longer + released + second + end) == [])
        #expect(standardRules(first) == ["never sent"])
    }

    // MARK: FIFO queues

    private func fifoRules(_ events: [HistoryEvent]) -> [String] {
        FIFOQueueChecker(queue: "q", deadLetters: nil).violations(in: Self.history(events))
            .map(\.rule)
    }

    @Test func aGroupKeepsItsOrder() {
        let sent =
            Self.send(1, "a", to: "q", group: "g") + Self.send(2, "b", to: "q", group: "g")
        let both = Self.receive(3, ["a", "b"], from: "q", group: "g")
        #expect(fifoRules(sent + both) == [])
        let first = Self.receive(3, ["a"], from: "q", group: "g")
        let second = Self.receive(5, ["b"], from: "q", group: "g")
        let deleted = Self.delete(4, "a", from: "q", receive: 3)
        #expect(fifoRules(sent + first + deleted + second) == [])
        #expect(fifoRules(sent + second) == ["overtook an older message"])
        let turned = Self.receive(3, ["b", "a"], from: "q", group: "g")
        #expect(fifoRules(sent + turned) == ["overtook an older message"])
    }

    @Test func aGroupIsNotHandedOutTwice() {
        let sent =
            Self.send(1, "a", to: "q", group: "g") + Self.send(2, "b", to: "q", group: "g")
        let first = Self.receive(3, ["a", "b"], from: "q", group: "g")
        let deleted = Self.delete(4, "a", from: "q", receive: 3)
        let second = Self.receive(5, ["b"], from: "q", group: "g")
        #expect(fifoRules(sent + first + deleted + second) == ["its group was in flight"])
        let shorter = Self.receive(3, ["a", "b"], from: "q", group: "g", seconds: 2)
        #expect(fifoRules(sent + shorter + deleted + second) == [])
    }

    @Test func aRepeatedSendCountsOnce() {
        let first = Self.send(1, "a", to: "q", group: "g")
        #expect(fifoRules(first + Self.send(2, "a", to: "q", group: "g")) == [])
        #expect(
            fifoRules(first + Self.send(2, "a", to: "q", group: "g", id: "n")) == [
                "became two messages"
            ])
        // The first was taken although its answer stayed away, and so was the second.
        let unsure = Self.send(1, "a", to: "q", group: "g", id: nil) + first
        let twice =
            Self.receive(3, ["a"], from: "q", group: "g", seconds: 1)
            + Self.receive(4, ["a"], from: "q", group: "g", id: "n")
        #expect(fifoRules(unsure + twice) == ["was delivered as two messages"])
    }

    // MARK: Mappings

    private func mappingRules(_ events: [HistoryEvent], queue: String = "q") -> [String] {
        MappingChecker(queue: queue, deadLetters: "dead", function: "f")
            .violations(in: Self.history(events)).map(\.rule)
    }

    private static func run(_ run: Int, _ bodies: [String], done: [String]) -> [HistoryEvent] {
        [.runBegan(run: run, function: "f", bodies: bodies), .runEnded(run: run, done: done)]
    }

    @Test func aMappedMessageIsTriedToItsEnd() {
        let sent = Self.send(1, "a", to: "q")
        let failed = Self.run(1, ["a"], done: [])
        #expect(mappingRules(sent + failed + Self.run(2, ["a"], done: ["a"])) == [])
        #expect(mappingRules(sent + failed + [.found(queue: "dead", body: "a")]) == [])
        #expect(mappingRules(sent + failed) == ["left without success"])
        #expect(
            mappingRules(sent + failed + [.found(queue: "q", body: "a")]) == [
                "was not tried to its end"
            ])
        let done = Self.run(1, ["a"], done: ["a"])
        #expect(
            mappingRules(sent + done + [.found(queue: "dead", body: "a")]) == [
                "is a dead letter after success"
            ])
        #expect(
            mappingRules(
                sent + failed + [
                    .found(queue: "dead", body: "a"), .found(queue: "dead", body: "a"),
                ]
            ) == ["is two dead letters"])
    }

    @Test func workIsDoneTwiceOnlyAfterAFault() {
        let sent = Self.send(1, "a", to: "q")
        let first = Self.run(1, ["a"], done: ["a"])
        let second = Self.run(2, ["a"], done: ["a"])
        #expect(mappingRules(sent + first + second) == ["was done twice"])
        #expect(mappingRules(sent + first + [.fault(.crash)] + second) == [])
    }

    @Test func aMappedGroupKeepsItsOrder() {
        let sent =
            Self.send(1, "a", to: "q.fifo", group: "g")
            + Self.send(2, "b", to: "q.fifo", group: "g")
        let a = Self.run(1, ["a"], done: ["a"])
        let b = Self.run(2, ["b"], done: ["b"])
        #expect(mappingRules(sent + a + b, queue: "q.fifo") == [])
        #expect(mappingRules(sent + b + a, queue: "q.fifo") == ["ran before an older message"])
        let atOnce = [a[0], b[0], a[1], b[1]]
        #expect(
            mappingRules(sent + atOnce, queue: "q.fifo") == [
                "ran before an older message", "its group was running",
            ])
    }

    // MARK: Invocations

    private func invocationRules(_ events: [HistoryEvent]) -> [String] {
        InvocationChecker(function: "f", succeeded: "yes", failed: "no")
            .violations(in: Self.history(events)).map(\.rule)
    }

    @Test func anInvocationHasOneEnd() {
        let invoked: [HistoryEvent] = [
            .invokeBegan(call: 1, key: "a"), .invokeEnded(call: 1, acknowledged: true),
        ]
        let done = Self.run(1, ["a"], done: ["a"])
        let failed = Self.run(1, ["a"], done: [])
        let yes: [HistoryEvent] = [.found(queue: "yes", body: "a")]
        let no: [HistoryEvent] = [.found(queue: "no", body: "a")]
        #expect(invocationRules(invoked + done + yes) == [])
        #expect(invocationRules(invoked + failed + no) == [])
        #expect(invocationRules(invoked + done) == ["has no end"])
        #expect(invocationRules(invoked + failed + done + yes + no) == ["has several ends"])
        #expect(invocationRules(invoked + done + yes + yes) == ["has several ends"])
        #expect(invocationRules(invoked + failed + yes) == ["succeeded without a run that did"])
        #expect(invocationRules(invoked + done + no) == ["failed without a run that did"])
        #expect(invocationRules(done + yes) == ["was never invoked"])
        let unsure: [HistoryEvent] = [
            .invokeBegan(call: 1, key: "a"), .invokeEnded(call: 1, acknowledged: false),
        ]
        #expect(invocationRules(unsure) == [])
    }
}
