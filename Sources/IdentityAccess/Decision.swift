// SPDX-License-Identifier: Apache-2.0
// The outcome of an authorization and what brought it about, for denial messages and the journal.

/// Where a policy is attached.
package enum PolicyKind: Hashable, Sendable {
    case identity
    case resource
    case boundary
    case session
}

/// The statement that decided.
package struct StatementReference: Hashable, Sendable {
    package let kind: PolicyKind
    /// As in `NamedPolicy.name`.
    package let policy: String
    package let sid: String?
    /// Position in the policy's statements, from 0.
    package let index: Int
}

/// Whether a request may go on, and why.
package struct Decision: Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// The account itself acts on its own resource, or on one that admits it.
        case accountRoot
        /// A statement of this kind of policy allows.
        case allow(PolicyKind)
        /// No statement denies, but this kind of policy would have had to allow.
        case implicitDeny(PolicyKind)
        /// A statement of this kind of policy denies.
        case explicitDeny(PolicyKind)
    }

    package let reason: Reason
    /// Set whenever a single statement decided.
    package let statement: StatementReference?
    /// Every kind of policy that would have had to allow and does not; the reason names the first.
    ///
    /// Empty unless the denial is an implicit one.
    package let missing: [PolicyKind]

    init(reason: Reason, statement: StatementReference?) {
        self.reason = reason
        self.statement = statement
        missing = if case .implicitDeny(let kind) = reason { [kind] } else { [] }
    }

    private init(missing: [PolicyKind]) {
        reason = .implicitDeny(missing.first ?? .identity)
        statement = nil
        self.missing = missing
    }

    /// A denial for want of an allow.
    static func denied(missing: [PolicyKind]) -> Decision { Decision(missing: missing) }

    package var isAllowed: Bool {
        switch reason {
        case .accountRoot, .allow: true
        case .implicitDeny, .explicitDeny: false
        }
    }
}

extension Decision {
    /// AWS's words for the refusal of `request`, for the service's access-denied error.
    ///
    /// Meaningful only when the decision is a denial.
    package func denialMessage(for request: AuthorizationRequest) -> String {
        let action = Self.spelling(of: request.action)
        var text =
            "User: \(request.principal.arn) is not authorized to perform: \(action) "
            + "on resource: \(request.resource)"
        switch reason {
        case .accountRoot, .allow: break
        case .implicitDeny(let kind):
            text += " because no \(kind.words) allows the \(action) action"
        case .explicitDeny(let kind):
            text += " with an explicit deny in \(kind.article) \(kind.words)"
        }
        return text
    }

    /// SQS names actions in lower case in these messages; other services keep their spelling.
    private static func spelling(of action: String) -> String {
        action.hasPrefix("sqs:") ? action.lowercased() : action
    }
}

extension PolicyKind {
    fileprivate var words: String {
        switch self {
        case .identity: "identity-based policy"
        case .resource: "resource-based policy"
        case .boundary: "permissions boundary"
        case .session: "session policy"
        }
    }

    fileprivate var article: String { self == .identity ? "an" : "a" }
}
