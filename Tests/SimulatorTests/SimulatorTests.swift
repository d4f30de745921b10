// SPDX-License-Identifier: Apache-2.0
// The main job as simulated histories: every order has one end, a seed tells the whole story in
// any process, and worlds in one process know nothing of each other.

import Basics
import Chronology
import Foundation
import ServiceKit
import Simulator
import Testing

@Suite struct SimulatorTests {
    private static let start = Timestamp(seconds: 1_800_000_000)

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func everyOrderHasOneEnd(_ seed: UInt64) throws {
        let simulated = SimulatedWorld(seed: seed, start: Self.start)
        let history = OrderHistory(simulated, orders: 28)
        // Throws when an order was lost, done twice, or tried too often.
        let ending = try simulated.drive { try await history.play() }
        #expect(ending.done.count == 24)
        #expect(ending.dead == ["poison-10", "poison-17", "poison-24", "poison-3"])
        #expect(ending.failed == ["spoiled-10", "spoiled-3"])
        #expect(simulated.trace.lines.count > 500)
    }

    /// Dictionaries are ordered otherwise in every process: none may reach the history.
    @Test func twoProcessesTellTheSameStory() throws {
        let first = try Self.simulate(seed: 42)
        let second = try Self.simulate(seed: 42)
        #expect(first.count > 500)
        #expect(first.last?.hasPrefix("hash ") == true)
        for (left, right) in zip(first, second) { try #require(left == right) }
        #expect(first.count == second.count)
        let other = try Self.simulate(seed: 43)
        #expect(other.last?.hasPrefix("hash ") == true)
        #expect(other.last != first.last)
    }

    @Test func worldsInOneProcessAreIndependent() throws {
        let alone = try Self.alone(5, start: Self.start, mode: .real)
        let otherStart = Timestamp(seconds: 1_000_000_000)
        let fast = ClockMode.scaled(ratePerThousand: 20_000)
        let otherAlone = try Self.alone(6, start: otherStart, mode: fast)

        let one = SimulatedWorld(seed: 5, start: Self.start)
        let two = SimulatedWorld(seed: 6, start: otherStart, mode: fast)
        let oneEnd = Self.play(one)
        let twoEnd = Self.play(two)
        // One step each in turn; neither may notice.
        while oneEnd.result == nil || twoEnd.result == nil {
            if oneEnd.result == nil { #expect(one.step()) }
            if twoEnd.result == nil { #expect(two.step()) }
        }
        #expect(one.trace.hash == alone.trace.hash)
        #expect(two.trace.hash == otherAlone.trace.hash)
        #expect(one.world.clock.now() > Self.start)
        #expect(two.world.clock.now() < Self.start)
    }

    /// A frozen world stands still while another's years pass.
    @Test func clocksInOneProcessAreIndependent() throws {
        let still = SimulatedWorld(seed: 1, start: Self.start, mode: .frozen)
        let moving = SimulatedWorld(seed: 2, start: Self.start)
        let queue: JSONObject = ["QueueName": .string("orders")]
        let message: JSONObject = [
            "QueueUrl": .string("http://x/000000000000/orders"), "MessageBody": .string("m"),
            "DelaySeconds": .integer(900),
        ]
        let receive: JSONObject = ["QueueUrl": .string("http://x/000000000000/orders")]
        for simulated in [still, moving] {
            try simulated.drive {
                try await simulated.call("sqs", "CreateQueue", queue)
                try await simulated.call("sqs", "SendMessage", message)
            }
        }
        let found = try moving.drive {
            await moving.time.pause(milliseconds: 900_000)
            return try await moving.call("sqs", "ReceiveMessage", receive)["Messages"]?.arrayValue
        }
        #expect(found?.count == 1)
        let hidden = try still.drive {
            await still.time.pause(milliseconds: 900_000)
            return try await still.call("sqs", "ReceiveMessage", receive)["Messages"]?.arrayValue
        }
        #expect(hidden == nil)
        #expect(still.world.clock.now() == Self.start)
        still.world.clock.jump(to: Self.start.adding(seconds: 900))
        let due = try still.drive {
            try await still.call("sqs", "ReceiveMessage", receive)["Messages"]?.arrayValue
        }
        #expect(due?.count == 1)
    }

    // MARK: Playing

    private static func play(_ simulated: SimulatedWorld) -> SimulatedOutcome<OrderHistory.Ending> {
        let history = OrderHistory(simulated, orders: 14)
        return simulated.begin { try await history.play() }
    }

    private static func alone(_ seed: UInt64, start: Timestamp, mode: ClockMode) throws
        -> SimulatedWorld
    {
        let simulated = SimulatedWorld(seed: seed, start: start, mode: mode)
        let outcome = play(simulated)
        while outcome.result == nil { try #require(simulated.step()) }
        _ = try outcome.result?.get()
        return simulated
    }

    /// The lines that a process of its own prints.
    private static func simulate(seed: Int) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("simulate")
        process.arguments = ["orders", String(seed), "28"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
