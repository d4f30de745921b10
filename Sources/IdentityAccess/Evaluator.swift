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
        let scan = PolicyScan(
            request: request, policies: policies, hasResourcePolicy: resourcePolicy != nil)
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
        var limits: [PolicyKind] = []
        if let boundary, !boundary.grants { limits.append(.boundary) }
        if let session, !session.grants { limits.append(.session) }
        let own = Side(verdict: identity, limits: limits)
        return combine(request, own: own, resource: resource)
    }

    /// The principal's side: its identity policies and what limits them.
    private struct Side {
        let verdict: Verdict
        /// Boundary and session policies, where they do not allow.
        let limits: [PolicyKind]

        /// What is missing for the principal's side to allow.
        var missing: [PolicyKind] { verdict.grants ? limits : [.identity] + limits }

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
        guard let account = request.principal.account else {
            // Services and anonymous callers have no policies of their own.
            return resource.grants ? byResource : .denied(missing: [.resource])
        }
        let isOwn = account == request.resourceAccount || request.resourceAccount == nil
        guard isOwn else {
            let missing = own.missing + (resource.grants ? [] : [.resource])
            return missing.isEmpty ? byResource : .denied(missing: missing)
        }
        switch resource.cover {
        case .exact: return byResource
        case .everyone where own.limits.isEmpty, .role where own.limits.isEmpty:
            return byResource
        case .everyone, .role:
            // The grant stands in for identity policies, but does not reach past their limits.
            return .denied(missing: own.limits)
        case .account, .none: break
        }
        let mustGrant = request.resourcePolicyRule == .required
        if mustGrant, resource.cover == .none {
            return .denied(missing: [.resource] + own.missing)
        }
        guard own.missing.isEmpty else { return .denied(missing: own.missing) }
        return mustGrant ? byResource : own.allowed()
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

/// One pass over policies with what all statements ask for prepared.
///
/// A class: as a value its dozen texts would be retained anew for every look at a policy.
final class PolicyScan {
    let facts: RequestFacts
    /// Set where a policy may name principals.
    let caller: Caller?
    let action: [UInt8]
    let resource: ARNParts

    init(request: AuthorizationRequest, policies: EffectivePolicies, hasResourcePolicy: Bool) {
        facts = RequestFacts(request: request, principalTags: policies.tags)
        caller =
            hasResourcePolicy
            ? Caller(request.principal, isBounded: policies.boundary != nil) : nil
        action = request.action.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
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
        return caller.map { principals.cover(of: $0, effect: statement.effect) } ?? .none
    }

    private func applies(_ statement: PolicyStatement) -> Bool {
        statement.actions.matches(action)
            && statement.resources.matches(resource, variable: { facts.substitute(for: $0) })
            && statement.conditions.allSatisfy { $0.holds(for: facts) }
    }
}
