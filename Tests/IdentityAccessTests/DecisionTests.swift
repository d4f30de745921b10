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
