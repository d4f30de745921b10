// SPDX-License-Identifier: Apache-2.0
import Basics
import Storage
import Testing

@testable import LogsService

@Suite struct LogGroupTests {
    @Test func aGroupIsDescribedAsItWasCreated() async throws {
        let bed = LogsBed()
        try await bed.call(
            "CreateLogGroup", ["logGroupName": "/aws/lambda/f", "tags": ["team": "a"]])
        let output = try await bed.call("DescribeLogGroups", [:])
        let group = try #require(output["logGroups"]?.arrayValue?.first)
        let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f"
        #expect(group["logGroupName"] == "/aws/lambda/f")
        #expect(group["arn"] == .string("\(arn):*"))
        #expect(group["logGroupArn"] == .string(arn))
        #expect(group["creationTime"] == .integer(bed.now))
        #expect(group["storedBytes"] == .integer(0))
        #expect(group["logGroupClass"] == "STANDARD")
        #expect(group["retentionInDays"] == nil)
        let tags = try await bed.call("ListTagsForResource", ["resourceArn": .string(arn)])
        #expect(tags["tags"] == ["team": "a"])
    }

    @Test func namesAreTakenOnce() async throws {
        let bed = LogsBed()
        try await bed.call("CreateLogGroup", ["logGroupName": "g"])
        #expect(
            await bed.fault("CreateLogGroup", ["logGroupName": "g"])
                == "ResourceAlreadyExistsException: The specified log group already exists")
        try await bed.call("DeleteLogGroup", ["logGroupName": "g"])
        try await bed.call("CreateLogGroup", ["logGroupName": "g"])
    }

    @Test func whatIsNotThereIsRefused() async throws {
        let bed = LogsBed()
        let missing = "ResourceNotFoundException: The specified log group does not exist."
        let group: JSONValue = ["logGroupName": "g"]
        let both: JSONValue = ["logGroupName": "g", "logStreamName": "s"]
        #expect(await bed.fault("DeleteLogGroup", group) == missing)
        #expect(await bed.fault("DescribeLogStreams", group) == missing)
        #expect(await bed.fault("FilterLogEvents", group) == missing)
        #expect(await bed.fault("DeleteRetentionPolicy", group) == missing)
        #expect(await bed.fault("CreateLogStream", both) == missing)
        #expect(await bed.fault("DeleteLogStream", both) == missing)
        #expect(await bed.fault("GetLogEvents", both) == missing)
        #expect(await bed.fault("PutLogEvents", LogsBed.batch("g", "s", [(0, "x")])) == missing)
        try await bed.call("CreateLogGroup", group)
        let noStream = "ResourceNotFoundException: The specified log stream does not exist."
        #expect(await bed.fault("DeleteLogStream", both) == noStream)
        #expect(await bed.fault("GetLogEvents", both) == noStream)
        #expect(await bed.fault("PutLogEvents", LogsBed.batch("g", "s", [(0, "x")])) == noStream)
        #expect(
            await bed.fault("FilterLogEvents", ["logGroupName": "g", "logStreamNames": ["s"]])
                == noStream)
    }

    @Test func listsByPrefixPatternAndPage() async throws {
        let bed = LogsBed()
        for name in ["a/1", "a/2", "b/1", "b/2", "c"] {
            try await bed.call("CreateLogGroup", ["logGroupName": .string(name)])
        }
        #expect(try await names(bed, ["logGroupNamePrefix": "a/"]) == ["a/1", "a/2"])
        #expect(try await names(bed, ["logGroupNamePattern": "/2"]) == ["a/2", "b/2"])
        #expect(try await names(bed, ["limit": 2]) == ["a/1", "a/2", "b/1", "b/2", "c"])
        #expect(try await names(bed, ["logGroupNamePattern": "/", "limit": 1]).count == 4)
        #expect(
            try await names(
                bed,
                [
                    "logGroupIdentifiers": [
                        "c", "arn:aws:logs:us-east-1:000000000000:log-group:a/1", "absent",
                    ]
                ]) == ["c", "a/1"])
        #expect(try await names(bed, ["logGroupClass": "INFREQUENT_ACCESS"]).isEmpty)
        #expect(
            await bed.fault(
                "DescribeLogGroups", ["logGroupNamePrefix": "a", "logGroupNamePattern": "b"]
            ).hasPrefix("InvalidParameterException"))
        #expect(
            await bed.fault("DescribeLogGroups", ["nextToken": "zz"])
                == "InvalidParameterException: The specified nextToken is invalid.")
    }

    private func names(_ bed: LogsBed, _ input: JSONObject) async throws -> [String] {
        var input = input
        var all: [String] = []
        for _ in 0..<20 {
            let output = try await bed.call("DescribeLogGroups", .object(input))
            all += (output["logGroups"]?.arrayValue ?? []).compactMap {
                $0["logGroupName"]?.stringValue
            }
            guard let token = output["nextToken"] else { return all }
            input["nextToken"] = token
        }
        return all + ["and no end"]
    }

    @Test func deletingAGroupLeavesNothing() async throws {
        let bed = LogsBed()
        try await bed.makeStreams("g", "s", "t")
        try await bed.put("g", "s", (0, "one"), (5_000, "two"))
        try await bed.call("DeleteLogGroup", ["logGroupName": "g"])
        for kind in [KeyKind.logsGroup, .logsStream, .logsEvent, .logsChunk] {
            #expect(try await bed.count(kind) == 0)
        }
        try await bed.makeStreams("g", "s")
        #expect(try await bed.filtered(["logGroupName": "g"]).messages.isEmpty)
    }

    @Test func tagsAreAddedRemovedAndBounded() async throws {
        let bed = LogsBed()
        try await bed.call("CreateLogGroup", ["logGroupName": "g"])
        let arn: JSONValue = "arn:aws:logs:us-east-1:000000000000:log-group:g"
        try await bed.call("TagResource", ["resourceArn": arn, "tags": ["a": "1", "b": "2"]])
        try await bed.call("UntagResource", ["resourceArn": arn, "tagKeys": ["a", "x"]])
        let tags = try await bed.call("ListTagsForResource", ["resourceArn": arn])
        #expect(tags["tags"] == ["b": "2"])
        var many = JSONObject()
        for number in 0..<50 { many["k\(number)"] = "v" }
        #expect(
            await bed.fault("TagResource", ["resourceArn": arn, "tags": .object(many)])
                .hasPrefix("TooManyTagsException"))
        #expect(
            await bed.fault("ListTagsForResource", ["resourceArn": "g"])
                .hasPrefix("InvalidParameterException"))
    }

    @Test func membersThatAreNotBuiltAreRefusedByName() async throws {
        let bed = LogsBed()
        #expect(
            await bed.fault("CreateLogGroup", ["logGroupName": "g", "kmsKeyId": "k"])
                .hasPrefix("NotImplemented: kmsKeyId:"))
        #expect(
            await bed.fault(
                "CreateLogGroup",
                ["logGroupName": "g", "deletionProtectionEnabled": .bool(true)]
            ).hasPrefix("NotImplemented: deletionProtectionEnabled:"))
        #expect(
            await bed.fault("CreateLogGroup", ["logGroupName": "no space"])
                .hasPrefix("InvalidParameterException: 1 validation error detected"))
    }

    @Test func permissionsNameTheStreamFormOfTheARN() async throws {
        let bed = LogsBed()
        let base = "arn:aws:logs:us-east-1:000000000000:log-group"
        let both: JSONValue = ["logGroupName": "g", "logStreamName": "s"]
        #expect(
            try await bed.accesses("CreateLogGroup", ["logGroupName": "g"])
                == ["logs:CreateLogGroup \(base):g:log-stream:"])
        #expect(
            try await bed.accesses("CreateLogGroup", ["logGroupName": "g", "tags": ["a": "b"]]).last
                == "logs:TagResource \(base):g")
        #expect(
            try await bed.accesses("CreateLogStream", both)
                == ["logs:CreateLogStream \(base):g:log-stream:s"])
        #expect(
            try await bed.accesses("PutLogEvents", LogsBed.batch("g", "s", [(0, "x")]))
                == ["logs:PutLogEvents \(base):g:log-stream:s"])
        #expect(
            try await bed.accesses("DescribeLogGroups", [:])
                == ["logs:DescribeLogGroups \(base)::log-stream:"])
        #expect(
            try await bed.accesses("FilterLogEvents", ["logGroupIdentifier": .string("\(base):g")])
                == ["logs:FilterLogEvents \(base):g:log-stream:"])
        #expect(
            try await bed.accesses(
                "TagResource",
                [
                    "resourceArn": .string("\(base):g"), "tags": ["a": "b"],
                ]) == ["logs:TagResource \(base):g"])
    }
}
