// SPDX-License-Identifier: Apache-2.0
// The policies that bear on one principal, compiled and immutable, so that a cache can hand the
// same value to any number of requests.

/// A policy with the name a decision reports.
package struct NamedPolicy: Sendable {
    /// ARN of a managed policy, name of an inline one, or ARN of the resource that carries it.
    package let name: String
    package let document: PolicyDocument

    package init(name: String, document: PolicyDocument) {
        self.name = name
        self.document = document
    }
}

/// Every policy attached to a principal, and what policies may ask about it.
package struct EffectivePolicies: Sendable {
    /// Inline and managed policies of the user or role.
    package var identity: [NamedPolicy]
    package var boundary: NamedPolicy?
    /// `nil` when the session was opened without session policies, which then limit nothing.
    package var session: [NamedPolicy]?
    /// Tags of the user or role: `aws:PrincipalTag/…`.
    package var tags: [AccessTag]

    package init(
        identity: [NamedPolicy] = [], boundary: NamedPolicy? = nil,
        session: [NamedPolicy]? = nil, tags: [AccessTag] = []
    ) {
        self.identity = identity
        self.boundary = boundary
        self.session = session
        self.tags = tags
    }

    /// Whether a decision by these policies needs the tags of the resource.
    package var asksForResourceTags: Bool {
        func asks(_ policy: NamedPolicy) -> Bool { policy.document.asksForResourceTags }
        return identity.contains(where: asks) || boundary.map(asks) ?? false
            || session?.contains(where: asks) ?? false
    }

    /// What account roots, services and anonymous callers have.
    package static let none = EffectivePolicies()
}
