// SPDX-License-Identifier: Apache-2.0
// The stage of every history: queues, functions and mappings, made before anything goes wrong.

import Basics
import ServiceKit

/// What stands before a history begins.
enum HistorySetting {
    /// Queues and where each sends what is received too often.
    static let queues: [(name: String, deadLetters: String?)] = [
        ("plain", "plain-dead"), ("plain.fifo", nil), ("work", "work-dead"),
        ("work.fifo", "work-dead.fifo"),
    ]
    static let ends = ["succeeded", "failed"]
    static let maxReceiveCount = 4
    static let functionTimeoutSeconds = 10
    private static let role = "arn:aws:iam::000000000000:role/worker"
    private static let prefix = "arn:aws:sqs:us-east-1:000000000000:"

    static func url(_ queue: String) -> JSONValue { .string("http://x/000000000000/\(queue)") }

    nonisolated(nonsending)
        static func build(in simulated: SimulatedWorld) async throws
    {
        try await role(in: simulated)
        for queue in queues {
            if let dead = queue.deadLetters {
                try await create(dead, [:], in: simulated)
                let redrive = JSONValue.object([
                    "deadLetterTargetArn": .string(prefix + dead),
                    "maxReceiveCount": .integer(Int64(maxReceiveCount)),
                ])
                try await create(
                    queue.name,
                    ["RedrivePolicy": .string(redrive.text), "VisibilityTimeout": .string("60")],
                    in: simulated)
            } else {
                try await create(queue.name, ["VisibilityTimeout": .string("60")], in: simulated)
            }
        }
        for name in ends { try await create(name, [:], in: simulated) }
        try await functions(in: simulated)
    }

    nonisolated(nonsending)
        private static func create(
            _ queue: String, _ attributes: JSONObject, in simulated: SimulatedWorld
        ) async throws
    {
        var attributes = attributes
        if queue.hasSuffix(".fifo") { attributes["FifoQueue"] = .string("true") }
        try await simulated.call(
            "sqs", "CreateQueue",
            ["QueueName": .string(queue), "Attributes": .object(attributes)])
    }

    nonisolated(nonsending)
        private static func role(in simulated: SimulatedWorld) async throws
    {
        let trust = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",\
            "Principal":{"Service":"lambda.amazonaws.com"}}]}
            """
        let policy = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":\
            ["sqs:ReceiveMessage","sqs:DeleteMessage","sqs:GetQueueAttributes",\
            "sqs:SendMessage","logs:*"]}]}
            """
        try await simulated.call(
            "iam", "CreateRole",
            ["RoleName": .string("worker"), "AssumeRolePolicyDocument": .string(trust)])
        try await simulated.call(
            "iam", "PutRolePolicy",
            [
                "RoleName": .string("worker"), "PolicyName": .string("work"),
                "PolicyDocument": .string(policy),
            ])
    }

    nonisolated(nonsending)
        private static func functions(in simulated: SimulatedWorld) async throws
    {
        for name in ["work", "work-fifo", "task"] {
            try await simulated.call(
                "lambda", "CreateFunction",
                [
                    "FunctionName": .string(name), "Runtime": .string("python3.11"),
                    "Role": .string(role), "Handler": .string("index.handler"),
                    "Timeout": .integer(Int64(functionTimeoutSeconds)),
                    "Code": .object(["ZipFile": .string(Base64.encode(Array("code".utf8)))]),
                ])
        }
        for (queue, name) in [("work", "work"), ("work.fifo", "work-fifo")] {
            try await simulated.call(
                "lambda", "CreateEventSourceMapping",
                [
                    "FunctionName": .string(name),
                    "EventSourceArn": .string(prefix + queue), "BatchSize": .integer(5),
                    "FunctionResponseTypes": .array([.string("ReportBatchItemFailures")]),
                ])
        }
        try await simulated.call(
            "lambda", "PutFunctionEventInvokeConfig",
            [
                "FunctionName": .string("task"), "MaximumRetryAttempts": .integer(2),
                "DestinationConfig": .object([
                    "OnSuccess": .object(["Destination": .string(prefix + "succeeded")]),
                    "OnFailure": .object(["Destination": .string(prefix + "failed")]),
                ]),
            ])
    }
}
