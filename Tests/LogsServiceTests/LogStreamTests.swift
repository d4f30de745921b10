// SPDX-License-Identifier: Apache-2.0
import Basics
import ServiceKit
import Storage
import Testing

@testable import LogsService

@Suite struct LogStreamTests {
    @Test func aStreamRemembersItsEvents() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        try await bed.put("g", "s", (-5_000, "one"), (1_000, "two"))
        bed.advance(seconds: 60)
        try await bed.put("g", "s", (0, "three"))
        let output = try await bed.call("DescribeLogStreams", ["logGroupName": "g"])
        let stream = try #require(output["logStreams"]?.arrayValue?.first)
        let start = LogsBed.start.milliseconds
        #expect(stream["logStreamName"] == "s")
        #expect(stream["creationTime"] == .integer(start))
        #expect(stream["firstEventTimestamp"] == .integer(start - 5_000))
        #expect(stream["lastEventTimestamp"] == .integer(start + 1_000))
        #expect(stream["lastIngestionTime"] == .integer(start + 60_000))
        #expect(
            stream["arn"]
                == "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:s")
        let group = try await bed.call("DescribeLogGroups", [:])
        #expect(
            group["logGroups"]?.arrayValue?.first?["storedBytes"] == .integer(89))
    }

    @Test func namesAreTakenOnce() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        #expect(
            await bed.fault("CreateLogStream", ["logGroupName": "g", "logStreamName": "s"])
                == "ResourceAlreadyExistsException: The specified log stream already exists")
        #expect(
            await bed.fault("CreateLogStream", ["logGroupName": "g", "logStreamName": "a:b"])
                .hasPrefix("InvalidParameterException"))
    }

    @Test func listsByNameAndByTimeInBothDirections() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "a", "b", "c", "x/d", "empty")
        try await bed.put("g", "b", (1, "m"))
        try await bed.put("g", "a", (3, "m"))
        try await bed.put("g", "x/d", (2, "m"))
        try await bed.put("g", "c", (4, "m"))
        try await bed.put("g", "b", (5, "m"))
        #expect(try await names(bed, [:]) == ["a", "b", "c", "empty", "x/d"])
        #expect(
            try await names(bed, ["descending": .bool(true)]) == ["x/d", "empty", "c", "b", "a"])
        #expect(try await names(bed, ["logStreamNamePrefix": "x/"]) == ["x/d"])
        let byTime: JSONObject = ["orderBy": "LastEventTime"]
        #expect(try await names(bed, byTime) == ["empty", "x/d", "a", "c", "b"])
        #expect(
            try await names(bed, ["orderBy": "LastEventTime", "descending": .bool(true)])
                == ["b", "c", "a", "x/d", "empty"])
        #expect(
            await bed.fault(
                "DescribeLogStreams",
                [
                    "logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "x",
                ])
                == "InvalidParameterException: Cannot order by LastEventTime with a "
                + "logStreamNamePrefix.")
    }

    private func names(_ bed: LogsBed, _ input: JSONObject) async throws -> [String] {
        var input = input
        input["logGroupName"] = "g"
        input["limit"] = 2
        var all: [String] = []
        for _ in 0..<20 {
            let output = try await bed.call("DescribeLogStreams", .object(input))
            let streams = output["logStreams"]?.arrayValue ?? []
            #expect(streams.count <= 2)
            all += streams.compactMap { $0["logStreamName"]?.stringValue }
            guard let token = output["nextToken"] else { return all }
            input["nextToken"] = token
        }
        return all + ["and no end"]
    }

    @Test func deletingAStreamHidesItsEventsAtOnceAndFreesThem() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s", "t")
        for second in 0..<100 {
            try await bed.put("g", "s", (Int64(second) * 2_000 - 200_000, "gone"))
        }
        try await bed.put("g", "t", (0, "stays"))
        try await bed.call("DeleteLogStream", ["logGroupName": "g", "logStreamName": "s"])
        #expect(try await bed.filtered(["logGroupName": "g"]).messages == ["stays"])
        try await bed.makeStreams("g", "s")
        #expect(try await bed.filtered(["logGroupName": "g"]).messages == ["stays"])
        await bed.settle()
        #expect(try await bed.count(.logsChunk) == 1)
        #expect(try await bed.count(.logsEvent) == 1)
        let group = try await bed.call("DescribeLogGroups", [:])
        #expect(group["logGroups"]?.arrayValue?.first?["storedBytes"] == .integer(31))
    }

    @Test func aPurgeThatACrashInterruptedGoesOnAtStart() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s")
        try await bed.put("g", "s", (0, "gone"))
        let key = LogGroupName(account: .local, region: .usEast1, name: "g").key
        let value = try #require(try await bed.world.store.get(key))
        let keys = try LogGroup(value, key: key).keys
        let streamKey = keys.stream("s")
        let stream = try LogStream(
            try #require(try await bed.world.store.get(streamKey)), key: streamKey)
        var batch = WriteBatch()
        batch.delete(key: streamKey)
        batch.put(key: keys.purge(stream.number.rawValue), value: Mark.record(.logsStream))
        try bed.world.store.apply(batch)
        #expect(try await bed.filtered(["logGroupName": "g"]).messages.isEmpty)
        #expect(try await bed.count(.logsChunk) == 1)
        try await bed.service.start()
        await bed.settle()
        #expect(try await bed.count(.logsChunk) == 0)
        let left = try await bed.world.store.range(LogGroupKeys.allPurges, limit: 9)
        #expect(left.isEmpty)
    }
}
