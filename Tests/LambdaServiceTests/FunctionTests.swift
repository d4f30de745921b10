// SPDX-License-Identifier: Apache-2.0
// The life of functions and versions, and synchronous invocation.

import Basics
import Storage
import Testing

@testable import LambdaService

@Suite struct FunctionTests {
    @Test func comesBackAsMade() async throws {
        let ground = try await Ground()
        let made = try await ground.function(
            "f",
            [
                "Timeout": .integer(7), "Description": .string("d"),
                "Environment": .object(["Variables": .object(["AB": .string("b")])]),
                "Tags": .object(["t": .string("v")]),
            ])
        #expect(made["State"]?.stringValue == "Pending")
        let found = try await ground.lambda("GetFunction", ["FunctionName": .string("f")])
        let shown = found["Configuration"]
        #expect(shown?["State"]?.stringValue == "Active")
        #expect(shown?["LastUpdateStatus"]?.stringValue == "Successful")
        #expect(shown?["Timeout"]?.integerValue == 7)
        #expect(shown?["MemorySize"]?.integerValue == 128)
        #expect(shown?["Environment"]?["Variables"]?["AB"]?.stringValue == "b")
        #expect(
            shown?["FunctionArn"]?.stringValue
                == "arn:aws:lambda:us-east-1:000000000000:function:f")
        #expect(shown?["LastModified"]?.stringValue == "2027-01-15T08:00:00.000+0000")
        #expect(found["Tags"]?["t"]?.stringValue == "v")
    }

    private static let refusals: [(JSONObject, String)] = [
        ([:], "ResourceConflictException: Function already exist: f"),
        (["FunctionName": .string("g"), "Timeout": .integer(901)], "ValidationException"),
        (
            ["FunctionName": .string("g"), "MemorySize": .integer(10_241)],
            "ValidationException"
        ),
        (
            [
                "FunctionName": .string("g"),
                "Role": .string("arn:aws:iam::000000000000:role/no"),
            ],
            "InvalidParameterValueException: The role defined for the function cannot be "
                + "assumed by Lambda."
        ),
        (
            [
                "FunctionName": .string("g"),
                "Environment": .object(["Variables": .object(["AWS_REGION": .string("x")])]),
            ], "InvalidParameterValueException: Lambda was unable to configure"
        ),
        (
            ["FunctionName": .string("g"), "Runtime": .string("ruby3.4")],
            "InvalidParameterValueException: The runtime parameter of ruby3.4"
        ),
        (
            ["FunctionName": .string("g"), "Runtime": .string("cobol")],
            "InvalidParameterValueException: Value cobol at 'runtime'"
        ),
        (
            [
                "FunctionName": .string("g"),
                "Layers": .array([.string("arn:aws:lambda:us-east-1:123456789012:layer:a:1")]),
            ],
            "NotImplemented: Layers: "
        ),
        (
            ["FunctionName": .string("g"), "Code": .object([:])],
            "InvalidParameterValueException: Please provide a source"
        ),
        (
            [
                "FunctionName": .string("g"),
                "Code": .object(["ZipFile": .string(Base64.encode(Array("bad".utf8)))]),
            ],
            "InvalidParameterValueException: Could not unzip uploaded file. Please check"
        ),
        (
            [
                "FunctionName": .string("g"),
                "Code": .object(["ZipFile": .string(Base64.encode(Array("large".utf8)))]),
            ],
            "InvalidParameterValueException: Unzipped size must be smaller than 262144000"
        ),
        (
            [
                "FunctionName": .string("g"),
                "DeadLetterConfig": .object([
                    "TargetArn": .string("arn:aws:sqs:us-east-1:000000000000:q")
                ]),
                "Role": .string("arn:aws:iam::000000000000:role/idle"),
            ],
            "InvalidParameterValueException: The provided execution role does not have "
                + "permissions to call SendMessage on SQS"
        ),
    ]

    @Test func refusesWhatAWSRefuses() async throws {
        let ground = try await Ground()
        try await ground.function()
        for (members, expected) in Self.refusals {
            let words = await refusal { try await ground.function("f", members) }
            #expect(words.hasPrefix(expected), "\(words)")
        }
    }

    @Test func valuesThatAskForNothingPass() async throws {
        let ground = try await Ground()
        try await ground.function(
            "f",
            [
                "PackageType": .string("Zip"), "Layers": .array([]),
                "VpcConfig": .object([
                    "SubnetIds": .array([]), "SecurityGroupIds": .array([]),
                    "Ipv6AllowedForDualStack": .bool(false),
                ]),
                "SnapStart": .object(["ApplyOn": .string("None")]),
                "LoggingConfig": .object(["LogFormat": .string("Text")]),
            ])
        let cases: [(JSONObject, String)] = [
            (["PackageType": .string("Image")], "NotImplemented: PackageType: "),
            (
                ["VpcConfig": .object(["Ipv6AllowedForDualStack": .bool(true)])],
                "NotImplemented: VpcConfig: "
            ),
            (
                ["SnapStart": .object(["ApplyOn": .string("PublishedVersions")])],
                "NotImplemented: SnapStart: "
            ),
            (
                ["LoggingConfig": .object(["LogFormat": .string("JSON")])],
                "NotImplemented: LoggingConfig.LogFormat: "
            ),
            (
                ["Code": .object(["S3Bucket": .string("bucket"), "S3Key": .string("k")])],
                "NotImplemented: Code.S3Bucket: "
            ),
        ]
        for (members, expected) in cases {
            let words = await refusal { try await ground.function("g", members) }
            #expect(words.hasPrefix(expected), "\(words)")
        }
    }

    @Test func addressesOfCodeEnd() throws {
        let links = CodeLinks()
        let entropy = SeededEntropy(seed: 1)
        let start = Timestamp(seconds: 1_800_000_000)
        let hash = try #require(BlobHash(bytes: [UInt8](repeating: 7, count: 32)))
        let name = links.issue(hash, at: start, entropy)
        let end = start.adding(seconds: CodeLinks.secondsMax)
        #expect(links.hash(name, at: end.adding(seconds: -1)) == hash)
        #expect(links.hash(name, at: end) == nil)
        #expect(links.hash(hash.hex, at: start) == nil)
        for _ in 1..<CodeLinks.countMax { _ = links.issue(hash, at: start, entropy) }
        #expect(links.hash(name, at: start) == hash)
        _ = links.issue(hash, at: start, entropy)
        #expect(links.hash(name, at: start) == nil)
    }

    @Test func namesWhatIsMissing() async throws {
        let ground = try await Ground()
        for operation in ["GetFunction", "DeleteFunction", "Invoke", "UpdateFunctionConfiguration"]
        {
            let words = await refusal {
                try await ground.lambda(operation, ["FunctionName": .string("no")])
            }
            #expect(
                words == "ResourceNotFoundException: Function not found: "
                    + "arn:aws:lambda:us-east-1:000000000000:function:no")
        }
    }

    @Test func publishesOnlyChanges() async throws {
        let ground = try await Ground()
        try await ground.function()
        let name: JSONObject = ["FunctionName": .string("f")]
        let first = try await ground.lambda("PublishVersion", name)
        #expect(first["Version"]?.stringValue == "1")
        #expect(first["FunctionArn"]?.stringValue?.hasSuffix(":f:1") == true)
        #expect(try await ground.lambda("PublishVersion", name)["Version"]?.stringValue == "1")
        try await ground.lambda(
            "UpdateFunctionConfiguration",
            ["FunctionName": .string("f"), "Timeout": .integer(9)])
        #expect(try await ground.lambda("PublishVersion", name)["Version"]?.stringValue == "2")
        let listed = try await ground.lambda("ListVersionsByFunction", name)["Versions"]
        #expect(
            listed?.arrayValue?.map { $0["Version"]?.stringValue } == ["$LATEST", "1", "2"])
        #expect(listed?.arrayValue?.map { $0["Timeout"]?.integerValue } == [9, 3, 9])
        try await ground.lambda(
            "DeleteFunction", ["FunctionName": .string("f"), "Qualifier": .string("1")])
        #expect(
            await refusal {
                try await ground.lambda(
                    "GetFunction", ["FunctionName": .string("f:1")])
            }.hasSuffix("function:f:1"))
        #expect(ground.executor.retired.count == 2)
    }

    @Test func listsInPages() async throws {
        let ground = try await Ground()
        for name in ["c", "a", "b"] { try await ground.function(name) }
        let first = try await ground.lambda("ListFunctions", ["MaxItems": .integer(2)])
        #expect(
            first["Functions"]?.arrayValue?.map { $0["FunctionName"]?.stringValue } == ["a", "b"])
        let marker = try #require(first["NextMarker"])
        let second = try await ground.lambda("ListFunctions", ["Marker": marker])
        #expect(second["Functions"]?.arrayValue?.map { $0["FunctionName"]?.stringValue } == ["c"])
        #expect(second["NextMarker"] == nil)
    }

    @Test func anotherRevisionIsRefused() async throws {
        let ground = try await Ground()
        try await ground.function()
        let words = await refusal {
            try await ground.lambda(
                "UpdateFunctionConfiguration",
                ["FunctionName": .string("f"), "RevisionId": .string("no"), "Timeout": .integer(5)])
        }
        #expect(words.hasPrefix("PreconditionFailedException"))
    }

    @Test func invokesAndReportsErrors() async throws {
        let ground = try await Ground()
        try await ground.function()
        ground.executor.run { invocation, function in
            #expect(function.handler == "index.handler")
            return invocation.payload == Array("1".utf8)
                ? FunctionResult(
                    outcome: .success(payload: Array("2".utf8)), logTail: Array("log".utf8))
                : .failure("no")
        }
        let good = try await ground.lambda(
            "Invoke",
            [
                "FunctionName": .string("f"), "LogType": .string("Tail"),
                "Payload": .string(Base64.encode(Array("1".utf8))),
            ])
        #expect(good["StatusCode"]?.integerValue == 200)
        #expect(good["Payload"]?.stringValue == Base64.encode(Array("2".utf8)))
        #expect(good["LogResult"]?.stringValue == Base64.encode(Array("log".utf8)))
        #expect(good["ExecutedVersion"]?.stringValue == "$LATEST")
        #expect(good["FunctionError"] == nil)
        let bad = try await ground.lambda("Invoke", ["FunctionName": .string("f")])
        #expect(bad["FunctionError"]?.stringValue == "Unhandled")
        let dry = try await ground.lambda(
            "Invoke", ["FunctionName": .string("f"), "InvocationType": .string("DryRun")])
        #expect(dry["StatusCode"]?.integerValue == 204)
        #expect(ground.executor.invocations.count == 2)
        let trace = try #require(ground.executor.invocations[0].traceID)
        #expect(
            try Regex("Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0")
                .wholeMatch(in: trace) != nil)
    }

    @Test func bodiesMustBeJSONAndWithinBounds() async throws {
        let ground = try await Ground()
        try await ground.function()
        func invoke(_ bytes: [UInt8], _ type: String) async -> String {
            await refusal {
                try await ground.lambda(
                    "Invoke",
                    [
                        "FunctionName": .string("f"), "InvocationType": .string(type),
                        "Payload": .string(Base64.encode(bytes)),
                    ])
            }
        }
        #expect(
            await invoke(Array("{".utf8), "Event").hasPrefix(
                "InvalidRequestContentException: Could not parse request body into json"))
        let large = [UInt8](repeating: 0x20, count: 1_048_576) + Array("1".utf8)
        #expect(await invoke(large, "Event").hasPrefix("RequestTooLargeException"))
        #expect(await invoke(large, "RequestResponse") == "nothing")
    }

    @Test func reservedConcurrencyThrottles() async throws {
        let ground = try await Ground()
        try await ground.function()
        let name: JSONObject = ["FunctionName": .string("f")]
        try await ground.lambda(
            "PutFunctionConcurrency",
            ["FunctionName": .string("f"), "ReservedConcurrentExecutions": .integer(0)])
        #expect(
            await refusal { try await ground.lambda("Invoke", name) }
                == "TooManyRequestsException: Rate Exceeded.")
        try await ground.lambda("DeleteFunctionConcurrency", name)
        #expect(await refusal { try await ground.lambda("Invoke", name) } == "nothing")
        #expect(
            await refusal {
                try await ground.lambda(
                    "PutFunctionConcurrency",
                    ["FunctionName": .string("f"), "ReservedConcurrentExecutions": .integer(901)])
            }.contains("below its minimum value of [100]"))
    }

    @Test func tagsOfFunctionsAndSettingsOfTheAccount() async throws {
        let ground = try await Ground()
        let arn = try #require(try await ground.function()["FunctionArn"])
        try await ground.lambda(
            "TagResource",
            ["Resource": arn, "Tags": .object(["a": .string("1"), "b": .string("2")])])
        try await ground.lambda(
            "UntagResource", ["Resource": arn, "TagKeys": .array([.string("a")])])
        #expect(
            try await ground.lambda("ListTags", ["Resource": arn])["Tags"]
                == .object(["b": .string("2")]))
        let settings = try await ground.lambda("GetAccountSettings")
        #expect(settings["AccountUsage"]?["FunctionCount"]?.integerValue == 1)
        #expect(settings["AccountLimit"]?["ConcurrentExecutions"]?.integerValue == 1000)
    }
}
