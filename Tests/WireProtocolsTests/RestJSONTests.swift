// SPDX-License-Identifier: Apache-2.0
// restJson1: bindings of members to all parts of request and reply.

import Basics
import LambdaWire
import Testing
import WireModel
import WireProtocols

@Suite struct RestJSONTests {
    private func invoke(_ body: [UInt8], headers: [(name: String, value: String)] = [])
        throws(ServiceFault) -> Lambda.InvocationRequest
    {
        try RestJSONProtocol().read(
            Lambda.InvocationRequest.self, of: Lambda.Invoke.descriptor,
            from: WireRequest(
                path: "/x", query: "Qualifier=%24LATEST&Other=1", headers: HeaderList(headers),
                body: body, labels: ["FunctionName": "f"])
        ).input
    }

    @Test func labelsQueryHeadersAndRawBodyAreRead() throws {
        let input = try invoke(
            [0, 0xFF, 0x7B],
            headers: [("x-AMZ-invocation-type", "Event"), ("X-Amz-Log-Type", "Tail")])
        #expect(input.functionName == "f")
        #expect(input.qualifier == "$LATEST")
        #expect(input.invocationType == .event)
        #expect(input.logType == .tail)
        #expect(input.payload == [0, 0xFF, 0x7B])
    }

    @Test func anEmptyBodyIsNoPayload() throws {
        #expect(try invoke([]).payload == nil)
    }

    @Test func listsComeFromRepeatedParameters() throws {
        let result = try RestJSONProtocol().read(
            Lambda.UntagResourceRequest.self, of: Lambda.UntagResource.descriptor,
            from: WireRequest(
                method: "DELETE", query: "tagKeys=a%20b&tagKeys=c",
                labels: ["Resource": "arn:aws:lambda:us-east-1:000000000000:function:f"]))
        #expect(result.input.tagKeys == ["a b", "c"])
        #expect(result.violations.isEmpty)
    }

    @Test func labelsAndBodyMembersMix() throws {
        let result = try RestJSONProtocol().read(
            Lambda.PutFunctionConcurrencyRequest.self,
            of: Lambda.PutFunctionConcurrency.descriptor,
            from: WireRequest(
                method: "PUT", body: Array("{\"ReservedConcurrentExecutions\":3}".utf8),
                labels: ["FunctionName": "f"]))
        #expect(result.input.functionName == "f")
        #expect(result.input.reservedConcurrentExecutions == 3)
    }

    @Test(arguments: ["{", "[]", "{\"ReservedConcurrentExecutions\":\"3\"}", "{} x"])
    func malformedBodiesAreRefused(body: String) {
        #expect(throws: ServiceFault.self) {
            try RestJSONProtocol().read(
                Lambda.PutFunctionConcurrencyRequest.self,
                of: Lambda.PutFunctionConcurrency.descriptor,
                from: WireRequest(body: Array(body.utf8), labels: ["FunctionName": "f"]))
        }
    }

    @Test(arguments: ["Marker=%zz", "MaxItems=x"])
    func malformedQueriesAreRefused(query: String) {
        #expect(throws: ServiceFault.self) {
            try RestJSONProtocol().read(
                Lambda.ListFunctionsRequest.self, of: Lambda.ListFunctions.descriptor,
                from: WireRequest(method: "GET", query: query))
        }
    }

    @Test func repliesPutMembersWhereTheyBelong() {
        let output = Lambda.InvocationResponse(
            statusCode: 202, functionError: "Unhandled", payload: [1, 2],
            executedVersion: "$LATEST")
        let reply = RestJSONProtocol().response(
            output, of: Lambda.Invoke.descriptor, requestID: "r")
        #expect(reply.status == 202)
        #expect(reply.body == [1, 2])
        let headers = HeaderList(reply.headers)
        #expect(headers.first("x-amz-function-error") == "Unhandled")
        #expect(headers.first("x-amz-executed-version") == "$LATEST")
        #expect(headers.first("x-amzn-requestid") == "r")
    }

    @Test func errorsNameTheirShapeInAHeader() {
        let fault = Lambda.Faults.tooManyRequestsException(
            message: "slow", retryAfterSeconds: "3", reason: "CallerRateLimitExceeded")
        let reply = RestJSONProtocol().response(fault: fault, of: Lambda.service, requestID: "r")
        let headers = HeaderList(reply.headers)
        #expect(reply.status == 429)
        #expect(headers.first("x-amzn-errortype") == "TooManyRequestsException")
        #expect(headers.first("retry-after") == "3")
        #expect(
            String(decoding: reply.body, as: UTF8.self)
                == "{\"Type\":\"User\",\"Reason\":\"CallerRateLimitExceeded\",\"message\":\"slow\"}"
        )
    }
}
