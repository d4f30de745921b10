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

    /// How closely the statement covers `principal`; `NotPrincipal` knows only `everyone`.
    func cover(of principal: Principal, effect: Effect) -> PrincipalCover {
        guard isNegated else {
            return entries.map { Self.cover(of: principal, by: $0) }.max() ?? .none
        }
        // Whoever is to escape a Deny must be listed with each of its names, its account
        // included; an Allow excludes whoever is listed by any of them.
        let names = Self.names(of: principal)
        let isExcluded =
            effect == .deny
            ? names.allSatisfy { name in entries.contains { $0 == name } }
            : entries.contains { Self.cover(of: principal, by: $0) != .none }
        return isExcluded || entries.contains(.everyone) ? .none : .everyone
    }

    private static func cover(of principal: Principal, by entry: Entry) -> PrincipalCover {
        switch (entry, principal) {
        case (.everyone, _): .everyone
        case (.account(let account), .root(let own)): account == own ? .exact : .none
        case (.account(let account), _): account == principal.account ? .account : .none
        case (.arn(let arn), .user(let user)): arn == user.arn ? .exact : .none
        case (.arn(let arn), .role(let session)):
            arn == session.arn ? .exact : arn == session.roleARN ? .role : .none
        case (.uniqueID(let id), .user(let user)): id == user.id ? .exact : .none
        case (.uniqueID(let id), .role(let session)): id == session.roleID ? .role : .none
        case (.service(let name), .service(let own)): name == own ? .exact : .none
        default: .none
        }
    }

    /// All the names a statement can know the principal by.
    private static func names(of principal: Principal) -> [Entry] {
        switch principal {
        case .root(let account): [.account(account)]
        case .user(let user): [.arn(user.arn), .account(user.account)]
        case .role(let session):
            [.arn(session.arn), .arn(session.roleARN), .account(session.account)]
        case .service(let name): [.service(name)]
        case .anonymous: [.everyone]
        }
    }
}
