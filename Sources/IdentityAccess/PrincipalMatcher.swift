// SPDX-License-Identifier: Apache-2.0
// `Principal` and `NotPrincipal`. How closely a statement names the caller matters: a grant to an
// account only lets that account's own policies decide.

import Basics

/// How a statement's principals cover the caller, weakest first.
enum PrincipalCover: Int, Comparable, Sendable {
    case none
    /// The caller's account, which delegates to its identity policies.
    case account
    case everyone
    /// The role of the caller's session.
    case role
    /// The caller itself: user, session, root or service.
    case exact

    static func < (left: PrincipalCover, right: PrincipalCover) -> Bool {
        left.rawValue < right.rawValue
    }
}

struct PrincipalMatcher: Sendable {
    enum Entry: Hashable, Sendable {
        case everyone
        case account(AccountID)
        /// ARN of a user, role or session.
        case arn(String)
        case service(String)
        /// Unique id of a user or role, the form stored for principals since deleted.
        case uniqueID(String)
        /// Federated and canonical identities, which nobody has in this world.
        case nobody
    }

    let entries: [Entry]
    let isNegated: Bool

    /// How closely the statement covers a caller; `NotPrincipal` knows only `everyone`.
    func cover(of caller: Caller, effect: Effect) -> PrincipalCover {
        guard isNegated else {
            return entries.map { caller.cover(by: $0) }.max() ?? .none
        }
        let isExcluded =
            effect == .deny
            ? caller.escapes(entries)
            : entries.contains { caller.cover(by: $0) != .none }
        return isExcluded ? .none : .everyone
    }
}

/// A principal with the names that statements may know it by, made once for a decision.
struct Caller: Sendable {
    private let principal: Principal
    /// Of the user or session.
    private let arn: String
    /// Of the session's role.
    private let roleARN: String?
    /// Whether a permissions boundary limits it.
    private let isBounded: Bool

    init(_ principal: Principal, isBounded: Bool) {
        self.principal = principal
        self.isBounded = isBounded
        arn = principal.arn
        if case .role(let session) = principal {
            roleARN = session.roleARN
        } else {
            roleARN = nil
        }
    }

    fileprivate func cover(by entry: PrincipalMatcher.Entry) -> PrincipalCover {
        switch (entry, principal) {
        case (.everyone, _): .everyone
        case (.account(let account), .root(let own)): account == own ? .exact : .none
        case (.account(let account), _): account == principal.account ? .account : .none
        case (.arn(let name), .user): name == arn ? .exact : .none
        case (.arn(let name), .role): name == arn ? .exact : name == roleARN ? .role : .none
        case (.uniqueID(let id), .user(let user)): id == user.id ? .exact : .none
        case (.uniqueID(let id), .role(let session)): id == session.roleID ? .role : .none
        case (.service(let name), .service(let own)): name == own ? .exact : .none
        default: .none
        }
    }

    /// Whether a `Deny` with `NotPrincipal` leaves the caller alone.
    ///
    /// It must be listed by each of its names, its account included, and may have no permissions
    /// boundary: with one it is always denied (IAM user guide, "NotPrincipal").
    fileprivate func escapes(_ entries: [PrincipalMatcher.Entry]) -> Bool {
        guard !isBounded else { return false }
        if entries.contains(.everyone) { return true }
        func lists(_ names: PrincipalMatcher.Entry...) -> Bool {
            entries.contains { names.contains($0) }
        }
        switch principal {
        case .root(let account): return lists(.account(account))
        case .user(let user):
            return lists(.arn(arn), .uniqueID(user.id)) && lists(.account(user.account))
        case .role(let session):
            return lists(.arn(arn)) && lists(.arn(session.roleARN), .uniqueID(session.roleID))
                && lists(.account(session.account))
        case .service(let name): return lists(.service(name))
        case .anonymous: return false
        }
    }
}
