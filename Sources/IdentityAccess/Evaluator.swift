// SPDX-License-Identifier: Apache-2.0
// The one authorizer: AWS's policy evaluation logic over compiled policies. Pure and synchronous;
// finding the policies of a principal is the caller's business.

import Basics

/// AWS's policy evaluation.
package enum Evaluator {
    /// Judges a request.
    ///
    /// An explicit deny in any policy wins. Else an allow is needed: from the principal's side
    /// (identity policies, within boundary and session policies) or the resource's within one
    /// account, from both across accounts.
    package static func decide(
        _ request: AuthorizationRequest, policies: EffectivePolicies,
        resourcePolicy: NamedPolicy? = nil
    ) -> Decision {
        let isRoot = if case .root = request.principal { true } else { false }
        if isRoot, resourcePolicy == nil, request.resourcePolicyRule == .optional,
            request.resourceAccount == nil || request.resourceAccount == request.principal.account
        {
            return Decision(reason: .accountRoot, statement: nil)
        }
        let scan = PolicyScan(request: request)
        let resource = resourcePolicy.map { scan.verdict(of: [$0], kind: .resource) } ?? Verdict()
        let identity =
            isRoot
            ? Verdict(grantsAll: true) : scan.verdict(of: policies.identity, kind: .identity)
        let boundary = policies.boundary.map { scan.verdict(of: [$0], kind: .boundary) }
        let session = policies.session.map { scan.verdict(of: $0, kind: .session) }
        for verdict in [identity, resource, boundary, session] {
            if let deny = verdict?.deny {
                return Decision(reason: .explicitDeny(deny.kind), statement: deny)
            }
        }
        var limit: PolicyKind?
        if let session, !session.grants { limit = .session }
        if let boundary, !boundary.grants { limit = .boundary }
        let own = Side(verdict: identity, limit: limit)
        return combine(request, own: own, resource: resource)
    }

    /// The principal's side: its identity policies and what limits them.
    private struct Side {
        let verdict: Verdict
        /// Boundary or session policies, where they do not allow.
        let limit: PolicyKind?

        /// What is missing for the principal's side to allow; `nil` when it allows.
        var missing: PolicyKind? { verdict.grants ? limit : .identity }

        func allowed() -> Decision {
            Decision(
                reason: verdict.grantsAll ? .accountRoot : .allow(.identity),
                statement: verdict.allow)
        }
    }

    private static func combine(
        _ request: AuthorizationRequest, own: Side, resource: Verdict
    ) -> Decision {
        let byResource = Decision(reason: .allow(.resource), statement: resource.allow)
        let refusedByResource = Decision(reason: .implicitDeny(.resource), statement: nil)
        guard let account = request.principal.account else {
            // Services and anonymous callers have no policies of their own.
            return resource.grants ? byResource : refusedByResource
        }
        if account == request.resourceAccount || request.resourceAccount == nil {
            switch resource.cover {
            case .exact: return byResource
            case .everyone where own.limit == nil, .role where own.limit == nil:
                return byResource
            case .none where request.resourcePolicyRule == .required: return refusedByResource
            default: break
            }
            if let missing = own.missing {
                let isLimited = own.limit != nil && resource.cover >= .everyone
                let kind = isLimited ? own.limit ?? missing : missing
                return Decision(reason: .implicitDeny(kind), statement: nil)
            }
            return request.resourcePolicyRule == .required ? byResource : own.allowed()
        }
        if let missing = own.missing {
            return Decision(reason: .implicitDeny(missing), statement: nil)
        }
        return resource.grants ? byResource : refusedByResource
    }
}

/// What the policies of one kind say.
struct Verdict {
    var deny: StatementReference?
    var allow: StatementReference?
    /// How closely the allowing statements of a resource policy name the caller.
    var cover: PrincipalCover = .none
    /// Set for account roots, whom no identity policy limits.
    var grantsAll = false

    var grants: Bool { grantsAll || allow != nil }
}

/// One pass over policies with the request's bytes prepared.
struct PolicyScan {
    let request: AuthorizationRequest
    let action: [UInt8]
    let resource: ARNParts

    init(request: AuthorizationRequest) {
        self.request = request
        action = Array(request.action.lowercased().utf8)
        resource = ARNParts(request.resource)
    }

    /// Looks for the first deny and the closest allow.
    func verdict(of policies: [NamedPolicy], kind: PolicyKind) -> Verdict {
        var verdict = Verdict()
        for policy in policies {
            for (index, statement) in policy.document.statements.enumerated() {
                // Where an allow is known, only a closer one or a deny can change anything.
                let cover = cover(of: statement)
                let isNews =
                    statement.effect == .deny || verdict.allow == nil || cover > verdict.cover
                guard cover != .none, isNews, applies(statement) else { continue }
                let reference = StatementReference(
                    kind: kind, policy: policy.name, sid: statement.sid, index: index)
                if statement.effect == .deny {
                    verdict.deny = reference
                    return verdict
                }
                verdict.allow = reference
                verdict.cover = cover
            }
        }
        return verdict
    }

    private func cover(of statement: PolicyStatement) -> PrincipalCover {
        guard let principals = statement.principals else { return .exact }
        return principals.cover(of: request.principal, effect: statement.effect)
    }

    private func applies(_ statement: PolicyStatement) -> Bool {
        statement.actions.matches(action)
            && statement.resources.matches(resource, variable: request.singleValue)
            && statement.conditions.allSatisfy { $0.holds(for: request) }
    }
}
