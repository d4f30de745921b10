// SPDX-License-Identifier: Apache-2.0
// What a decision reports: the statement that made it and AWS's words.

import Basics
import IdentityAccess
import Testing

@Suite struct DecisionTests {
    @Test func namesTheStatementThatDecided() throws {
        let row = PolicyCase(
            "", [Statement("Allow", "sns:*", sid: "A"), Statement("Deny", sid: "B")],
            is: .explicitDeny(.identity))
        let statement = try #require(try row.decide().statement)
        #expect(statement.policy == "identity")
        #expect(statement.sid == "B")
        #expect(statement.index == 1)
        #expect(statement.kind == .identity)
    }

    @Test func anImplicitDenialNamesTheKindOfPolicyThatIsMissing() throws {
        let row = PolicyCase("", as: Given.worker, is: .implicitDeny(.identity))
        #expect(
            try row.decide().denialMessage(for: row.request)
                == "User: arn:aws:sts::000000000000:assumed-role/worker/s1 is not authorized to "
                + "perform: sqs:sendmessage on resource: \(Given.queue) because no "
                + "identity-based policy allows the sqs:sendmessage action")
    }

    @Test func aDenialAcrossAccountsNamesTheSideThatIsMissing() throws {
        let row = PolicyCase(
            "", as: Given.foreigner, [Statement("Allow")], is: .implicitDeny(.resource))
        #expect(try row.decide().missing == [.resource])
        #expect(
            try row.decide().denialMessage(for: row.request)
                == "User: arn:aws:iam::222222222222:user/eve is not authorized to perform: "
                + "sqs:sendmessage on resource: \(Given.queue) because no resource-based policy "
                + "allows the sqs:sendmessage action")
    }

    @Test func sessionPoliciesAreNamedAsAWSNamesThem() throws {
        let silent = PolicyCase(
            "", as: Given.worker, [Statement("Allow")], session: [Statement("Allow", "sns:*")],
            is: .implicitDeny(.session))
        #expect(
            try silent.decide().denialMessage(for: silent.request)
                .hasSuffix("because no session policy allows the sqs:sendmessage action"))
        let denied = PolicyCase(
            "", [Statement("Allow")], boundary: [Statement("Deny")],
            is: .explicitDeny(.boundary))
        #expect(
            try denied.decide().denialMessage(for: denied.request)
                .hasSuffix("with an explicit deny in a permissions boundary"))
    }

    @Test func aGrantByTheResourceNamesItsStatement() throws {
        let row = PolicyCase(
            "",
            resourcePolicy: [
                Statement("Allow", "sns:*", to: "*"), Statement("Allow", to: "*", sid: "Open"),
            ], is: .allow(.resource))
        let statement = try #require(try row.decide().statement)
        #expect(statement.kind == .resource)
        #expect(statement.sid == "Open")
        #expect(statement.index == 1)
    }

    @Test func policiesSayWhetherTheyNeedTheTagsOfTheResource() throws {
        func asks(_ statement: Statement) throws -> Bool {
            let policy = try PolicyDocument.parse(document([statement]), as: .identity)
            return EffectivePolicies(
                identity: [NamedPolicy(name: "p", document: policy)]
            ).asksForResourceTags
        }
        let key = #"{"StringEquals": {"aws:ResourceTag/a": "b"}}"#
        #expect(try asks(Statement("Allow", if: key)))
        #expect(try asks(Statement("Allow", on: "arn:aws:sqs:*:*:${aws:ResourceTag/a}")))
        #expect(
            try asks(
                Statement("Allow", if: #"{"StringLike": {"s3:k": "${iam:ResourceTag/a}"}}"#)))
        #expect(
            try !asks(Statement("Allow", if: #"{"StringEquals": {"aws:PrincipalTag/a": "b"}}"#)))
    }

    @Test func servicesOtherThanSQSKeepTheirSpelling() throws {
        let row = PolicyCase(
            "", [Statement("Allow", "*")], does: "lambda:InvokeFunction",
            on: "arn:aws:lambda:us-east-1:000000000000:function:f",
            boundary: [Statement("Allow", "sqs:*")], is: .implicitDeny(.boundary))
        #expect(
            try row.decide().denialMessage(for: row.request)
                == "User: \(Given.annARN) is not authorized to perform: lambda:InvokeFunction on "
                + "resource: arn:aws:lambda:us-east-1:000000000000:function:f because no "
                + "permissions boundary allows the lambda:InvokeFunction action")
    }

    @Test func anExplicitDenialSaysWhereItIs() throws {
        let row = PolicyCase(
            "", [Statement("Allow")], resourcePolicy: [Statement("Deny", to: "*")],
            is: .explicitDeny(.resource))
        #expect(
            try row.decide().denialMessage(for: row.request)
                == "User: \(Given.annARN) is not authorized to perform: sqs:sendmessage on "
                + "resource: \(Given.queue) with an explicit deny in a resource-based policy")
    }

    @Test func publishedPoliciesAreCompiledAndAllow() throws {
        #expect(AWSManagedPolicies.all.count == 7)
        for published in AWSManagedPolicies.all {
            #expect(AWSManagedPolicies.policy(arn: published.arn) != nil)
        }
        let policy = try #require(
            AWSManagedPolicies.policy(
                arn: "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"))
        func decide(_ action: String) -> Bool {
            let row = PolicyCase("", does: action, is: .accountRoot)
            return Evaluator.decide(
                row.request, policies: EffectivePolicies(identity: [policy])
            ).isAllowed
        }
        #expect(decide("sqs:ReceiveMessage"))
        #expect(decide("logs:PutLogEvents"))
        #expect(!decide("sqs:SendMessage"))
    }
}
