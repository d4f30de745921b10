// SPDX-License-Identifier: Apache-2.0
import Basics
import Storage
import Testing

@testable import LogsService

@Suite struct GetLogEventsTests {
    private func get(_ bed: LogsBed, _ more: JSONObject = [:]) async throws -> JSONValue {
        var input: JSONObject = ["logGroupName": "g", "logStreamName": "s"]
        for member in more.members { input[member.name] = member.value }
        return try await bed.call("GetLogEvents", .object(input))
    }

    private func filledBed(_ count: Int64) async throws -> LogsBed {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        try await bed.put("g", "s", (0..<count).map { ($0 * 400, "\($0)") })
        return bed
    }

    @Test func readsForwardUntilTheTokenRepeats() async throws {
        let bed = try await filledBed(5)
        var page = try await get(bed, ["startFromHead": .bool(true), "limit": 2])
        #expect(bed.messages(page) == ["0", "1"])
        var token = try #require(page["nextForwardToken"])
        page = try await get(bed, ["nextToken": token, "limit": 2])
        #expect(bed.messages(page) == ["2", "3"])
        token = try #require(page["nextForwardToken"])
        page = try await get(bed, ["nextToken": token, "limit": 2])
        #expect(bed.messages(page) == ["4"])
        token = try #require(page["nextForwardToken"])
        page = try await get(bed, ["nextToken": token, "limit": 2])
        #expect(bed.messages(page).isEmpty)
        #expect(page["nextForwardToken"] == token)
        #expect(token.stringValue?.hasPrefix("f/") == true)
        // What arrives later is found by the same token.
        try await bed.put("g", "s", (9_000, "late"))
        #expect(bed.messages(try await get(bed, ["nextToken": token])) == ["late"])
    }

    @Test func readsTheLatestFirstAndThenBackward() async throws {
        let bed = try await filledBed(5)
        var page = try await get(bed, ["limit": 2])
        #expect(bed.messages(page) == ["3", "4"])
        let forward = page["nextForwardToken"]
        var token = try #require(page["nextBackwardToken"])
        page = try await get(bed, ["nextToken": token, "limit": 2])
        #expect(bed.messages(page) == ["1", "2"])
        token = try #require(page["nextBackwardToken"])
        page = try await get(bed, ["nextToken": token, "limit": 2])
        #expect(bed.messages(page) == ["0"])
        token = try #require(page["nextBackwardToken"])
        page = try await get(bed, ["nextToken": token, "limit": 2])
        #expect(bed.messages(page).isEmpty)
        #expect(page["nextBackwardToken"] == token)
        // Turning round at the end gives what was read last, not what lies beyond it.
        let back = try #require(page["nextForwardToken"])
        #expect(bed.messages(try await get(bed, ["nextToken": back, "limit": 2])) == ["0", "1"])
        #expect(
            bed.messages(try await get(bed, ["nextToken": try #require(forward)])).isEmpty)
    }

    @Test func timesBoundWithTheEndLeftOut() async throws {
        let bed = try await filledBed(5)
        let start = LogsBed.start.milliseconds
        let page = try await get(
            bed, ["startTime": .integer(start + 400), "endTime": .integer(start + 1_200)])
        #expect(bed.messages(page) == ["1", "2"])
        let event = try #require(page["events"]?.arrayValue?.first)
        #expect(event["timestamp"] == .integer(start + 400))
        #expect(event["ingestionTime"] == .integer(start))
    }

    @Test func aPageEndsAtAMegabyte() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        for time in 0..<5 as Range<Int64> {
            try await bed.put("g", "s", (time, String(repeating: "x", count: 300_000)))
        }
        let page = try await get(bed, ["startFromHead": .bool(true)])
        #expect(bed.messages(page).count == 3)
        let token = try #require(page["nextForwardToken"])
        #expect(bed.messages(try await get(bed, ["nextToken": token])).count == 2)
    }

    @Test func badTokensAndNamesAreRefused() async throws {
        let bed = try await filledBed(1)
        for token in ["x", "f/1", "f/" + String(repeating: "9", count: 56)] {
            #expect(
                await bed.fault(
                    "GetLogEvents",
                    [
                        "logGroupName": "g", "logStreamName": "s", "nextToken": .string(token),
                    ]) == "InvalidParameterException: The specified nextToken is invalid.")
        }
        #expect(
            await bed.fault("GetLogEvents", ["logStreamName": "s"])
                .hasPrefix("InvalidParameterException"))
        #expect(
            await bed.fault(
                "GetLogEvents",
                [
                    "logStreamName": "s", "logGroupName": "g", "logGroupIdentifier": "g",
                ]
            ).hasPrefix("InvalidParameterException"))
    }
}

