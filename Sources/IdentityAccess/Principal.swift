// SPDX-License-Identifier: Apache-2.0
// Who makes a request. What that principal may do is the evaluator's business; where its
// credentials are kept is IAM's and STS's.

package import Basics

/// The identity behind one request.
package enum Principal: Hashable, Sendable {
    /// The account itself, which no identity policy limits.
    case root(AccountID)
    case user(UserPrincipal)
    case role(RoleSession)
    /// An AWS service acting for itself, such as `sns.amazonaws.com`.
    case service(String)
    /// A request without credentials.
    case anonymous
}

/// An IAM user.
package struct UserPrincipal: Hashable, Sendable {
    package let account: AccountID
    /// Begins and ends with a slash.
    package let path: String
    package let name: String
    /// Unique id, `AIDA…`.
    package let id: String

    package init(account: AccountID, path: String = "/", name: String, id: String) {
        self.account = account
        self.path = path
        self.name = name
        self.id = id
    }

    package var arn: String { "arn:aws:iam::\(account):user\(path)\(name)" }
}

/// A session of an assumed role.
package struct RoleSession: Hashable, Sendable {
    package let account: AccountID
    /// Path of the role; begins and ends with a slash.
    package let rolePath: String
    package let roleName: String
    /// Unique id of the role, `AROA…`.
    package let roleID: String
    package let sessionName: String
    /// When the credentials were issued, in the world's time; `nil` for internal calls.
    package let issuedAt: Timestamp?
    /// The access key the session acts with, by which its session policies are found; `nil` for
    /// internal calls, which have none.
    package let accessKeyID: String?
    /// The function whose environment the session's credentials were made for.
    package var sourceFunctionARN: String?

    package init(
        account: AccountID, rolePath: String = "/", roleName: String, roleID: String,
        sessionName: String, issuedAt: Timestamp? = nil, accessKeyID: String? = nil,
        sourceFunctionARN: String? = nil
    ) {
        self.account = account
        self.rolePath = rolePath
        self.roleName = roleName
        self.roleID = roleID
        self.sessionName = sessionName
        self.issuedAt = issuedAt
        self.accessKeyID = accessKeyID
        self.sourceFunctionARN = sourceFunctionARN
    }

    /// The session's ARN, which leaves out the role's path.
    package var arn: String { "arn:aws:sts::\(account):assumed-role/\(roleName)/\(sessionName)" }

    /// The role's ARN, path included.
    package var roleARN: String { "arn:aws:iam::\(account):role\(rolePath)\(roleName)" }
}

extension Principal {
    /// The account the principal belongs to; services and anonymous callers have none.
    package var account: AccountID? {
        switch self {
        case .root(let account): account
        case .user(let user): user.account
        case .role(let session): session.account
        case .service, .anonymous: nil
        }
    }

    /// The ARN that `GetCallerIdentity` answers and denial messages name.
    ///
    /// A service is named by its host name, an anonymous caller `anonymous`.
    package var arn: String {
        switch self {
        case .root(let account): "arn:aws:iam::\(account):root"
        case .user(let user): user.arn
        case .role(let session): session.arn
        case .service(let name): name
        case .anonymous: "anonymous"
        }
    }

    /// The value of `aws:PrincipalArn`: a session is seen as its role.
    package var policyARN: String? {
        switch self {
        case .root, .user: arn
        case .role(let session): session.roleARN
        case .service, .anonymous: nil
        }
    }

    /// The value of `aws:userid`.
    package var userID: String {
        switch self {
        case .root(let account): account.description
        case .user(let user): user.id
        case .role(let session): "\(session.roleID):\(session.sessionName)"
        case .service(let name): name
        case .anonymous: "anonymous"
        }
    }

    /// The value of `aws:PrincipalType`.
    package var type: String {
        switch self {
        case .root: "Account"
        case .user: "User"
        case .role: "AssumedRole"
        case .service: "Service"
        case .anonymous: "Anonymous"
        }
    }
}
