// SPDX-License-Identifier: Apache-2.0
// Rows about who is named: resource policies, accounts, services, boundaries and sessions.

import Basics
import IdentityAccess

extension PolicyTable {
    private static func aws(_ text: String) -> String { "{\"AWS\": \"\(text)\"}" }

    static let sameAccount: [PolicyCase] = [
        PolicyCase("root needs no policy", as: .root(.local), is: .accountRoot),
        PolicyCase(
            "root is stopped by its own resource's deny", as: .root(.local),
            resourcePolicy: [Statement("Deny", to: "*")], is: .explicitDeny(.resource)),
        PolicyCase(
            "root passes a policy that is silent", as: .root(.local),
            resourcePolicy: [Statement("Allow", to: aws(Given.annARN))], is: .accountRoot),
        PolicyCase(
            "queue policy names the user",
            resourcePolicy: [Statement("Allow", to: aws(Given.annARN))],
            is: .allow(.resource)),
        PolicyCase(
            "queue policy names everyone", resourcePolicy: [Statement("Allow", to: "*")],
            is: .allow(.resource)),
        PolicyCase(
            "queue policy names the account only",
            resourcePolicy: [Statement("Allow", to: aws("000000000000"))],
            is: .implicitDeny(.identity)),
        PolicyCase(
            "account and identity policy", [Statement("Allow")],
            resourcePolicy: [Statement("Allow", to: aws("arn:aws:iam::000000000000:root"))],
            is: .allow(.identity)),
        PolicyCase(
            "queue policy names another",
            resourcePolicy: [Statement("Allow", to: aws(Given.roleARN))],
            is: .implicitDeny(.identity)),
        PolicyCase(
            "queue policy names the role", as: Given.worker,
            resourcePolicy: [Statement("Allow", to: aws(Given.roleARN))], is: .allow(.resource)),
        PolicyCase(
            "queue policy names the session", as: Given.worker,
            resourcePolicy: [Statement("Allow", to: aws(Given.sessionARN))], is: .allow(.resource)),
        PolicyCase(
            "queue policy denies the role", as: Given.worker, [Statement("Allow")],
            resourcePolicy: [Statement("Deny", to: aws(Given.roleARN))],
            is: .explicitDeny(.resource)),
        PolicyCase(
            "unique id names the role", as: Given.worker,
            resourcePolicy: [Statement("Allow", to: aws("AROAWORKER0000000000"))],
            is: .allow(.resource)),
        PolicyCase(
            "deny to all but ann, ann", [Statement("Allow")],
            resourcePolicy: [
                Statement("Deny", to: "!{\"AWS\": [\"\(Given.annARN)\", \"000000000000\"]}")
            ], is: .allow(.identity)),
        PolicyCase(
            "deny to all but ann, worker", as: Given.worker, [Statement("Allow")],
            resourcePolicy: [
                Statement("Deny", to: "!{\"AWS\": [\"\(Given.annARN)\", \"000000000000\"]}")
            ], is: .explicitDeny(.resource)),
        PolicyCase(
            "deny to all but a user whose account is not listed", [Statement("Allow")],
            resourcePolicy: [Statement("Deny", to: "!\(aws(Given.annARN))")],
            is: .explicitDeny(.resource)),
        PolicyCase(
            "allow to all but ann, ann",
            resourcePolicy: [Statement("Allow", to: "!\(aws(Given.annARN))")],
            is: .implicitDeny(.identity)),
    ]

