// SPDX-License-Identifier: Apache-2.0
// Rows about actions, resources and policy variables.

import Basics
import IdentityAccess

extension PolicyTable {
    private static let none = Decision.Reason.implicitDeny(.identity)
    private static let pass = Decision.Reason.allow(.identity)

    static let actions: [PolicyCase] = [
        PolicyCase("no policy", is: none),
        PolicyCase("exact action", [Statement("Allow", "sqs:SendMessage")], is: pass),
        PolicyCase("action in another case", [Statement("Allow", "SQS:sendmessage")], is: pass),
        PolicyCase("other action", [Statement("Allow", "sqs:ReceiveMessage")], is: none),
        PolicyCase("service wildcard", [Statement("Allow", "sqs:*")], is: pass),
        PolicyCase("prefix wildcard", [Statement("Allow", "sqs:Send*")], is: pass),
        PolicyCase("inner wildcard", [Statement("Allow", "sqs:S*Message")], is: pass),
        PolicyCase("one-character wildcard", [Statement("Allow", "sqs:SendMessag?")], is: pass),
        PolicyCase(
            "one-character wildcard needs one", [Statement("Allow", "sqs:SendMessage?")], is: none),
        PolicyCase("everything", [Statement("Allow", "*")], is: pass),
        PolicyCase("other service", [Statement("Allow", "sns:*")], is: none),
        PolicyCase(
            "list of actions", [Statement("Allow", #"["sqs:ReceiveMessage", "sqs:SendMessage"]"#)],
            is: pass),
        PolicyCase("not action, other", [Statement("Allow", "!sqs:DeleteQueue")], is: pass),
        PolicyCase("not action, this", [Statement("Allow", "!sqs:SendMessage")], is: none),
        PolicyCase("not action, family", [Statement("Allow", "!sqs:*")], is: none),
        PolicyCase(
            "deny wins whatever the order",
            [Statement("Deny", "sqs:SendMessage"), Statement("Allow", "*")],
            is: .explicitDeny(.identity)),
        PolicyCase(
            "deny of another action",
            [Statement("Allow", "*"), Statement("Deny", "sqs:DeleteQueue")], is: pass),
        PolicyCase(
            "deny by not action",
            [Statement("Allow", "*"), Statement("Deny", "!sqs:ReceiveMessage")],
            is: .explicitDeny(.identity)),
        PolicyCase("deny alone", [Statement("Deny", "*")], is: .explicitDeny(.identity)),
    ]

    static let resources: [PolicyCase] = [
        PolicyCase("exact resource", [Statement("Allow", on: Given.queue)], is: pass),
        PolicyCase(
            "names keep their case",
            [Statement("Allow", on: "arn:aws:sqs:us-east-1:000000000000:Orders")], is: none),
        PolicyCase(
            "prefix of a name", [Statement("Allow", on: "arn:aws:sqs:us-east-1:000000000000:ord*")],
            is: pass),
        PolicyCase(
            "any region and account", [Statement("Allow", on: "arn:aws:sqs:*:*:orders")],
            is: pass),
        PolicyCase(
            "other region", [Statement("Allow", on: "arn:aws:sqs:eu-west-1:000000000000:orders")],
            is: none),
        PolicyCase(
            "other account", [Statement("Allow", on: "arn:aws:sqs:us-east-1:222222222222:orders")],
            is: none),
        PolicyCase("parts left out", [Statement("Allow", on: "arn:aws:sqs")], is: pass),
        PolicyCase(
            "parts left out after one", [Statement("Allow", on: "arn:aws:sqs:us-*")], is: pass),
        PolicyCase(
            "a wildcard does not reach into the next part",
            [Statement("Allow", on: "arn:aws:sqs:us*orders:*:*")], is: none),
        PolicyCase(
            "a question mark is one character",
            [Statement("Allow", on: "arn:aws:sqs:us-east-?:000000000000:order?")], is: pass),
        PolicyCase("not resource, this", [Statement("Allow", on: "!\(Given.queue)")], is: none),
        PolicyCase(
            "not resource, other", [Statement("Allow", on: "!arn:aws:sqs:*:*:invoices")],
            is: pass),
        PolicyCase(
            "deny of one resource", [Statement("Allow"), Statement("Deny", on: Given.queue)],
            is: .explicitDeny(.identity)),
        PolicyCase(
            "deny of all but one",
            [Statement("Allow"), Statement("Deny", on: "!\(Given.queue)")], is: pass),
        PolicyCase(
            "no resource and a star", [Statement("Allow", "sqs:ListQueues")],
            does: "sqs:ListQueues", on: "*", is: pass),
        PolicyCase(
            "no resource and an ARN", [Statement("Allow", "sqs:ListQueues", on: Given.queue)],
            does: "sqs:ListQueues", on: "*", is: none),
        PolicyCase(
            "colons in the last part",
            [Statement("Allow", "logs:*", on: "arn:aws:logs:*:*:log-group:/aws/lambda/*")],
            does: "logs:PutLogEvents",
            on: "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f:log-stream:x",
            is: pass),
        PolicyCase(
            "wildcards that invite backtracking",
            [Statement("Allow", on: "arn:aws:sqs:*:*:*a*a*a*a*a*a*a*a*a*b")],
            on: "arn:aws:sqs:us-east-1:000000000000:" + String(repeating: "a", count: 80),
            is: none),
    ]

    static let variables: [PolicyCase] = [
        PolicyCase(
            "user name", [Statement("Allow", on: "arn:aws:sqs:*:*:${aws:username}-*")],
            on: "arn:aws:sqs:us-east-1:000000000000:ann-inbox", is: pass),
        PolicyCase(
            "other user's", [Statement("Allow", on: "arn:aws:sqs:*:*:${aws:username}-*")],
            on: "arn:aws:sqs:us-east-1:000000000000:bob-inbox", is: none),
        PolicyCase(
            "no value, no match", as: Given.worker,
            [Statement("Allow", on: "arn:aws:sqs:*:*:${aws:username}*")], is: none),
        PolicyCase(
            "fallback", as: Given.worker,
            [Statement("Allow", on: "arn:aws:sqs:*:*:${aws:username, 'orders'}")], is: pass),
        PolicyCase(
            "a value's wildcard is plain text",
            as: .user(UserPrincipal(account: .local, name: "*", id: "AIDAX")),
            [Statement("Allow", on: "arn:aws:sqs:*:*:${aws:username}")], is: none),
        PolicyCase(
            "plain text in the old version",
            [Statement("Allow", on: "arn:aws:sqs:*:*:${aws:username}")],
            on: "arn:aws:sqs:us-east-1:000000000000:ann", version: "2008-10-17", is: none),
        PolicyCase(
            "escaped star", [Statement("Allow", on: "arn:aws:sqs:*:*:o${*}")], is: none),
        PolicyCase(
            "variable in a condition",
            [Statement("Allow", if: #"{"StringEquals": {"aws:userid": "${aws:userid}"}}"#)],
            is: pass),
        PolicyCase(
            "not resource whose variable has no value", as: Given.worker,
            [Statement("Allow", on: "!arn:aws:sqs:*:*:${aws:username}")], is: none),
    ]
}