@Suite struct FilterLogEventsTests {
    @Test func mergesStreamsInOrderOfTime() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "a", "b")
        try await bed.put("g", "a", (0, "a0"), (300, "a300"), (900, "a900"), (5_000, "a5000"))
        try await bed.put("g", "b", (100, "b100"), (300, "b300"), (950, "b950"), (4_000, "b4000"))
        let all = ["a0", "b100", "a300", "b300", "a900", "b950", "b4000", "a5000"]
        #expect(try await bed.filtered(["logGroupName": "g"]).messages == all)
        let paged = try await bed.filtered(["logGroupName": "g", "limit": 3])
        #expect(paged.messages == all)
        #expect(paged.pages == 3)
        #expect(
            try await bed.filtered(["logGroupName": "g", "logStreamNames": ["b"]]).messages
                == ["b100", "b300", "b950", "b4000"])
        #expect(
            try await bed.filtered(["logGroupName": "g", "logStreamNames": ["b", "a", "b"]])
                .messages == all)
        #expect(
            try await bed.filtered(["logGroupName": "g", "logStreamNamePrefix": "a"]).messages
                == ["a0", "a300", "a900", "a5000"])
        #expect(
            try await bed.filtered(["logGroupName": "g", "filterPattern": "a300"]).messages
                == ["a300"])
        let start = LogsBed.start.milliseconds
        #expect(
            try await bed.filtered([
                "logGroupName": "g", "startTime": .integer(start + 300),
                "endTime": .integer(start + 900),
            ]).messages == ["a300", "b300", "a900"])
    }

    @Test func eventsCarryWhatATailNeeds() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "a", "b")
        try await bed.put("g", "a", (0, "one"), (0, "one"))
        try await bed.put("g", "b", (0, "one"))
        let input: JSONValue = [
            "logGroupIdentifier": "arn:aws:logs:us-east-1:000000000000:log-group:g",
            "interleaved": .bool(true),
        ]
        let first = try await bed.call("FilterLogEvents", input)
        let again = try await bed.call("FilterLogEvents", input)
        #expect(first == again)
        let events = try #require(first["events"]?.arrayValue)
        #expect(Set(events.compactMap { $0["eventId"]?.stringValue }).count == 3)
        #expect(events.compactMap { $0["logStreamName"]?.stringValue } == ["a", "a", "b"])
        #expect(first["searchedLogStreams"] == .array([]))
        #expect(first["nextToken"] == nil)
    }

    @Test func manyStreamsOfAPrefixAreReadFromTheGroup() async throws {
        var limits = LogsLimits()
        limits.filterStreamsMax = 2
        let bed = LogsBed(limits: limits)
        try await bed.makeStreams("g", "a1", "a2", "a3", "b")
        for stream in ["a3", "b", "a1", "a2"] { try await bed.put("g", stream, (0, stream)) }
        #expect(
            try await bed.filtered(["logGroupName": "g", "logStreamNamePrefix": "a"]).messages
                == ["a3", "a1", "a2"])
    }

    @Test func aLongSearchPausesAndEnds() async throws {
        var limits = LogsLimits()
        limits.scanBytesMax = 2_000
        limits.filterStreamsMax = 0
        let bed = LogsBed(limits: limits)
        try await bed.makeStreams("g", "s", "t")
        for number in 0..<60 as Range<Int64> {
            try await bed.put("g", "s", (number * 300, "needle \(number)"))
        }
        try await bed.put("g", "t", (0, "other"))
        let rare = try await bed.filtered(["logGroupName": "g", "filterPattern": "\"needle 59\""])
        #expect(rare.messages == ["needle 59"])
        #expect(rare.pages > 1)
        let others = try await bed.filtered(["logGroupName": "g", "logStreamNamePrefix": "t"])
        #expect(others.messages == ["other"])
        #expect(others.pages > 1)
    }

    @Test func refusesWhatContradictsItself() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        #expect(
            await bed.fault(
                "FilterLogEvents",
                [
                    "logGroupName": "g", "logStreamNames": ["s"], "logStreamNamePrefix": "s",
                ]
            ).hasPrefix("InvalidParameterException"))
        #expect(
            await bed.fault("FilterLogEvents", ["logGroupName": "g", "filterPattern": "{ $.a"])
                == "InvalidParameterException: Invalid filter pattern")
        #expect(
            await bed.fault("FilterLogEvents", ["logGroupName": "g", "nextToken": "1"])
                == "InvalidParameterException: The specified nextToken is invalid.")
    }

    /// Against sorting in memory: any batches, every way of reading, any page size.
    @Test(arguments: 1...20)
    func readsAgreeWithSorting(seed: UInt64) async throws {
        let entropy = SeededEntropy(seed: seed)
        let bed = LogsBed()
        let streams = ["a", "b", "c"]
        try await bed.makeStreams("g", "a", "b", "c")
        var model: [(time: Int64, put: Int, stream: String, message: String)] = []
        for put in 0..<40 {
            let stream = streams[Int(entropy.below(3))]
            let base = Int64(entropy.below(6_000))
            let times = (0...entropy.below(6)).map { _ in base + Int64(entropy.below(2_500)) }
                .sorted()
            let events = times.enumerated().map { ($1, "\(put).\($0)") }
            try await bed.put("g", stream, events)
            model += events.map { ($0.0, put, stream, $0.1) }
        }
        // Stable: events of one time come as they were put.
        let sorted = model.enumerated().sorted {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }.map(\.element)
        let limit = Int64(1 + entropy.below(20))
        let from = Int64(entropy.below(4_000))
        let start = LogsBed.start.milliseconds
        #expect(
            try await bed.filtered([
                "logGroupName": "g", "limit": .integer(limit), "startTime": .integer(start + from),
            ]).messages == sorted.filter { $0.time >= from }.map(\.message))
        #expect(
            try await bed.filtered([
                "logGroupName": "g", "limit": .integer(limit), "logStreamNames": ["a", "c"],
            ]).messages == sorted.filter { $0.stream != "b" }.map(\.message))
        let expected = sorted.filter { $0.stream == "a" }.map(\.message)
        for isForward in [true, false] {
            #expect(try await walk(bed, isForward, limit) == expected)
        }
    }

    private func walk(_ bed: LogsBed, _ isForward: Bool, _ limit: Int64) async throws -> [String] {
        var input: JSONObject = [
            "logGroupName": "g", "logStreamName": "a", "limit": .integer(limit),
            "startFromHead": .bool(isForward),
        ]
        var all: [String] = []
        for _ in 0..<1_000 {
            let page = try await bed.call("GetLogEvents", .object(input))
            let messages = bed.messages(page)
            if messages.isEmpty { return all }
            all = isForward ? all + messages : messages + all
            input["nextToken"] = page[isForward ? "nextForwardToken" : "nextBackwardToken"]
        }
        return all
    }
}

