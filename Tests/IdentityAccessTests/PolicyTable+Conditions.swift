// SPDX-License-Identifier: Apache-2.0
// Rows about conditions: each row allows under one condition, so that it passes exactly when the
// condition holds.

import Basics
import IdentityAccess

extension PolicyTable {
    private static func row(
        _ name: String, _ condition: String, _ holds: Bool, as principal: Principal = Given.ann,
        keys: [ContextKey] = [], from address: String = "192.0.2.7"
    ) -> PolicyCase {
        PolicyCase(
            "\(name): \(condition)", as: principal, [Statement("Allow", if: "{\(condition)}")],
            keys: keys, from: address, is: holds ? .allow(.identity) : .implicitDeny(.identity))
    }

    private static let many = [ContextKey("s3:list", ["a", "b"])]

    static let strings: [PolicyCase] = [
        row("equal", #""StringEquals": {"aws:username": "ann"}"#, true),
        row("case counts", #""StringEquals": {"aws:username": "Ann"}"#, false),
        row("key's case does not", #""StringEquals": {"AWS:UserName": "ann"}"#, true),
        row("a star is itself", #""StringEquals": {"aws:username": "a*"}"#, false),
        row("one of several", #""StringEquals": {"aws:username": ["bob", "ann"]}"#, true),
        row("absent", #""StringEquals": {"aws:SourceArn": "x"}"#, false),
        row("absent but optional", #""StringEqualsIfExists": {"aws:SourceArn": "x"}"#, true),
        row("optional yet there", #""StringEqualsIfExists": {"aws:username": "x"}"#, false),
        row("unequal", #""StringNotEquals": {"aws:username": "bob"}"#, true),
        row("unequal to none of", #""StringNotEquals": {"aws:username": ["bob", "ann"]}"#, false),
        row("unequal, absent", #""StringNotEquals": {"aws:SourceArn": "x"}"#, true),
        row("folded", #""StringEqualsIgnoreCase": {"aws:username": "ANN"}"#, true),
        row("folded, unequal", #""StringNotEqualsIgnoreCase": {"aws:username": "ANN"}"#, false),
        row("like", #""StringLike": {"aws:username": "a*"}"#, true),
        row("like, no", #""StringLike": {"aws:username": "b*"}"#, false),
        row("like, one character", #""StringLike": {"aws:username": "a?n"}"#, true),
        row("not like", #""StringNotLike": {"aws:username": "b*"}"#, true),
        row("not like, but is", #""StringNotLike": {"aws:username": ["b*", "a*"]}"#, false),
        row("like, optional", #""StringLikeIfExists": {"aws:SourceArn": "x"}"#, true),
        row(
            "two keys must both hold",
            #""StringEquals": {"aws:username": "ann", "aws:RequestedRegion": "eu-west-1"}"#, false),
        row(
            "two operators must both hold",
            #""StringEquals": {"aws:username": "ann"}, "Bool": {"aws:SecureTransport": "true"}"#,
            true),
        row("no value never equals", #""StringEquals": {"aws:username": []}"#, false),
    ]

    static let typed: [PolicyCase] = [
        row("bool", #""Bool": {"aws:SecureTransport": "true"}"#, true),
        row("bool as JSON", #""Bool": {"aws:SecureTransport": true}"#, true),
        row("bool, no", #""Bool": {"aws:SecureTransport": "false"}"#, false),
        row("bool, absent", #""Bool": {"aws:MultiFactorAuthPresent": "true"}"#, false),
        row("bool, optional", #""BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}"#, true),
        row(
            "sessions have no MFA", #""BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}"#,
            false, as: Given.worker),
        row("null, absent", #""Null": {"aws:SourceArn": "true"}"#, true),
        row("null, there", #""Null": {"aws:username": "true"}"#, false),
        row("not null, there", #""Null": {"aws:username": "false"}"#, true),
        row("number", #""NumericEquals": {"aws:EpochTime": 1780000000}"#, true),
        row("number, unequal", #""NumericNotEquals": {"aws:EpochTime": "5"}"#, true),
        row("less", #""NumericLessThan": {"aws:EpochTime": "1780000000"}"#, false),
        row("at most", #""NumericLessThanEquals": {"aws:EpochTime": "1780000000"}"#, true),
        row("more", #""NumericGreaterThan": {"aws:EpochTime": "1.5e3"}"#, true),
        row("at least", #""NumericGreaterThanEquals": {"aws:EpochTime": "1780000001"}"#, false),
        row("no number", #""NumericGreaterThan": {"aws:username": "0"}"#, false),
        row("before", #""DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}"#, true),
        row("after", #""DateGreaterThan": {"aws:CurrentTime": "2027-01-01"}"#, false),
        row(
            "since", #""DateGreaterThanEquals": {"aws:CurrentTime": "2026-05-28"}"#, true),
        row("until", #""DateLessThanEquals": {"aws:CurrentTime": "1780000000"}"#, true),
        row("date", #""DateEquals": {"aws:CurrentTime": "2026-05-28T20:26:40Z"}"#, true),
        row("other date", #""DateNotEquals": {"aws:CurrentTime": "2026-05-28T20:26:40Z"}"#, false),
        row("address", #""IpAddress": {"aws:SourceIp": "192.0.2.0/24"}"#, true),
        row("single address", #""IpAddress": {"aws:SourceIp": "192.0.2.8"}"#, false),
        row("odd prefix", #""IpAddress": {"aws:SourceIp": "192.0.2.4/30"}"#, true),
        row(
            "not", #""NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.7"]}"#, false),
        row("other family", #""IpAddress": {"aws:SourceIp": "2001:db8::/32"}"#, false),
        row(
            "six", #""IpAddress": {"aws:SourceIp": "2001:db8::/32"}"#, true,
            from: "2001:db8:0:1::5"),
        row(
            "four mapped into six", #""IpAddress": {"aws:SourceIp": "192.0.2.0/24"}"#, true,
            from: "::ffff:192.0.2.7"),
        row(
            "odd prefix of six", #""IpAddress": {"aws:SourceIp": "2001:db8:8000::/33"}"#, false,
            from: "2001:db8:0:1::5"),
        row(
            "not in any, six", #""NotIpAddress": {"aws:SourceIp": ["2001:db8::/32", "::1"]}"#,
            true, from: "2001:db9::1"),
        row("a day without its time", #""DateGreaterThan": {"aws:CurrentTime": "2026-05"}"#, true),
        row("a year", #""DateLessThan": {"aws:CurrentTime": "2027"}"#, true),
        row(
            "minutes and an offset",
            #""DateLessThan": {"aws:CurrentTime": "2026-05-28T22:27+02:00"}"#, true),
        row(
            "minutes before",
            #""DateLessThan": {"aws:CurrentTime": "2026-05-28T22:26+02:00"}"#, false),
        row("epoch as a date", #""DateEquals": {"aws:EpochTime": "1780000000"}"#, true),
        row("epoch as text", #""StringEquals": {"aws:EpochTime": "1780000000"}"#, true),
        row("time as text", #""StringLike": {"aws:CurrentTime": "2026-05-28T*"}"#, true),
        row("time is no number", #""NumericGreaterThan": {"aws:CurrentTime": "0"}"#, false),
        row("flag as text", #""StringEquals": {"aws:SecureTransport": "true"}"#, true),
        row(
            "flag from a variable", #""Bool": {"aws:SecureTransport": "${s3:secure}"}"#, true,
            keys: [ContextKey("s3:secure", "true")]),
        row(
            "flag from a variable, no", #""Bool": {"aws:SecureTransport": "${s3:secure}"}"#, false,
            keys: [ContextKey("s3:secure", "false")]),
        row(
            "binary", #""BinaryEquals": {"s3:blob": "AQI="}"#, true,
            keys: [ContextKey("s3:blob", "AQI=")]),
    ]

    static let arns: [PolicyCase] = [
        row(
            "session is seen as its role",
            #""ArnEquals": {"aws:PrincipalArn": "\#(Given.roleARN)"}"#, true, as: Given.worker),
        row(
            "session ARN is not", #""ArnEquals": {"aws:PrincipalArn": "\#(Given.sessionARN)"}"#,
            false, as: Given.worker),
        row("like", #""ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/team/*"}"#, true),
        row(
            "equals takes wildcards",
            #""ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}"#, true),
        row("part by part", #""ArnLike": {"aws:PrincipalArn": "arn:aws:*user/team/ann:*"}"#, false),
        row("not like", #""ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}"#, true),
        row("unequal", #""ArnNotEquals": {"aws:PrincipalArn": "\#(Given.annARN)"}"#, false),
        row("absent", #""ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}"#, false),
        row("absent, negated", #""ArnNotLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}"#, true),
        row(
            "optional", #""ArnLikeIfExists": {"aws:SourceArn": "arn:aws:sns:*:*:*"}"#, true),
        row(
            "source", #""ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:topic"}"#, true,
            keys: [ContextKey("aws:SourceArn", "arn:aws:sns:us-east-1:000000000000:topic")]),
        row(
            "principal's account", #""StringEquals": {"aws:PrincipalAccount": "000000000000"}"#,
            true),
        row(
            "its account", #""StringEquals": {"aws:ResourceAccount": "000000000000"}"#, true),
        row(
            "principal's type", #""StringEquals": {"aws:PrincipalType": "AssumedRole"}"#, true,
            as: Given.worker),
        row(
            "session's user id", #""StringLike": {"aws:userid": "AROAWORKER0000000000:*"}"#, true,
            as: Given.worker),
        row("nobody's organization", #""StringEquals": {"aws:PrincipalOrgID": "o-1"}"#, false),
    ]

    static let sets: [PolicyCase] = [
        row("all", #""ForAllValues:StringEquals": {"s3:list": ["a", "b", "c"]}"#, true, keys: many),
        row("all, but one", #""ForAllValues:StringEquals": {"s3:list": ["a"]}"#, false, keys: many),
        row("all of nothing", #""ForAllValues:StringEquals": {"s3:list": ["a"]}"#, true),
        row("any", #""ForAnyValue:StringEquals": {"s3:list": ["b"]}"#, true, keys: many),
        row("any, none", #""ForAnyValue:StringEquals": {"s3:list": ["c"]}"#, false, keys: many),
        row("any of nothing", #""ForAnyValue:StringEquals": {"s3:list": ["a"]}"#, false),
        row("any unequal", #""ForAnyValue:StringNotEquals": {"s3:list": ["a"]}"#, true, keys: many),
        row(
            "all unequal", #""ForAllValues:StringNotEquals": {"s3:list": ["a"]}"#, false, keys: many
        ),
        row("any like", #""ForAnyValue:StringLike": {"s3:list": ["B*", "b*"]}"#, true, keys: many),
        row(
            "any of an empty list", #""ForAnyValue:StringEquals": {"s3:list": ["a"]}"#, false,
            keys: [ContextKey("s3:list", [])]),
    ]
}
