// SPDX-License-Identifier: Apache-2.0
// The policy table, and the two laws that hold for all policies.

import Basics
import IdentityAccess
import Testing

/// All rows; each file of the table adds some.
enum PolicyTable {
    static let all =
        actions + resources + variables + strings + typed + arns + sets + operators + operatorSets
        + callers + tagged + sources + unresolved + sameAccount + notPrincipals + crossAccount
        + acrossAccounts + services + limits
}

@Suite struct PolicyTableTests {
    @Test(arguments: PolicyTable.all) func decides(_ row: PolicyCase) throws {
        let decision = try row.decide()
        #expect(decision.reason == row.expected)
        if let statement = row.statement { #expect(decision.statement?.sid == statement) }
        if let missing = row.missing { #expect(decision.missing == missing) }
    }

    /// Every operator of the IAM user guide, "Condition operators".
    private static let operators = [
        "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
        "StringLike", "StringNotLike", "NumericEquals", "NumericNotEquals", "NumericLessThan",
        "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals",
        "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
        "DateGreaterThanEquals", "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals",
        "ArnNotEquals", "ArnLike", "ArnNotLike",
    ]

    @Test(arguments: operators) func theTableHoldsEveryFormOfAnOperator(_ name: String) {
        let written = PolicyTable.all.flatMap(\.identity).map(\.text)
        for form in [
            name, "\(name)IfExists", "ForAllValues:\(name)", "ForAllValues:\(name)IfExists",
            "ForAnyValue:\(name)", "ForAnyValue:\(name)IfExists",
        ] {
            #expect(written.contains { $0.contains("\"\(form)\"") }, "\(form)")
        }
    }

    @Test func theTableIsLargeAndItsRowsDiffer() {
        #expect(PolicyTable.all.count >= 500)
        #expect(PolicyTable.all.contains { $0.expected == .implicitDeny(.session) })
        #expect(Set(PolicyTable.all.map { "\($0)" }).count == PolicyTable.all.count)
    }

    @Test(arguments: PolicyTable.all) func addingADenyNeverAllows(_ row: PolicyCase) throws {
        guard try !row.decide().isAllowed else { return }
        for changed in Self.additions("Deny", seed: 1, to: row) {
            #expect(try !changed.decide().isAllowed)
        }
    }

    @Test(arguments: PolicyTable.all) func addingAnAllowNeverDenies(_ row: PolicyCase) throws {
        guard try row.decide().isAllowed else { return }
        for changed in Self.additions("Allow", seed: 2, to: row) {
            #expect(try changed.decide().isAllowed)
        }
    }

    /// The row with a further statement, once on the identity's side and once on the resource's.
    private static func additions(_ effect: String, seed: UInt64, to row: PolicyCase)
        -> [PolicyCase]
    {
        additions(effect, seed: seed).flatMap { statement in
            var ours = row
            ours.identity.append(statement)
            var theirs = row
            var named = statement
            named.text = named.text.replacingLast("}", with: ", \"Principal\": \"*\"}")
            theirs.resourcePolicy = (row.resourcePolicy ?? []) + [named]
            return [ours, theirs]
        }
    }

    /// Statements drawn from a seed.
    private static func additions(_ effect: String, seed: UInt64) -> [Statement] {
        let entropy = SeededEntropy(seed: seed)
        let actions = [
            "*", "sqs:*", "sqs:SendMessage", "!sqs:SendMessage", "sns:*", "sqs:*Message",
        ]
        let resources = ["*", Given.queue, "!\(Given.queue)", "arn:aws:sqs:*:*:o*", "arn:aws:sns"]
        let conditions: [String?] = [
            nil, #"{"Bool": {"aws:SecureTransport": "true"}}"#,
            #"{"StringNotLike": {"aws:username": "a*"}}"#, #"{"Null": {"aws:SourceArn": "true"}}"#,
        ]
        func pick<Value>(_ values: [Value]) -> Value {
            values[Int(entropy.below(UInt64(values.count)))]
        }
        return (0..<6).map { _ in
            Statement(effect, pick(actions), on: pick(resources), if: pick(conditions))
        }
    }
}

extension String {
    fileprivate func replacingLast(_ suffix: String, with other: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) + other : self
    }
}