@Suite struct RetentionTests {
    @Test func onlyTheDaysOfTheListAreTaken() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g")
        #expect(
            await bed.fault("PutRetentionPolicy", ["logGroupName": "g", "retentionInDays": 2])
                .hasPrefix("InvalidParameterException"))
        try await bed.call("PutRetentionPolicy", ["logGroupName": "g", "retentionInDays": 7])
        var output = try await bed.call("DescribeLogGroups", [:])
        #expect(output["logGroups"]?.arrayValue?.first?["retentionInDays"] == .integer(7))
        try await bed.call("DeleteRetentionPolicy", ["logGroupName": "g"])
        output = try await bed.call("DescribeLogGroups", [:])
        #expect(output["logGroups"]?.arrayValue?.first?["retentionInDays"] == nil)
    }

    @Test func eventsExpireWithVirtualTimeAndAreFreed() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        try await bed.call("PutRetentionPolicy", ["logGroupName": "g", "retentionInDays": 3])
        for second in 0..<150 as Range<Int64> {
            try await bed.put("g", "s", (second * 2_000 - 300_000, "old"))
        }
        bed.advance(seconds: 2 * 86_400)
        try await bed.put("g", "s", (2 * 86_400_000, "young"))
        #expect(try await bed.filtered(["logGroupName": "g"]).messages.count == 151)
        await bed.settle()
        #expect(try await bed.count(.logsChunk) == 151)
        bed.advance(seconds: 86_400 + 10)
        #expect(try await bed.filtered(["logGroupName": "g"]).messages == ["young"])
        let read = try await bed.call(
            "GetLogEvents", ["logGroupName": "g", "logStreamName": "s"])
        #expect(bed.messages(read) == ["young"])
        await bed.settle()
        #expect(try await bed.count(.logsChunk) == 1)
        #expect(try await bed.count(.logsEvent) == 1)
        let output = try await bed.call("DescribeLogGroups", [:])
        #expect(output["logGroups"]?.arrayValue?.first?["storedBytes"] == .integer(31))
    }

    @Test func withoutAPolicyEventsStay() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        try await bed.put("g", "s", (0, "for ever"))
        bed.advance(seconds: 20 * 365 * 86_400)
        #expect(try await bed.filtered(["logGroupName": "g"]).messages == ["for ever"])
    }
}