    static let crossAccount: [PolicyCase] = [
        PolicyCase(
            "identity alone", as: Given.foreigner, [Statement("Allow")],
            is: .implicitDeny(.resource)),
        PolicyCase(
            "resource alone", as: Given.foreigner,
            resourcePolicy: [Statement("Allow", to: aws("arn:aws:iam::222222222222:user/eve"))],
            is: .implicitDeny(.identity)),
        PolicyCase(
            "both", as: Given.foreigner, [Statement("Allow")],
            resourcePolicy: [Statement("Allow", to: aws("arn:aws:iam::222222222222:user/eve"))],
            is: .allow(.resource)),
        PolicyCase(
            "account named", as: Given.foreigner, [Statement("Allow")],
            resourcePolicy: [Statement("Allow", to: aws("222222222222"))], is: .allow(.resource)),
        PolicyCase(
            "everyone named", as: Given.foreigner, [Statement("Allow")],
            resourcePolicy: [Statement("Allow", to: aws("*"))], is: .allow(.resource)),
        PolicyCase(
            "owner's account named", as: Given.foreigner, [Statement("Allow")],
            resourcePolicy: [Statement("Allow", to: aws("000000000000"))],
            is: .implicitDeny(.resource)),
        PolicyCase(
            "identity denies", as: Given.foreigner, [Statement("Deny")],
            resourcePolicy: [Statement("Allow", to: aws("*"))], is: .explicitDeny(.identity)),
        PolicyCase(
            "foreign root without policy", as: .root(Given.other), is: .implicitDeny(.resource)),
        PolicyCase(
            "foreign root admitted", as: .root(Given.other),
            resourcePolicy: [Statement("Allow", to: aws("222222222222"))], is: .allow(.resource)),
        PolicyCase(
            "boundary counts across accounts", as: Given.foreigner, [Statement("Allow")],
            resourcePolicy: [Statement("Allow", to: aws("arn:aws:iam::222222222222:user/eve"))],
            boundary: [Statement("Allow", "sns:*")], is: .implicitDeny(.boundary)),
    ]

