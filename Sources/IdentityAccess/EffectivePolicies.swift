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

/// Every policy attached to a principal.
package struct EffectivePolicies: Sendable {
    /// Inline and managed policies of the user or role.
    package var identity: [NamedPolicy]
    package var boundary: NamedPolicy?
    /// `nil` when the session was opened without session policies, which then limit nothing.
    package var session: [NamedPolicy]?

    package init(
        identity: [NamedPolicy] = [], boundary: NamedPolicy? = nil, session: [NamedPolicy]? = nil
    ) {
        self.identity = identity
        self.boundary = boundary
        self.session = session
    }

    /// What account roots, services and anonymous callers have.
    package static let none = EffectivePolicies()
}
