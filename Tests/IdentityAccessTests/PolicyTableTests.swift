// SPDX-License-Identifier: Apache-2.0
// The policy table, and the two laws that hold for all policies.

import Basics
import IdentityAccess
import Testing

/// All rows; each file of the table adds some.
enum PolicyTable {
    static let all =
        actions + resources + variables + strings + typed + arns + sets + sameAccount
        + crossAccount + services + limits
}

@Suite struct PolicyTableTests {
    @Test(arguments: PolicyTable.all) func decides(_ row: PolicyCase) throws {
        #expect(try row.decide().reason == row.expected)
    }

    @Test func theTableIsLargeAndItsRowsDiffer() {
        #expect(PolicyTable.all.count >= 150)
        #expect(PolicyTable.all.contains { $0.expected == .implicitDeny(.session) })
    }

    @Test(arguments: PolicyTable.all) func addingADenyNeverAllows(_ row: PolicyCase) throws {
        for deny in Self.additions("Deny", seed: 1) {
            var changed = row
            changed.identity.append(deny)
            if try !row.decide().isAllowed { #expect(try !changed.decide().isAllowed) }
            changed = row
            var statement = deny
            statement.text = statement.text.replacingLast("}", with: ", \"Principal\": \"*\"}")
            changed.resourcePolicy = (row.resourcePolicy ?? []) + [statement]
            if try !row.decide().isAllowed { #expect(try !changed.decide().isAllowed) }
        }
    }

    @Test(arguments: PolicyTable.all) func addingAnAllowNeverDenies(_ row: PolicyCase) throws {
        for allow in Self.additions("Allow", seed: 2) {
            var changed = row
            changed.identity.append(allow)
            if try row.decide().isAllowed { #expect(try changed.decide().isAllowed) }
            changed = row
            var statement = allow
            statement.text = statement.text.replacingLast("}", with: ", \"Principal\": \"*\"}")
            changed.resourcePolicy = (row.resourcePolicy ?? []) + [statement]
            if try row.decide().isAllowed { #expect(try changed.decide().isAllowed) }
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
        return (0..<12).map { _ in
            Statement(effect, pick(actions), on: pick(resources), if: pick(conditions))
        }
    }
}

extension String {
    fileprivate func replacingLast(_ suffix: String, with other: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) + other : self
    }
}
