// SPDX-License-Identifier: Apache-2.0
// A policy document in the form the evaluator works on: patterns split, operators resolved,
// values typed. Reading it from text is `PolicyDocument+Parse`.

/// A parsed and compiled policy, immutable and freely shared.
package struct PolicyDocument: Sendable {
    /// What the policy is put on, which decides the elements it must and must not have.
    package enum Usage: Hashable, Sendable {
        /// An inline policy of a user or role.
        case identity
        /// A customer-managed policy, which AWS holds to the current version.
        case managed
        /// A session policy given to `AssumeRole`.
        case session
        /// The policy of a queue, function or other resource.
        case resource
        /// A role's trust policy.
        case trust
    }

    package let id: String?
    package let statements: [PolicyStatement]
    /// Whether a decision needs the tags of the resource, which only then are looked up.
    package let asksForResourceTags: Bool

    init(id: String?, statements: [PolicyStatement]) {
        self.id = id
        self.statements = statements
        asksForResourceTags = statements.contains { statement in
            statement.keys.contains { key in
                switch key {
                case .resourceTag, .entityTag: true
                default: false
                }
            }
        }
    }

    /// A policy without statements.
    package static let allowingNothing = PolicyDocument(id: nil, statements: [])
}

package enum Effect: Hashable, Sendable {
    case allow
    case deny
}

/// One statement of a policy.
package struct PolicyStatement: Sendable {
    package let sid: String?
    package let effect: Effect
    /// `nil` in policies attached to a principal.
    let principals: PrincipalMatcher?
    let actions: ActionMatcher
    let resources: ResourceMatcher
    let conditions: [PolicyCondition]

    /// The condition keys it asks for, those of policy variables included.
    var keys: [ConditionKey] {
        resources.patterns.flatMap(\.variableKeys)
            + conditions.flatMap { [$0.key] + $0.variableKeys }
    }
}

/// `Action` or `NotAction`.
struct ActionMatcher: Sendable {
    /// Lower-cased, since actions are compared without regard to case.
    let patterns: [WildcardPattern]
    let isNegated: Bool

    func matches(_ lowerCasedAction: [UInt8]) -> Bool {
        patterns.contains { $0.matches(lowerCasedAction) } != isNegated
    }
}

/// `Resource` or `NotResource`.
struct ResourceMatcher: Sendable {
    /// Empty where the policy's place implies the resource, as in a trust policy.
    let patterns: [ARNPattern]
    let isNegated: Bool

    func matches(_ resource: ARNParts, variable: (ConditionKey) -> String?) -> Bool {
        if patterns.isEmpty { return true }
        if !isNegated {
            return patterns.contains { $0.matches(resource, variable: variable) }
        }
        // A variable that cannot be resolved makes the whole statement void (IAM user guide,
        // "Variables and tags"); without this, what it would exclude would be included.
        if patterns.contains(where: { $0.lacksValue(variable) }) { return false }
        return !patterns.contains { $0.matches(resource, variable: variable) }
    }
}
