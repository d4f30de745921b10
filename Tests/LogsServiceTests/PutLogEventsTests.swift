// SPDX-License-Identifier: Apache-2.0
import Basics
import Storage
import Testing

@testable import LogsService

@Suite struct PutLogEventsTests {
    private static let hour: Int64 = 3_600_000

    @Test func batchesAreHeldToTheRules() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        func fault(_ events: [(Int64, String)]) async -> String {
            await bed.fault("PutLogEvents", LogsBed.batch("g", "s", events))
        }
        #expect(
            await fault([(2, "a"), (1, "b")])
                == "InvalidParameterException: Log events in a single PutLogEvents request must "
                + "be in chronological order.")
        #expect(
            await fault([(-25 * Self.hour, "a"), (0, "b")])
                == "InvalidParameterException: The batch of log events in a single PutLogEvents "
                + "request cannot span more than 24 hours.")
        let half = String(repeating: "x", count: 524_288 - 26)
        #expect(
            await fault([(0, half), (0, half + "y")])
                == "InvalidParameterException: Upload too large: 1048577 bytes exceeds limit of "
                + "1048576")
        #expect(
            await fault([(0, String(repeating: "x", count: 1_048_577))])
                .hasPrefix("InvalidParameterException: Log event too large:"))
        #expect(await fault([]).hasPrefix("InvalidParameterException: 1 validation error"))
        #expect(await fault([(0, "")]).hasPrefix("InvalidParameterException: 1 validation error"))
        #expect(
            await fault([(Int64, String)](repeating: (0, "x"), count: 10_001))
                .hasPrefix("InvalidParameterException: 1 validation error"))
        #expect(try await bed.count(.logsChunk) == 0)
        try await bed.put("g", "s", [(0, half), (0, half)])
        try await bed.put("g", "s", [(Int64, String)](repeating: (0, "x"), count: 10_000))
    }

    @Test func eventsTooOldOrTooNewAreNamedAndLeftOut() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        let old = -14 * 24 * Self.hour
        let output = try await bed.put(
            "g", "s", (old - 2, "too old"), (old - 1, "too old"), (old, "just right"))
        #expect(output["rejectedLogEventsInfo"] == ["tooOldLogEventEndIndex": 2])
        let future = try await bed.put(
            "g", "s", (2 * Self.hour, "just right"), (2 * Self.hour + 1, "too new"))
        #expect(future["rejectedLogEventsInfo"] == ["tooNewLogEventStartIndex": 1])
        #expect(future["nextSequenceToken"] != nil)
        #expect(
            try await bed.filtered(["logGroupName": "g"]).messages == ["just right", "just right"])
        let none = try await bed.put("g", "s", (3 * Self.hour, "too new"))
        #expect(none["rejectedLogEventsInfo"] == ["tooNewLogEventStartIndex": 0])
    }

    @Test func theSpanOfABatchIsThatOfTheEventsTaken() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        let output = try await bed.put(
            "g", "s", (-15 * 24 * Self.hour, "too old"), (0, "taken"),
            (3 * Self.hour, "too new"))
        #expect(
            output["rejectedLogEventsInfo"]
                == ["tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2])
        #expect(try await bed.filtered(["logGroupName": "g"]).messages == ["taken"])
    }

    @Test func expiredEventsAreNamedAndLeftOut() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        try await bed.call("PutRetentionPolicy", ["logGroupName": "g", "retentionInDays": 1])
        let output = try await bed.put("g", "s", (-24 * Self.hour - 1, "gone"), (-1, "kept"))
        #expect(output["rejectedLogEventsInfo"] == ["expiredLogEventEndIndex": 1])
        #expect(try await bed.filtered(["logGroupName": "g"]).messages == ["kept"])
    }

    @Test func sequenceTokensMoveAndAreNeverRefused() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        let first = try await bed.put("g", "s", (0, "a"))["nextSequenceToken"]
        let second = try await bed.put("g", "s", (0, "b"))["nextSequenceToken"]
        #expect(first != second)
        var input = try #require(LogsBed.batch("g", "s", [(0, "c")]).objectValue)
        input["sequenceToken"] = "whatever"
        let third = try await bed.call("PutLogEvents", .object(input))
        let streams = try await bed.call("DescribeLogStreams", ["logGroupName": "g"])
        #expect(
            streams["logStreams"]?.arrayValue?.first?["uploadSequenceToken"]
                == third["nextSequenceToken"])
    }

    @Test func anEntityIsRejectedAndItsEventsTaken() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        var input = try #require(LogsBed.batch("g", "s", [(0, "taken")]).objectValue)
        input["entity"] = ["keyAttributes": ["Type": "Service", "Name": "n"]]
        let output = try await bed.call("PutLogEvents", .object(input))
        #expect(output["rejectedEntityInfo"] == ["errorType": "UnsupportedLogGroupType"])
        #expect(try await bed.filtered(["logGroupName": "g"]).messages == ["taken"])
    }

    @Test func aBatchOfNeighboursIsOneChunk() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        try await bed.put("g", "s", (0..<50).map { (Int64($0), "line \($0)") })
        #expect(try await bed.count(.logsChunk) == 1)
        try await bed.put("g", "s", (0, "a"), (1_000, "b"), (1_001, "c"))
        #expect(try await bed.count(.logsChunk) == 3)
    }

    @Test func concurrentPutsAllCount() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s", "t")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await bed.put("g", number % 2 == 0 ? "s" : "t", (Int64(number), "x"))
                }
            }
            try await group.waitForAll()
        }
        #expect(try await bed.filtered(["logGroupName": "g"]).messages.count == 20)
        let output = try await bed.call("DescribeLogGroups", [:])
        #expect(output["logGroups"]?.arrayValue?.first?["storedBytes"] == .integer(540))
    }
}
