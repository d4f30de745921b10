// SPDX-License-Identifier: Apache-2.0
// Which operation a request asks for, and what is said when there is none.

import IAMWire
import LambdaWire
import SQSWire
import Testing
import WireModel
import WireProtocols

@Suite struct RouterTests {
    private let router: OperationRouter = {
        var router = OperationRouter()
        router.register(SQS.service, operations: SQS.operations.map { $0.descriptor })
        router.register(Lambda.service, operations: Lambda.operations.map { $0.descriptor })
        router.register(IAM.service, operations: IAM.operations.map { $0.descriptor })
        return router
    }()

    private func scope(_ service: String) -> (name: String, value: String) {
        (
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/\(service)/aws4_request, "
                + "SignedHeaders=host, Signature=0"
        )
    }

    private let form = (
        name: "Content-Type", value: "application/x-www-form-urlencoded; charset=utf-8"
    )

    private func name(_ request: WireRequest) -> String {
        switch router.route(request) {
        case .operation(let operation, _, _): "\(operation.service.name).\(operation.name)"
        case .refusal(let fault, let wire, _):
            "\(wire.response(fault: fault, of: nil, requestID: "r").status) \(fault.shapeName)"
        case .unrecognised: "unrecognised"
        }
    }

    @Test(arguments: [
        ("AmazonSQS.SendMessage", "sqs.SendMessage"),
        ("AmazonSQS.FlyAway", "400 UnknownOperationException"),
        ("DynamoDB_20120810.ListTables", "501 NotImplemented"),
        ("Nothing.At.All", "400 UnknownOperationException"),
        ("", "400 UnknownOperationException"), (".", "400 UnknownOperationException"),
        ("SendMessage", "400 UnknownOperationException"),
    ])
    func targetsDecide(target: String, expected: String) {
        let request = WireRequest(
            path: "/000000000000/queue", headers: HeaderList([("X-Amz-Target", target)]))
        #expect(name(request) == expected)
    }

    @Test(arguments: [
        ("sqs", "Action=SendMessage&Version=2012-11-05", "sqs.SendMessage"),
        ("iam", "Version=2010-05-08&Action=GetRole", "iam.GetRole"),
        ("iam", "Action=CreateSAMLProvider&Version=2010-05-08", "501 NotImplemented"),
        ("iam", "Action=Nope&Version=2010-05-08", "400 UnknownOperationException"),
        ("iam", "Version=2010-05-08", "400 MissingAction"),
        ("sns", "Action=ListTopics&Version=2010-03-31", "501 NotImplemented"),
        ("ec2", "Action=DescribeRegions&Version=2016-11-15", "501 NotImplemented"),
    ])
    func scopesAndActionsDecide(service: String, body: String, expected: String) {
        let request = WireRequest(
            headers: HeaderList([scope(service), form]), body: Array(body.utf8))
        #expect(name(request) == expected)
    }

    @Test func anUnsignedQueryIsKnownByActionAndVersion() {
        let known = WireRequest(
            headers: HeaderList([form]), body: Array("Action=GetUser&Version=2010-05-08".utf8))
        #expect(name(known) == "iam.GetUser")
        let get = WireRequest(
            method: "GET", path: "/q", query: "Action=ReceiveMessage&Version=2012-11-05")
        #expect(name(get) == "sqs.ReceiveMessage")
        let other = WireRequest(
            headers: HeaderList([form]), body: Array("Action=GetUser&Version=1999-01-01".utf8))
        #expect(name(other) == "unrecognised")
    }

    @Test(arguments: [
        ("GET", "/2015-03-31/functions", "lambda.ListFunctions"),
        ("GET", "/2015-03-31/functions/", "lambda.ListFunctions"),
        ("GET", "/2015-03-31/functions/f", "lambda.GetFunction"),
        ("POST", "/2015-03-31/functions/f/invocations", "lambda.Invoke"),
        ("GET", "/2018-10-31/layers", "501 NotImplemented"),
        ("PATCH", "/2015-03-31/functions", "404 UnknownOperationException"),
        ("GET", "/nowhere", "404 UnknownOperationException"),
    ])
    func pathsDecide(method: String, path: String, expected: String) {
        let request = WireRequest(
            method: method, path: path, headers: HeaderList([scope("lambda")]))
        #expect(name(request) == expected)
    }

    @Test func labelsAreDecodedAfterMatching() {
        let request = WireRequest(
            method: "GET", path: "/2017-03-31/tags/arn%3Aaws%3Alambda%2Fx%20y")
        guard case .operation(let operation, _, let labels) = router.route(request) else {
            Issue.record("not routed")
            return
        }
        #expect(operation.name == "ListTags")
        #expect(labels == ["Resource": "arn:aws:lambda/x y"])
    }

    @Test(arguments: ["/2017-03-31/tags/%FF", "/2017-03-31/tags/%", "/2017-03-31/tags/%4"])
    func brokenLabelsAreRefused(path: String) {
        #expect(name(WireRequest(method: "GET", path: path)) == "400 SerializationException")
    }

    @Test func longPathsEnd() {
        let path = String(repeating: "/a", count: 100_000)
        #expect(name(WireRequest(method: "GET", path: path)) == "unrecognised")
    }

    @Test func presignedQueriesCarryTheScope() {
        let request = WireRequest(
            method: "GET", path: "/bucket/key",
            query: "X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fs3%2Faws4_request")
        guard case .refusal(let fault, let wire, _) = router.route(request) else {
            Issue.record("not refused")
            return
        }
        let reply = wire.response(fault: fault, of: nil, requestID: "r")
        #expect(reply.status == 501)
        #expect(
            String(decoding: reply.body, as: UTF8.self).contains(
                "<Error><Code>NotImplemented</Code><Message>The service S3 is not"))
    }

    @Test func cborIsRefusedInCBOR() {
        let request = WireRequest(
            path: "/service/GraniteServiceVersion20100801/operation/ListMetrics",
            headers: HeaderList([("Smithy-Protocol", "rpc-v2-cbor")]))
        guard case .refusal(let fault, let wire, _) = router.route(request) else {
            Issue.record("not refused")
            return
        }
        let reply = wire.response(fault: fault, of: nil, requestID: "r")
        #expect(HeaderList(reply.headers).first("smithy-protocol") == "rpc-v2-cbor")
        #expect(reply.body.first == 0xA2)
        #expect(fault.message == "CloudWatch.ListMetrics is not implemented by Martlet.")
    }

    @Test func queryCompatibleErrorsCarryTheHeader() {
        let reply = AWSJSONProtocol(version: "1.0").response(
            fault: SQS.Faults.queueDoesNotExist(message: "m"), of: SQS.service, requestID: "r")
        #expect(
            HeaderList(reply.headers).first("x-amzn-query-error")
                == "AWS.SimpleQueueService.NonExistentQueue;Sender")
        #expect(
            String(decoding: reply.body, as: UTF8.self)
                == "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"m\"}")
    }
}
