// SPDX-License-Identifier: Apache-2.0
// The AWS managed policies that local applications name. Facts of AWS's; their unique ids are
// ours, since nothing depends on them.

package import Basics

/// A policy that AWS publishes and everyone may attach.
package struct AWSManagedPolicy: Sendable {
    package let name: String
    /// Begins and ends with a slash.
    package let path: String
    package let defaultVersion: String
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    /// The document as `GetPolicyVersion` answers it.
    package let text: String

    package var arn: String { "arn:aws:iam::aws:policy\(path)\(name)" }
}

/// The published policies known to this build.
package enum AWSManagedPolicies {
    /// Sorted by name.
    package static let all = [
        AWSManagedPolicy(
            name: "AWSLambdaBasicExecutionRole", path: "/service-role/", defaultVersion: "v1",
            createdAt: Timestamp(seconds: 1_428_591_823),
            updatedAt: Timestamp(seconds: 1_428_591_823),
            text: #"""
                {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action":
                ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource":
                "*"}]}
                """#),
        AWSManagedPolicy(
            name: "AWSLambdaSQSQueueExecutionRole", path: "/service-role/", defaultVersion: "v1",
            createdAt: Timestamp(seconds: 1_529_013_045),
            updatedAt: Timestamp(seconds: 1_529_013_045),
            text: #"""
                {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action":
                ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
                "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource":
                "*"}]}
                """#),
        AWSManagedPolicy(
            name: "AWSLambda_FullAccess", path: "/", defaultVersion: "v7",
            createdAt: Timestamp(seconds: 1_605_647_648),
            updatedAt: Timestamp(seconds: 1_770_919_251),
            text: #"""
                {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action":
                ["cloudformation:DescribeStacks", "cloudformation:ListStackResources",
                "cloudwatch:ListMetrics", "cloudwatch:GetMetricData", "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets", "ec2:DescribeVpcs", "kms:DescribeKey", "kms:ListAliases",
                "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:ListRoles", "lambda:*",
                "logs:DescribeLogGroups", "states:DescribeStateMachine", "states:ListStateMachines",
                "tag:GetResources", "xray:GetTraceSummaries", "xray:BatchGetTraces"], "Resource":
                "*"}, {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition":
                {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}, {"Effect":
                "Allow", "Action": ["logs:DescribeLogStreams", "logs:GetLogEvents",
                "logs:FilterLogEvents", "logs:StartLiveTail", "logs:StopLiveTail"], "Resource":
                "arn:aws:logs:*:*:log-group:/aws/lambda/*"}, {"Effect": "Allow", "Action":
                "iam:CreateServiceLinkedRole", "Resource":
                "arn:aws:iam::*:role/aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda",
                "Condition": {"StringEquals": {"iam:AWSServiceName": "lambda.amazonaws.com"}}}]}
                """#),
        AWSManagedPolicy(
            name: "AdministratorAccess", path: "/", defaultVersion: "v1",
            createdAt: Timestamp(seconds: 1_423_247_986),
            updatedAt: Timestamp(seconds: 1_423_247_986),
            text: #"""
                {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*",
                "Resource": "*"}]}
                """#),
        AWSManagedPolicy(
            name: "AmazonSQSFullAccess", path: "/", defaultVersion: "v1",
            createdAt: Timestamp(seconds: 1_423_248_067),
            updatedAt: Timestamp(seconds: 1_423_248_067),
            text: #"""
                {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:*"],
                "Resource": "*"}]}
                """#),
        AWSManagedPolicy(
            name: "AmazonSQSReadOnlyAccess", path: "/", defaultVersion: "v4",
            createdAt: Timestamp(seconds: 1_423_248_068),
            updatedAt: Timestamp(seconds: 1_716_574_604),
            text: #"""
                {"Version": "2012-10-17", "Statement": [{"Sid": "AmazonSQSReadOnlyAccess", "Effect":
                "Allow", "Action": ["sqs:GetQueueAttributes", "sqs:GetQueueUrl",
                "sqs:ListDeadLetterSourceQueues", "sqs:ListQueues", "sqs:ListMessageMoveTasks",
                "sqs:ListQueueTags"], "Resource": "*"}]}
                """#),
        AWSManagedPolicy(
            name: "CloudWatchLogsFullAccess", path: "/", defaultVersion: "v8",
            createdAt: Timestamp(seconds: 1_423_248_002),
            updatedAt: Timestamp(seconds: 1_770_919_233),
            text: #"""
                {"Version": "2012-10-17", "Statement": [{"Sid": "CloudWatchLogsFullAccess",
                "Effect": "Allow", "Action": ["logs:*", "cloudwatch:GenerateQuery",
                "cloudwatch:GenerateQueryResultsSummary",
                "observabilityadmin:GetS3TableIntegration",
                "observabilityadmin:ListS3TableIntegrations",
                "observabilityadmin:ListTelemetryPipelines"], "Resource": "*"}]}
                """#),
    ]

    private static let compiled: [String: NamedPolicy] = {
        var compiled: [String: NamedPolicy] = [:]
        for policy in all {
            guard let document = try? PolicyDocument.parse(policy.text, as: .managed) else {
                continue
            }
            compiled[policy.arn] = NamedPolicy(name: policy.arn, document: document)
        }
        return compiled
    }()

    /// The published policy with this ARN, compiled.
    package static func policy(arn: String) -> NamedPolicy? { compiled[arn] }

    /// The published policy with this ARN, as its text.
    package static func published(arn: String) -> AWSManagedPolicy? {
        all.first { $0.arn == arn }
    }
}
