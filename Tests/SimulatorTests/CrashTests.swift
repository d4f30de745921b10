// SPDX-License-Identifier: Apache-2.0
// A simulated world ends at any moment and another starts on its disk: what was acknowledged
// is there, also where a write or a sync failed before.

import Basics
import Simulator
import Synchronization
import Testing

@Suite struct CrashTests {
    private static let start = Timestamp(seconds: 1_800_000_000)

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func acknowledgedMessagesOutliveACrash(_ seed: UInt64) throws {
        let (acknowledged, found) = try Self.crash(seed)
        #expect(found.isSuperset(of: acknowledged))
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func acknowledgedMessagesOutliveFailures(_ seed: UInt64) throws {
        let (acknowledged, found) = try Self.crash(seed) { simulated, steps in
            if steps == 60 { simulated.disk.failNextSync() }
            if steps == 180 { simulated.disk.failNextWrite() }
        }
        #expect(found.isSuperset(of: acknowledged))
    }

    /// The test can fail: replies before the sync lose messages at some of the crashes.
    @Test func repliesBeforeTheSyncAreCaught() throws {
        let losses = try (1...40 as ClosedRange<UInt64>).filter { seed in
            let (acknowledged, found) = try Self.crash(seed) { simulated, steps in
                if steps == 1 { simulated.disk.acknowledgeEarly() }
            }
            return !found.isSuperset(of: acknowledged)
        }
        #expect(!losses.isEmpty)
    }

    /// Sends until a seeded step, crashes, and receives all there is.
    private static func crash(
        _ seed: UInt64, _ disturb: (SimulatedWorld, Int) -> Void = { _, _ in }
    ) throws -> (acknowledged: Set<String>, found: Set<String>) {
        let simulated = SimulatedWorld(seed: seed, start: start)
        let queue: JSONObject = ["QueueName": .string("orders")]
        try simulated.drive {
            try await simulated.start()
            try await simulated.call("sqs", "CreateQueue", queue)
        }
        let acknowledged = Acknowledged()
        for client in 0..<3 {
            _ = simulated.begin {
                for number in 0..<100 {
                    let body = "\(client)-\(number)"
                    guard (try? await simulated.send(body)) != nil else {
                        await simulated.time.pause(milliseconds: 100)
                        continue
                    }
                    acknowledged.add(body)
                }
            }
        }
        for steps in 0..<Int(300 + simulated.choices.below(700)) {
            disturb(simulated, steps)
            _ = simulated.step()
        }
        let sent = acknowledged.bodies
        let next = simulated.crash()
        let found = try next.drive {
            try await next.start()
            return try await next.receiveAll()
        }
        #expect(!sent.isEmpty)
        return (sent, found)
    }
}

private final class Acknowledged: Sendable {
    private let all = Mutex<Set<String>>([])
    var bodies: Set<String> { all.withLock { $0 } }
    func add(_ body: String) { all.withLock { _ = $0.insert(body) } }
}

extension SimulatedWorld {
    nonisolated(nonsending)
        fileprivate func send(_ body: String) async throws
    {
        try await call(
            "sqs", "SendMessage",
            [
                "QueueUrl": .string("http://x/000000000000/orders"), "MessageBody": .string(body),
            ])
    }

    nonisolated(nonsending)
        fileprivate func receiveAll() async throws -> Set<String>
    {
        var found: Set<String> = []
        while true {
            let reply = try await call(
                "sqs", "ReceiveMessage",
                [
                    "QueueUrl": .string("http://x/000000000000/orders"),
                    "MaxNumberOfMessages": .integer(10), "VisibilityTimeout": .integer(3_600),
                ])
            let bodies = (reply["Messages"]?.arrayValue ?? []).compactMap {
                $0["Body"]?.stringValue
            }
            if bodies.isEmpty { return found }
            found.formUnion(bodies)
        }
    }
}
