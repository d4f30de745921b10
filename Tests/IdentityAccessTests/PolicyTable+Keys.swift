// SPDX-License-Identifier: Apache-2.0
// Rows about what the keys of a request are worth: the caller's, tags, sources, data sets of
// nothing, and variables that cannot be resolved.

import Basics
import IdentityAccess

extension PolicyTable {
    private static func row(
        _ condition: String, _ holds: Bool, as principal: Principal = Given.ann,
        on resource: String = Given.queue, keys: [ContextKey] = [], tags: [AccessTag] = [],
        resourceTags: [AccessTag] = []
    ) -> PolicyCase {
        PolicyCase(
            "\(condition) as \(principal.type), keys \(keys.map(\.values)), tags "
                + "\(tags.map(\.value)) \(resourceTags.map(\.value)) on \(resource)",
            as: principal, [Statement("Allow", if: "{\(condition)}")], on: resource, keys: keys,
            tags: tags, resourceTags: resourceTags,
            is: holds ? .allow(.identity) : .implicitDeny(.identity))
    }

    private static let inFunction = Principal.role(
        RoleSession(
            account: .local, roleName: "worker", roleID: "AROAWORKER0000000000", sessionName: "f",
            issuedAt: Given.now,
            sourceFunctionARN: "arn:aws:lambda:us-east-1:000000000000:function:f"))

