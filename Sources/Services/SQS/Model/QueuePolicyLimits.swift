// SPDX-License-Identifier: Apache-2.0
// How much a queue's policy may hold (SQS Developer Guide, "Quotas related to policies"). What it
// may say is IdentityAccess's business.

import Basics

/// Counts what is limited in a policy.
enum QueuePolicyLimits {
    /// Throws for the first thing there is too much of; malformed text is left to the parser.
    static func check(_ text: String, limits: SQSLimits) throws(AttributeRefusal) {
        guard text.utf8.count <= limits.policyBytesMax else {
            throw .invalidPolicy(
                "Policy is \(text.utf8.count) bytes long, maximum allowed is "
                    + "\(limits.policyBytesMax).")
        }
        guard let document = try? JSONValue(parsing: text), let body = document["Statement"] else {
            return
        }
        let statements = body.arrayValue ?? [body]
        try check(statements.count, "Statements", limits.policyStatementsMax)
        var principals = 0
        var conditions = 0
        for statement in statements {
            for name in ["Action", "NotAction"] {
                try check(count(statement[name]), "Actions", limits.policyActionsMax)
            }
            for name in ["Principal", "NotPrincipal"] { principals += count(statement[name]) }
            for test in statement["Condition"]?.objectValue?.members ?? [] {
                conditions += test.value.objectValue?.count ?? 0
            }
        }
        try check(principals, "Principals", limits.policyPrincipalsMax)
        try check(conditions, "Conditions", limits.policyConditionsMax)
    }

    private static func check(_ count: Int, _ things: String, _ maximum: Int)
        throws(AttributeRefusal)
    {
        guard count <= maximum else {
            throw .overLimit("\(count) \(things) were found, maximum allowed is \(maximum).")
        }
    }

    /// The values of an element that is one value, a list, or an object of either.
    private static func count(_ element: JSONValue?) -> Int {
        switch element {
        case nil: 0
        case .array(let values)?: values.count
        case .object(let object)?: object.members.reduce(0) { $0 + count($1.value) }
        default: 1
        }
    }
}
