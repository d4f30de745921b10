// SPDX-License-Identifier: Apache-2.0
// Rows about `NotPrincipal`, and about requests from one account to another, where both sides
// must allow ("Cross-account policy evaluation logic").

import Basics
import IdentityAccess

extension PolicyTable {
    private static func aws(_ texts: String...) -> String {
        "{\"AWS\": [" + texts.map { "\"\($0)\"" }.joined(separator: ", ") + "]}"
    }

    private static let foreignRole = "arn:aws:iam::222222222222:role/remote"
    private static let foreignSession = "arn:aws:sts::222222222222:assumed-role/remote/s2"
    private static let remote = Principal.role(
        RoleSession(
            account: Given.other, roleName: "remote", roleID: "AROAREMOTE0000000000",
            sessionName: "s2", issuedAt: Given.now))
    private static let eve = "arn:aws:iam::222222222222:user/eve"

    static let notPrincipals: [PolicyCase] = {
        func denyAllBut(_ principals: String) -> [Statement] {
            [Statement("Deny", to: "!\(principals)", sid: "Others")]
        }
        func row(
            _ name: String, as principal: Principal, _ policy: [Statement],
            boundary: [Statement]? = nil, denied: Bool
        ) -> PolicyCase {
            PolicyCase(
                "not principal: \(name)", as: principal, [Statement("Allow", sid: "Own")],
                resourcePolicy: policy, boundary: boundary,
                is: denied ? .explicitDeny(.resource) : .allow(.identity),
                by: denied ? "Others" : "Own")
        }
        let role = denyAllBut(aws(Given.sessionARN, Given.roleARN, "000000000000"))
        return [
            row("session, role and account", as: Given.worker, role, denied: false),
            row("another caller", as: Given.ann, role, denied: true),
            row(
                "role and account, not the session", as: Given.worker,
                denyAllBut(aws(Given.roleARN, "000000000000")), denied: true),
            row(
                "session and account, not the role", as: Given.worker,
                denyAllBut(aws(Given.sessionARN, "000000000000")), denied: true),
            row(
                "role by its unique id", as: Given.worker,
                denyAllBut(aws(Given.sessionARN, "AROAWORKER0000000000", "000000000000")),
                denied: false),
            row(
                "account by its ARN", as: Given.ann,
                denyAllBut(aws(Given.annARN, "arn:aws:iam::000000000000:root")), denied: false),
            row(
                "account alone", as: Given.ann, denyAllBut(aws("000000000000")), denied: true),
            row("everyone", as: Given.ann, denyAllBut(aws("*")), denied: false),
            row(
                "a caller under a boundary is denied, listed or not", as: Given.ann,
                denyAllBut(aws(Given.annARN, "000000000000")), boundary: [Statement("Allow")],
                denied: true),
            PolicyCase(
                "not principal: the account's root", as: .root(.local),
                resourcePolicy: denyAllBut(aws("000000000000")), is: .accountRoot),
            PolicyCase(
                "not principal: another account's root", as: .root(Given.other),
                resourcePolicy: denyAllBut(aws("000000000000")), is: .explicitDeny(.resource)),
            PolicyCase(
                "not principal: a service", as: Given.sns,
                resourcePolicy: [Statement("Allow", to: "*", sid: "All")]
                    + denyAllBut(#"{"Service": "sns.amazonaws.com"}"#),
                is: .allow(.resource), by: "All"),
            PolicyCase(
                "not principal: another service", as: Given.sns,
                resourcePolicy: [Statement("Allow", to: "*")]
                    + denyAllBut(#"{"Service": "events.amazonaws.com"}"#),
                is: .explicitDeny(.resource)),
            PolicyCase(
                "not principal: anonymous", as: .anonymous,
                resourcePolicy: [Statement("Allow", to: "*")] + denyAllBut(aws("000000000000")),
                is: .explicitDeny(.resource)),
            PolicyCase(
                "not principal: allow to all but the account, from within", as: Given.ann,
                resourcePolicy: [Statement("Allow", to: "!\(aws("000000000000"))")],
                is: .implicitDeny(.identity)),
            PolicyCase(
                "not principal: allow to all but another account", as: Given.ann,
                resourcePolicy: [Statement("Allow", to: "!\(aws("222222222222"))")],
                is: .allow(.resource)),
        ]
    }()

    static let acrossAccounts: [PolicyCase] = {
        let yes = [Statement("Allow", sid: "Own")]
        func admit(_ principals: String...) -> [Statement] {
            principals.map { Statement("Allow", to: aws($0), sid: "Admit") }
        }
        func row(
            _ name: String, as principal: Principal = remote, own identity: [Statement] = yes,
            _ policy: [Statement]?, boundary: [Statement]? = nil, session: [Statement]? = nil,
            rule: ResourcePolicyRule = .optional, is expected: Decision.Reason,
            by statement: String? = nil, missing: [PolicyKind]? = nil
        ) -> PolicyCase {
            PolicyCase(
                "across accounts: \(name)", as: principal, identity, resourcePolicy: policy,
                boundary: boundary, session: session, rule: rule, is: expected, by: statement,
                missing: missing)
        }
        let allowed = Decision.Reason.allow(.resource)
        return [
            row("role named", admit(foreignRole), is: allowed, by: "Admit"),
            row("session named", admit(foreignSession), is: allowed, by: "Admit"),
            row("role's account named", admit("222222222222"), is: allowed),
            row("root of the account named", admit("arn:aws:iam::222222222222:root"), is: allowed),
            row("role's unique id named", admit("AROAREMOTE0000000000"), is: allowed),
            row("another role named", admit(Given.roleARN), is: .implicitDeny(.resource)),
            row(
                "another session named",
                admit("arn:aws:sts::222222222222:assumed-role/remote/s3"),
                is: .implicitDeny(.resource)),
            row(
                "federated user named",
                admit("arn:aws:sts::222222222222:federated-user/eve"),
                is: .implicitDeny(.resource)),
            row(
                "no policy on either side", own: [], nil, is: .implicitDeny(.identity),
                missing: [.identity, .resource]),
            row("own side only", nil, is: .implicitDeny(.resource), missing: [.resource]),
            row(
                "other side only", own: [], admit(foreignRole), is: .implicitDeny(.identity),
                missing: [.identity]),
            row(
                "naming the session does not stand in for the own side", own: [],
                admit(foreignSession), is: .implicitDeny(.identity), missing: [.identity]),
            row(
                "naming the user does not either", as: Given.foreigner, own: [], admit(eve),
                is: .implicitDeny(.identity)),
            row(
                "other action on the own side", own: [Statement("Allow", "sqs:ReceiveMessage")],
                admit(foreignRole), is: .implicitDeny(.identity)),
            row(
                "other action on the other side",
                [Statement("Allow", "sqs:ReceiveMessage", to: aws(foreignRole))],
                is: .implicitDeny(.resource)),
            row(
                "own side denies", own: yes + [Statement("Deny", sid: "No")],
                admit(foreignRole),
                is: .explicitDeny(.identity), by: "No"),
            row(
                "other side denies the account",
                admit(foreignRole) + [Statement("Deny", to: aws("222222222222"), sid: "No")],
                is: .explicitDeny(.resource), by: "No"),
            row(
                "other side denies the session",
                admit("222222222222") + [Statement("Deny", to: aws(foreignSession), sid: "No")],
                is: .explicitDeny(.resource), by: "No"),
            row(
                "other side denies another session",
                admit("222222222222")
                    + [Statement("Deny", to: aws(Given.sessionARN), sid: "No")], is: allowed),
            row(
                "session policy is silent", admit(foreignSession),
                session: [
                    Statement("Allow", "sns:*")
                ], is: .implicitDeny(.session), missing: [.session]),
            row(
                "session policy allows", admit(foreignRole), session: [Statement("Allow")],
                is: allowed),
            row(
                "session policy denies", admit(foreignRole),
                session: [
                    Statement("Allow"), Statement("Deny", sid: "No"),
                ], is: .explicitDeny(.session), by: "No"),
            row(
                "boundary is silent", admit(foreignSession),
                boundary: [
                    Statement("Allow", "sns:*")
                ], is: .implicitDeny(.boundary), missing: [.boundary]),
            row(
                "boundary denies", admit(foreignSession), boundary: [Statement("Deny", sid: "No")],
                is: .explicitDeny(.boundary), by: "No"),
            row(
                "nothing allows anywhere", own: [], nil, boundary: [Statement("Allow", "sns:*")],
                session: [Statement("Allow", "sns:*")], is: .implicitDeny(.identity),
                missing: [.identity, .boundary, .session, .resource]),
            row(
                "boundary and session policy allow", admit(foreignRole),
                boundary: [Statement("Allow")], session: [Statement("Allow")], is: allowed),
            row(
                "root admitted by its account", as: .root(Given.other), own: [],
                admit("222222222222"), is: allowed, by: "Admit"),
            row(
                "root not admitted by another's name", as: .root(Given.other), own: [], admit(eve),
                is: .implicitDeny(.resource)),
            row(
                "root admitted with everyone", as: .root(Given.other), own: [], admit("*"),
                is: allowed),
            row(
                "root denied", as: .root(Given.other), own: [],
                admit("*") + [Statement("Deny", to: aws("222222222222"), sid: "No")],
                is: .explicitDeny(.resource), by: "No"),
            row(
                "condition on the caller's account holds",
                [
                    Statement(
                        "Allow", to: "*",
                        if: #"{"StringEquals": {"aws:PrincipalAccount": "222222222222"}}"#,
                        sid: "Admit")
                ], is: allowed, by: "Admit"),
            row(
                "condition on the caller's account fails",
                [
                    Statement(
                        "Allow", to: "*",
                        if: #"{"StringEquals": {"aws:PrincipalAccount": "333333333333"}}"#)
                ], is: .implicitDeny(.resource)),
            row(
                "condition on the resource's account fails on the own side",
                own: [
                    Statement(
                        "Allow",
                        if: #"{"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}"#
                    )
                ], admit(foreignRole), is: .implicitDeny(.identity)),
            row("trust policy names the role", admit(foreignRole), rule: .required, is: allowed),
            row(
                "trust policy names the role, own side silent", own: [], admit(foreignRole),
                rule: .required, is: .implicitDeny(.identity)),
            row(
                "trust policy names the account", admit("222222222222"), rule: .required,
                is: allowed),
            row(
                "trust policy is silent", admit(Given.roleARN), rule: .required,
                is: .implicitDeny(.resource)),
        ]
    }()
}
