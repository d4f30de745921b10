// SPDX-License-Identifier: Apache-2.0
// Constraints of the models as requests meet them.

import IAMWire
import LambdaWire
import LogsWire
import SQSWire
import Testing
import WireModel
import WireProtocols

@Suite struct ConstraintTests {
    @Test func allViolationsAreCollected() throws {
        let name = String(repeating: "x", count: 65)
        let result = try readQuery(
            IAM.CreateRole.self, "RoleName=\(name)&MaxSessionDuration=5&Tags.member.1.Key=k")
        #expect(
            result.violations.map(\.path) == [
                "roleName", "maxSessionDuration", "tags.1.member.value",
                "assumeRolePolicyDocument",
            ])
        #expect(
            result.violations.map(\.kind) == [
                .lengthMax(64), .rangeMin(3600), .required, .required,
            ])
        #expect(
            result.violations.map(\.topMember) == [
                "RoleName", "MaxSessionDuration", "Tags", "AssumeRolePolicyDocument",
            ])
    }

    @Test func patternsAndEnumerationsAreWordedAsAWSDoes() throws {
        let body = "{\"logGroupName\":\"a b\",\"logGroupClass\":\"FAST\"}"
        let result = try readJSON(CloudWatchLogs.CreateLogGroup.self, Array(body.utf8))
        let fault = ServiceFault.validation(result.violations, service: CloudWatchLogs.service)
        #expect(fault.shapeName == "InvalidParameterException")
        #expect(
            fault.message
                == "2 validation errors detected: Value 'a b' at 'logGroupName' failed to satisfy "
                + "constraint: Member must satisfy regular expression pattern: "
                + "[\\.\\-_/#A-Za-z0-9]+; Value 'FAST' at 'logGroupClass' failed to satisfy "
                + "constraint: Member must satisfy enum value set: "
                + "[STANDARD, INFREQUENT_ACCESS, DELIVERY]")
    }

    @Test func lengthsCountUTF16Units() throws {
        // Astral characters count twice: 256 is the limit of a tag's value.
        let fits = String(repeating: "😀", count: 128)
        let body = "{\"logGroupName\":\"g\",\"tags\":{\"k\":\"\(fits)\"}}"
        let over = "{\"logGroupName\":\"g\",\"tags\":{\"k\":\"\(fits)x\"}}"
        let kinds = try [body, over].map { text in
            try readJSON(CloudWatchLogs.CreateLogGroup.self, Array(text.utf8)).violations.map(
                \.kind
            )
            .contains(.lengthMax(256))
        }
        #expect(kinds == [false, true])
    }

    @Test func absentRequiredStructuresDoNotHideOtherViolations() throws {
        let body = "{\"Role\":\"x\"}"
        let result = try RestJSONProtocol().read(
            Lambda.CreateFunctionRequest.self, of: Lambda.CreateFunction.descriptor,
            from: WireRequest(path: "/2015-03-31/functions", body: Array(body.utf8)))
        #expect(result.violations.map(\.member) == ["Role", "FunctionName", "Code"])
    }

    @Test func theCollectionOfViolationsIsBounded() throws {
        let entries = (0..<1000).map { "{\"x\":\($0)}" }.joined(separator: ",")
        let body = "{\"QueueUrl\":\"q\",\"Entries\":[\(entries)]}"
        let result = try readJSON(SQS.SendMessageBatch.self, Array(body.utf8))
        #expect(result.input.entries.count == 1000)
        #expect(result.violations.count == ShapeReader.violationsMax)
    }
}
