// SPDX-License-Identifier: Apache-2.0
// Documents that are refused when they are put, and why.

import Basics
import IdentityAccess
import Testing

/// A policy of one allowing statement with these members.
private func allow(_ members: String) -> String {
    "{\"Statement\": {\"Effect\": \"Allow\", \(members)}}"
}

/// A policy under a condition.
private func conditioned(_ condition: String) -> String {
    document([Statement("Allow", if: condition)])
}

private func onResource(_ resource: String) -> String {
    document([Statement("Allow", on: resource)])
}

@Suite struct PolicyParsingTests {
    private func refusal(_ text: String, _ usage: PolicyDocument.Usage) -> MalformedPolicy.Reason? {
        do {
            _ = try PolicyDocument.parse(text, as: usage)
            return nil
        } catch {
            return error.reason
        }
    }

    private static let good = document([Statement("Allow")])

    @Test(arguments: [
        ("", MalformedPolicy.Reason.syntax), ("[]", .syntax), ("{}", .syntax),
        (#"{"Version": "2012-10-17", "Statement": []}"#, .syntax),
        (
            document([Statement("Allow")], version: "2011-10-17"),
            .syntax
        ),
        (
            #"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}], "Extra": 1}"#,
            .syntax
        ),
        (#"{"Statement": {"Action": "*", "Resource": "*"}}"#, .missing(element: "Effect")),
        (#"{"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}"#, .syntax),
        (allow(#""Resource": "*""#), .noActions),
        (allow(#""Action": [], "Resource": "*""#), .noActions),
        (allow(#""Action": "*""#), .noResources),
        (allow(#""Action": "*", "Resource": []"#), .noResources),
        (
            allow(#""Action": "*", "NotAction": "*", "Resource": "*""#),
            .syntax
        ),
        (
            allow(#""Action": "SendMessage", "Resource": "*""#),
            .actionWithoutVendor
        ),
        (
            allow(#""Action": "a:b:c", "Resource": "*""#),
            .actionWithManyColons
        ),
        (
            allow(#""Action": "s*:Foo", "Resource": "*""#),
            .illegalVendor("s*")
        ),
        (
            allow(#""Action": "*", "Resource": "queue""#),
            .resourceNotARN("queue")
        ),
        (
            allow(#""Action": "*", "Resource": "arn:aws""#),
            .resourceNotARN("arn:aws")
        ),
        (
            allow(#""Action": "*", "Resource": "*", "Principal": "*""#),
            .identityPolicyWithPrincipal
        ),
        (
            allow(#""Action": "*", "Resource": "*", "Sid": "a b""#),
            .illegalStatementID
        ),
        (
            document([Statement("Allow", sid: "A"), Statement("Deny", sid: "A")]),
            .duplicateStatementID
        ),
        (
            conditioned(#"{"StringMatches": {"aws:username": "a"}}"#),
            .unknownOperator("StringMatches")
        ),
        (
            conditioned(#"{"NullIfExists": {"aws:username": "true"}}"#),
            .unknownOperator("NullIfExists")
        ),
        (
            conditioned(#"{"Bool": {"aws:SecureTransport": "yes"}}"#),
            .illegalValue(operator: "Bool", value: "yes")
        ),
        (
            conditioned(#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}"#),
            .illegalValue(operator: "IpAddress", value: "10.0.0.0/33")
        ),
        (
            conditioned(#"{"DateLessThan": {"aws:CurrentTime": "soon"}}"#),
            .illegalValue(operator: "DateLessThan", value: "soon")
        ),
        (
            conditioned(#"{"StringEquals": {"aws:Referer": "a"}}"#),
            .unjudged(conditionKey: "aws:Referer")
        ),
        (
            conditioned(#"{"StringEquals": {"aws:ResourceTag/": "a"}}"#),
            .unjudged(conditionKey: "aws:ResourceTag/")
        ),
        (
            conditioned(#"{"StringEquals": {"iam:AssociatedResourceArn": "a"}}"#),
            .unjudged(conditionKey: "iam:AssociatedResourceArn")
        ),
        (
            onResource(#"arn:aws:sqs:*:*:${logs:Whatever}"#),
            .unjudged(conditionKey: "logs:Whatever")
        ),
        (
            onResource(#"arn:aws:sqs:*:${aws:PrincipalAccount}:orders"#),
            .resourceNotARN("arn:aws:sqs:*:${aws:PrincipalAccount}:orders")
        ),
        (
            onResource(#"arn:aws:sqs:*:*:${aws:username"#),
            .syntax
        ),
    ])
    func refusesAnIdentityPolicy(_ text: String, _ reason: MalformedPolicy.Reason) {
        #expect(refusal(text, .identity) == reason)
    }

    @Test func managedPoliciesMustBeOfTheCurrentVersion() {
        let old = document([Statement("Allow")], version: "2008-10-17")
        #expect(refusal(old, .identity) == nil)
        #expect(refusal(old, .managed) == .oldVersion)
        #expect(refusal(Self.good, .managed) == nil)
    }

    @Test(arguments: [
        (
            allow(#""Action": "sts:AssumeRole""#),
            MalformedPolicy.Reason.missing(element: "Principal")
        ),
        (allow(#""Principal": "*""#), .missing(element: "Action")),
        (
            allow(#""Principal": "*", "Action": "sqs:*""#),
            .trustActions
        ),
        (
            allow(#""Principal": "*", "Action": "sts:AssumeRole", "Resource": "*""#),
            .prohibited(element: "Resource")
        ),
        (
            allow(#""Principal": {"AWS": "ann"}, "Action": "sts:AssumeRole""#),
            .illegalPrincipal(kind: "AWS", value: "ann")
        ),
        (
            allow(
                #""Principal": {"AWS": "arn:aws:iam::000000000000:user/*"}, "#
                    + #""Action": "sts:AssumeRole""#),
            .illegalPrincipal(kind: "AWS", value: "arn:aws:iam::000000000000:user/*")
        ),
        (
            allow(#""Principal": {"Service": "lambda"}, "Action": "sts:AssumeRole""#),
            .illegalPrincipal(kind: "Service", value: "lambda")
        ),
        (
            allow(#""Principal": {"Robot": "x"}, "Action": "sts:AssumeRole""#),
            .illegalPrincipal(kind: "Robot", value: "x")
        ),
    ])
    func refusesATrustPolicy(_ text: String, _ reason: MalformedPolicy.Reason) {
        #expect(refusal(text, .trust) == reason)
    }

    @Test func deepAndHugeTextsAreRefusedWithoutTrapping() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(refusal(deep, .resource) == .syntax)
        var statement = Statement("Allow")
        statement.text = "{\"Condition\": \(String(repeating: "{\"a\":", count: 30))1"
        #expect(refusal(document([statement]), .identity) == .syntax)
    }

    @Test func messagesAreAWSsOwn() {
        #expect(
            (try? PolicyDocument.parse("{", as: .identity)) == nil)
        let text = allow(#""Action": "Send", "Resource": "*""#)
        #expect {
            try PolicyDocument.parse(text, as: .identity)
        } throws: { error in
            (error as? MalformedPolicy)?.message
                == "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
        }
    }
}