    /// Keys that follow from who calls, on what, how.
    static let callers: [PolicyCase] = [
        row(#""StringEquals": {"aws:PrincipalType": "User"}"#, true),
        row(#""StringEquals": {"aws:PrincipalAccount": "222222222222"}"#, false),
        row(#""StringEquals": {"aws:userid": "AIDAANN0000000000000"}"#, true),
        row(#""StringEquals": {"aws:userid": "AROAWORKER0000000000:s1"}"#, true, as: Given.worker),
        row(#""Null": {"aws:username": "true"}"#, true, as: Given.worker),
        row(#""Null": {"aws:TokenIssueTime": "true"}"#, true),
        row(#""Null": {"aws:TokenIssueTime": "false"}"#, true, as: Given.worker),
        row(
            #""DateEquals": {"aws:TokenIssueTime": "2026-05-28T20:26:40Z"}"#, true,
            as: Given.worker),
        row(#""NumericEquals": {"aws:TokenIssueTime": "1780000000"}"#, false, as: Given.worker),
        row(#""Bool": {"aws:PrincipalIsAWSService": "false"}"#, true),
        row(#""Null": {"aws:PrincipalServiceName": "true"}"#, true),
        row(#""ForAnyValue:StringLike": {"aws:PrincipalServiceNamesList": "*"}"#, false),
        row(#""Bool": {"aws:ViaAWSService": "false"}"#, true),
        row(#""Null": {"aws:CalledVia": "true"}"#, true),
        row(#""StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}"#, true),
        row(#""Null": {"aws:SourceVpce": "false"}"#, false),
        row(#""StringLike": {"aws:UserAgent": "Boto3/*"}"#, true),
        row(#""StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}"#, true),
        row(
            #""StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}"#, false,
            on: "arn:aws:sqs:us-east-1:333333333333:orders"),
        row(
            #""ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:user/*"}"#,
            true),
        row(
            #""ArnLike": {"lambda:SourceFunctionArn": "arn:aws:lambda:*:*:function:f"}"#, true,
            as: inFunction),
        row(
            #""ArnLike": {"lambda:SourceFunctionArn": "arn:aws:lambda:*:*:function:g"}"#, false,
            as: inFunction),
        row(
            #""ArnNotLike": {"lambda:SourceFunctionArn": "arn:aws:lambda:*:*:function:g"}"#, true,
            as: Given.worker),
    ]

    private static let team = [AccessTag("Team", "blue"), AccessTag("empty", "")]

    /// `aws:PrincipalTag`, `aws:ResourceTag`, `aws:RequestTag` and `aws:TagKeys`.
    static let tagged: [PolicyCase] = [
        row(#""StringEquals": {"aws:PrincipalTag/Team": "blue"}"#, true, tags: team),
        row(#""StringEquals": {"aws:principaltag/team": "blue"}"#, true, tags: team),
        row(#""StringEquals": {"aws:PrincipalTag/Team": "Blue"}"#, false, tags: team),
        row(#""StringEquals": {"aws:PrincipalTag/Team": "blue"}"#, false),
        row(#""StringNotEquals": {"aws:PrincipalTag/Team": "blue"}"#, true),
        row(#""StringEquals": {"aws:PrincipalTag/empty": ""}"#, true, tags: team),
        row(#""Null": {"aws:PrincipalTag/Team": "false"}"#, true, tags: team),
        row(#""Null": {"aws:PrincipalTag/Other": "true"}"#, true, tags: team),
        row(
            #""StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}"#, true,
            tags: team, resourceTags: [AccessTag("team", "blue")]),
        row(
            #""StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}"#, false,
            tags: team, resourceTags: [AccessTag("team", "red")]),
        row(
            #""StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}"#, false,
            tags: team),
        row(
            #""StringEqualsIfExists": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}"#, true,
            tags: team),
        row(
            #""StringEquals": {"iam:ResourceTag/Team": "blue"}"#, false, resourceTags: team),
        row(
            #""StringEquals": {"iam:ResourceTag/Team": "blue"}"#, true, on: Given.roleARN,
            resourceTags: team),
        row(
            #""StringEquals": {"aws:RequestTag/Team": ["red", "blue"]}"#, true,
            keys: .requestTags(team)),
        row(
            #""StringEquals": {"aws:RequestTag/team": "green"}"#, false, keys: .requestTags(team)),
        row(
            #""ForAllValues:StringEquals": {"aws:TagKeys": ["Team", "empty"]}"#, true,
            keys: .requestTags(team)),
        row(
            #""ForAllValues:StringEquals": {"aws:TagKeys": ["team", "empty"]}"#, false,
            keys: .requestTags(team)),
        row(
            #""ForAnyValue:StringEquals": {"aws:TagKeys": ["Team"]}"#, true,
            keys: .requestTags(team)),
        row(
            #""ForAnyValue:StringEquals": {"aws:TagKeys": ["Team"]}"#, false, keys: .tagKeys(["x"])),
        row(#""ForAllValues:StringLike": {"aws:TagKeys": "T*"}"#, true),
        row(
            #""Null": {"aws:TagKeys": "false"}, "ForAllValues:StringLike": {"aws:TagKeys": "T*"}"#,
            false),
        // What resolves to an empty text is a null data set ("Multivalued context key examples").
        row(
            #""ForAllValues:StringEquals": {"aws:RequestTag/empty": "x"}"#, true,
            keys: .requestTags(team)),
        row(
            #""ForAnyValue:StringEquals": {"aws:RequestTag/empty": ""}"#, false,
            keys: .requestTags(team)),
        row(
            #""Null": {"aws:RequestTag/empty": "false"}"#, false, keys: .requestTags(team)),
        PolicyCase(
            "a tag in a resource",
            [Statement("Allow", on: "arn:aws:sqs:*:*:${aws:PrincipalTag/Team}-*")],
            on: "arn:aws:sqs:us-east-1:000000000000:blue-1", tags: team, is: .allow(.identity)),
        PolicyCase(
            "a tag's wildcard is plain text",
            [Statement("Allow", on: "arn:aws:sqs:*:*:${aws:PrincipalTag/Team}")],
            tags: [AccessTag("Team", "*")], is: .implicitDeny(.identity)),
        PolicyCase(
            "a tag's brace and quote are plain text",
            [Statement("Allow", on: "arn:aws:sqs:*:*:${aws:PrincipalTag/Team}")],
            tags: [AccessTag("Team", "${aws:username, 'orders'}")], is: .implicitDeny(.identity)),
        PolicyCase(
            "a fallback with a brace",
            [Statement("Allow", if: #"{"StringEquals": {"s3:k": "${s3:other, 'a}b'}"}}"#)],
            keys: [ContextKey("s3:k", "a}b")], is: .allow(.identity)),
        PolicyCase(
            "a value before its fallback",
            [Statement("Allow", on: "arn:aws:sqs:*:*:${aws:PrincipalTag/Team, 'orders'}")],
            tags: team, is: .implicitDeny(.identity)),
        PolicyCase(
            "escapes",
            [Statement("Allow", if: #"{"StringLike": {"s3:k": "${*}${?}${$}{*}"}}"#)],
            keys: [ContextKey("s3:k", "*?${a}")], is: .allow(.identity)),
        PolicyCase(
            "escapes are no wildcards",
            [Statement("Allow", if: #"{"StringLike": {"s3:k": "a${*}"}}"#)],
            keys: [ContextKey("s3:k", "ab")], is: .implicitDeny(.identity)),
        PolicyCase(
            "escapes are plain text in the old version",
            [Statement("Allow", if: #"{"StringEquals": {"s3:k": "${*}"}}"#)],
            keys: [ContextKey("s3:k", "${*}")], version: "2008-10-17", is: .allow(.identity)),
        PolicyCase(
            "a folded variable",
            [Statement("Allow", if: #"{"StringEqualsIgnoreCase": {"s3:k": "${aws:username}"}}"#)],
            keys: [ContextKey("s3:k", "ANN")], is: .allow(.identity)),
        PolicyCase(
            "a key of many values is no variable",
            [Statement("Allow", if: #"{"StringEquals": {"s3:k": "${s3:list}"}}"#)],
            keys: [ContextKey("s3:k", "a"), ContextKey("s3:list", ["a", "b"])],
            is: .implicitDeny(.identity)),
    ]

    /// `aws:SourceArn` and `aws:SourceAccount`, of services that call as themselves.
    static let sources: [PolicyCase] = {
        let topic = ARN(
            service: "sns", region: .usEast1, account: .local, resource: "topic")
        let bucket = ARN(service: "s3", region: "", account: "", resource: "photos")
        func row(
            _ name: String, _ condition: String, _ source: ARN?, _ holds: Bool
        ) -> PolicyCase {
            PolicyCase(
                "a service's source: \(name)", as: Given.sns,
                resourcePolicy: [
                    Statement(
                        "Allow", to: #"{"Service": "sns.amazonaws.com"}"#, if: "{\(condition)}",
                        sid: "Source")
                ], keys: source.map(ContextKey.source) ?? [],
                is: holds ? .allow(.resource) : .implicitDeny(.resource),
                by: holds ? "Source" : nil)
        }
        let byAccount = #""StringEquals": {"aws:SourceAccount": "000000000000"}"#
        let byARN = #""ArnLike": {"aws:SourceArn": "arn:aws:s3:::photos"}"#
        return [
            row("account", byAccount, topic, true),
            row(
                "other account", #""StringEquals": {"aws:SourceAccount": "222222222222"}"#, topic,
                false),
            row(
                "ARN", #""ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:000000000000:topic"}"#,
                topic, true),
            row(
                "other ARN", #""ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:topics"}"#, topic,
                false),
            row(
                "both",
                byAccount + #", "ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:*:t*"}"#,
                topic, true),
            row("an ARN without an account", byARN, bucket, true),
            row("no account in the ARN", byAccount, bucket, false),
            row("none", byAccount, nil, false),
            row(
                "none, but optional",
                #""StringEqualsIfExists": {"aws:SourceAccount": "222222222222"}"#, nil, true),
            row(
                "service's name",
                #""StringEquals": {"aws:PrincipalServiceName": "sns.amazonaws.com"}"#, topic, true),
            row(
                "service's names",
                #""ForAnyValue:StringEquals": {"aws:PrincipalServiceNamesList": "#
                    + #"["sqs.amazonaws.com", "sns.amazonaws.com"]}"#, topic, true),
        ]
    }()

    /// Variables without a value make the statement void ("Variables and tags").
    static let unresolved: [PolicyCase] = [
        row(#""StringEquals": {"aws:userid": ["${s3:none}", "AIDAANN0000000000000"]}"#, true),
        row(#""StringEquals": {"aws:userid": "${s3:none}"}"#, false),
        row(#""StringNotEquals": {"aws:userid": "${s3:none}"}"#, false),
        row(#""StringNotEquals": {"s3:absent": "${s3:none}"}"#, false),
        row(#""StringNotEqualsIfExists": {"s3:absent": "${s3:none}"}"#, true),
        row(#""StringNotEquals": {"aws:userid": "${s3:none, 'x'}"}"#, true),
        row(#""ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${s3:none}"}"#, false),
        row(#""ForAllValues:StringNotEquals": {"aws:userid": "${s3:none}"}"#, false),
        PolicyCase(
            "a void deny",
            [
                Statement("Allow"),
                Statement("Deny", if: #"{"StringNotEquals": {"aws:userid": "${s3:none}"}}"#),
            ], is: .allow(.identity)),
        PolicyCase(
            "not resource with a fallback", as: Given.worker,
            [Statement("Allow", on: "!arn:aws:sqs:*:*:${aws:username, 'x'}")],
            is: .allow(.identity)),
    ]
}
