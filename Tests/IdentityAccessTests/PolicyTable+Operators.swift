// SPDX-License-Identifier: Apache-2.0
// Every condition operator in every form: alone, `IfExists`, over all and over any value.

import Basics
import IdentityAccess

/// What one operator makes of the values `ours` and `other` of a request, given `policy`.
private struct OperatorFacts {
    let name: String
    /// The value in the policy.
    let policy: String
    /// A value of the request under which the condition holds.
    let holds: String
    /// One under which it does not.
    let fails: String
    /// Whether a request without the key passes.
    let passesAbsent: Bool

    init(
        _ name: String, _ policy: String, holds: String, fails: String, absent: Bool = false
    ) {
        self.name = name
        self.policy = policy
        self.holds = holds
        self.fails = fails
        passesAbsent = absent
    }
}

private let facts = [
    OperatorFacts("StringEquals", "blue", holds: "blue", fails: "Blue"),
    OperatorFacts("StringNotEquals", "blue", holds: "Blue", fails: "blue", absent: true),
    OperatorFacts("StringEqualsIgnoreCase", "bLUe", holds: "Blue", fails: "blues"),
    OperatorFacts("StringNotEqualsIgnoreCase", "bLUe", holds: "red", fails: "Blue", absent: true),
    OperatorFacts("StringLike", "bl?e*", holds: "bluefish", fails: "ble"),
    OperatorFacts("StringNotLike", "bl?e*", holds: "ble", fails: "bluefish", absent: true),
    OperatorFacts("NumericEquals", "10", holds: "10.0", fails: "10.5"),
    OperatorFacts("NumericNotEquals", "10", holds: "11", fails: "1e1", absent: true),
    OperatorFacts("NumericLessThan", "10", holds: "-3", fails: "10"),
    OperatorFacts("NumericLessThanEquals", "10", holds: "10", fails: "10.01"),
    OperatorFacts("NumericGreaterThan", "10", holds: "10.01", fails: "10"),
    OperatorFacts("NumericGreaterThanEquals", "10", holds: "10", fails: "9.99"),
    OperatorFacts(
        "DateEquals", "2026-05-28T20:26:40Z", holds: "2026-05-28T22:26:40+02:00",
        fails: "2026-05-28T20:26:41Z"),
    OperatorFacts(
        "DateNotEquals", "1780000000", holds: "2026-05-28T20:26:41Z",
        fails: "2026-05-28T20:26:40Z", absent: true),
    OperatorFacts("DateLessThan", "2026-05-28", holds: "2026-05-27T23:59:59Z", fails: "2026-05-28"),
    OperatorFacts("DateLessThanEquals", "2026-05-28", holds: "2026-05-28", fails: "2027"),
    OperatorFacts("DateGreaterThan", "2026-05-28", holds: "1780000000", fails: "2026-05-28"),
    OperatorFacts("DateGreaterThanEquals", "2026-05-28", holds: "2026-05-28", fails: "2026-05"),
    OperatorFacts("Bool", "true", holds: "True", fails: "false"),
    OperatorFacts("BinaryEquals", "AQID", holds: "AQID", fails: "AQIE"),
    OperatorFacts("IpAddress", "203.0.113.0/24", holds: "203.0.113.9", fails: "203.0.114.9"),
    OperatorFacts(
        "NotIpAddress", "2001:db8::/32", holds: "203.0.113.9", fails: "2001:db8::1", absent: true),
    OperatorFacts(
        "ArnEquals", "arn:aws:sns:*:222222222222:t?p*",
        holds: "arn:aws:sns:eu-west-1:222222222222:topic",
        fails: "arn:aws:sns:eu-west-1:x:222222222222:topic"),
    OperatorFacts(
        "ArnNotEquals", "arn:aws:sns:*:222222222222:topic",
        holds: "arn:aws:sns:eu-west-1:000000000000:topic",
        fails: "arn:aws:sns:eu-west-1:222222222222:topic", absent: true),
    OperatorFacts(
        "ArnLike", "arn:aws:sns:*:*:topic", holds: "arn:aws:sns:eu-west-1:222222222222:topic",
        fails: "arn:aws:sns:eu-west-1:222222222222:topics"),
    OperatorFacts(
        "ArnNotLike", "arn:aws:sns:*:*:topic",
        holds: "arn:aws:sqs:eu-west-1:222222222222:topic",
        fails: "arn:aws:sns:eu-west-1:222222222222:topic", absent: true),
]

extension PolicyTable {
    private static func row(
        _ form: String, _ policy: String, given values: [String]?, _ passes: Bool
    ) -> PolicyCase {
        PolicyCase(
            "\(form) \(policy), given \(values.map { "\($0)" } ?? "nothing")",
            [Statement("Allow", if: #"{"\#(form)": {"s3:k": "\#(policy)"}}"#, sid: "Only")],
            keys: values.map { [ContextKey("s3:k", $0)] } ?? [],
            is: passes ? .allow(.identity) : .implicitDeny(.identity), by: passes ? "Only" : nil)
    }

    /// Each operator alone and with `IfExists`, on one value, on a value that is no value of its
    /// kind, and on none.
    static let operators: [PolicyCase] = facts.flatMap { fact in
        let optional = "\(fact.name)IfExists"
        return [
            row(fact.name, fact.policy, given: [fact.holds], true),
            row(fact.name, fact.policy, given: [fact.fails], false),
            row(fact.name, fact.policy, given: ["~"], fact.passesAbsent),
            row(fact.name, fact.policy, given: nil, fact.passesAbsent),
            row(optional, fact.policy, given: [fact.holds], true),
            row(optional, fact.policy, given: [fact.fails], false),
            row(optional, fact.policy, given: nil, true),
        ]
    }

    /// Each operator over several values of a request.
    static let operatorSets: [PolicyCase] = facts.flatMap { fact in
        let both = [fact.holds, fact.fails]
        let all = "ForAllValues:\(fact.name)"
        let any = "ForAnyValue:\(fact.name)"
        return [
            row(all, fact.policy, given: [fact.holds, fact.holds], true),
            row(all, fact.policy, given: both, false),
            row(all, fact.policy, given: nil, true),
            row("\(all)IfExists", fact.policy, given: both, false),
            row("\(all)IfExists", fact.policy, given: nil, true),
            row(any, fact.policy, given: both, true),
            row(any, fact.policy, given: [fact.fails, fact.fails], false),
            row(any, fact.policy, given: nil, false),
            row("\(any)IfExists", fact.policy, given: [fact.fails], false),
            row("\(any)IfExists", fact.policy, given: nil, true),
        ]
    }
}