    static let services: [PolicyCase] = [
        PolicyCase("service without policy", as: Given.sns, is: .implicitDeny(.resource)),
        PolicyCase(
            "service named", as: Given.sns,
            resourcePolicy: [Statement("Allow", to: #"{"Service": "sns.amazonaws.com"}"#)],
            is: .allow(.resource)),
        PolicyCase(
            "other service named", as: Given.sns,
            resourcePolicy: [Statement("Allow", to: #"{"Service": "events.amazonaws.com"}"#)],
            is: .implicitDeny(.resource)),
        PolicyCase(
            "everyone under a source", as: Given.sns,
            resourcePolicy: [
                Statement(
                    "Allow", to: "*",
                    if: #"{"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:topic"}}"#)
            ], keys: [ContextKey("aws:SourceArn", "arn:aws:sns:us-east-1:000000000000:topic")],
            is: .allow(.resource)),
        PolicyCase(
            "other source", as: Given.sns,
            resourcePolicy: [
                Statement(
                    "Allow", to: "*",
                    if: #"{"StringEquals": {"aws:SourceAccount": "222222222222"}}"#)
            ], keys: [ContextKey("aws:SourceAccount", "000000000000")], is: .implicitDeny(.resource)
        ),
        PolicyCase(
            "services are told apart from people", [Statement("Allow")],
            resourcePolicy: [
                Statement("Deny", to: "*", if: #"{"Bool": {"aws:PrincipalIsAWSService": "true"}}"#)
            ], is: .allow(.identity)),
        PolicyCase("anonymous", as: .anonymous, is: .implicitDeny(.resource)),
        PolicyCase(
            "anonymous admitted", as: .anonymous, resourcePolicy: [Statement("Allow", to: "*")],
            is: .allow(.resource)),
        PolicyCase(
            "anonymous is no account", as: .anonymous,
            resourcePolicy: [Statement("Allow", to: aws("000000000000"))],
            is: .implicitDeny(.resource)),
        PolicyCase(
            "federated is nobody",
            resourcePolicy: [
                Statement("Allow", to: #"{"Federated": "cognito-identity.amazonaws.com"}"#)
            ], is: .implicitDeny(.identity)),
    ]

    static let limits: [PolicyCase] = [
        PolicyCase(
            "boundary allows too", [Statement("Allow")], boundary: [Statement("Allow")],
            is: .allow(.identity)),
        PolicyCase(
            "boundary is silent", [Statement("Allow")], boundary: [Statement("Allow", "sns:*")],
            is: .implicitDeny(.boundary)),
        PolicyCase(
            "boundary alone grants nothing", boundary: [Statement("Allow")],
            is: .implicitDeny(.identity)),
        PolicyCase(
            "boundary denies", [Statement("Allow")],
            boundary: [Statement("Allow"), Statement("Deny", "sqs:SendMessage")],
            is: .explicitDeny(.boundary)),
        PolicyCase(
            "session allows too", as: Given.worker, [Statement("Allow")],
            session: [Statement("Allow", "sqs:SendMessage")], is: .allow(.identity)),
        PolicyCase(
            "session is silent", as: Given.worker, [Statement("Allow")],
            session: [Statement("Allow", "sqs:ReceiveMessage")], is: .implicitDeny(.session)),
        PolicyCase(
            "session alone grants nothing", as: Given.worker, session: [Statement("Allow")],
            is: .implicitDeny(.identity)),
        PolicyCase(
            "session denies", as: Given.worker, [Statement("Allow")], session: [Statement("Deny")],
            is: .explicitDeny(.session)),
        PolicyCase(
            "grant to the user passes its boundary",
            resourcePolicy: [Statement("Allow", to: aws(Given.annARN))],
            boundary: [Statement("Allow", "sns:*")], is: .allow(.resource)),
        PolicyCase(
            "grant to the role does not pass the boundary", as: Given.worker,
            resourcePolicy: [Statement("Allow", to: aws(Given.roleARN))],
            boundary: [Statement("Allow", "sns:*")], is: .implicitDeny(.boundary)),
        PolicyCase(
            "grant to the role does not pass the session policy", as: Given.worker,
            resourcePolicy: [Statement("Allow", to: aws(Given.roleARN))],
            session: [Statement("Allow", "sns:*")], is: .implicitDeny(.session)),
        PolicyCase(
            "grant to the session passes both", as: Given.worker,
            resourcePolicy: [Statement("Allow", to: aws(Given.sessionARN))],
            boundary: [Statement("Allow", "sns:*")], session: [Statement("Allow", "sns:*")],
            is: .allow(.resource)),
        PolicyCase(
            "closest grant counts", as: Given.worker,
            resourcePolicy: [
                Statement("Allow", to: "*"), Statement("Allow", to: aws(Given.sessionARN)),
            ], session: [Statement("Allow", "sns:*")], is: .allow(.resource)),
        PolicyCase(
            "trust policy silent", [Statement("Allow", "sts:*")], does: "sts:AssumeRole",
            on: Given.roleARN,
            resourcePolicy: [Statement("Allow", "sts:AssumeRole", to: aws(Given.roleARN))],
            rule: .required, is: .implicitDeny(.resource)),
        PolicyCase(
            "trust policy names the user", does: "sts:AssumeRole", on: Given.roleARN,
            resourcePolicy: [Statement("Allow", "sts:AssumeRole", to: aws(Given.annARN))],
            rule: .required, is: .allow(.resource)),
        PolicyCase(
            "trust policy names the account, identity silent", does: "sts:AssumeRole",
            on: Given.roleARN,
            resourcePolicy: [Statement("Allow", "sts:AssumeRole", to: aws("000000000000"))],
            rule: .required, is: .implicitDeny(.identity)),
        PolicyCase(
            "trust policy names the account, identity allows", [Statement("Allow", "sts:*")],
            does: "sts:AssumeRole", on: Given.roleARN,
            resourcePolicy: [Statement("Allow", "sts:AssumeRole", to: aws("000000000000"))],
            rule: .required, is: .allow(.resource)),
        PolicyCase(
            "trust policy and root", as: .root(.local), does: "sts:AssumeRole", on: Given.roleARN,
            resourcePolicy: [Statement("Allow", "sts:AssumeRole", to: aws("222222222222"))],
            rule: .required, is: .implicitDeny(.resource)),
    ]
}
