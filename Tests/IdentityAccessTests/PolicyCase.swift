// SPDX-License-Identifier: Apache-2.0
// One row of the policy table: who asks for what under which policies, and what must come of it.

import Basics
import IdentityAccess

/// Principals and resources that the rows share.
enum Given {
    static let other = AccountID("222222222222") ?? .local
    static let now = Timestamp(seconds: 1_780_000_000)  // 2026-05-28T20:26:40Z
    static let queue = "arn:aws:sqs:us-east-1:000000000000:orders"
    static let ann = Principal.user(
        UserPrincipal(account: .local, path: "/team/", name: "ann", id: "AIDAANN0000000000000"))
    static let foreigner = Principal.user(
        UserPrincipal(account: other, name: "eve", id: "AIDAEVE0000000000000"))
    static let worker = Principal.role(
        RoleSession(
            account: .local, rolePath: "/svc/", roleName: "worker",
            roleID: "AROAWORKER0000000000", sessionName: "s1", issuedAt: now))
    static let sns = Principal.service("sns.amazonaws.com")
    static let annARN = "arn:aws:iam::000000000000:user/team/ann"
    static let roleARN = "arn:aws:iam::000000000000:role/svc/worker"
    static let sessionARN = "arn:aws:sts::000000000000:assumed-role/worker/s1"
}

/// A statement as JSON text.
struct Statement: Sendable {
    var text: String

    init(
        _ effect: String, _ action: String = "sqs:*", on resource: String = "*",
        to principal: String? = nil, if condition: String? = nil, sid: String? = nil
    ) {
        var members = ["\"Effect\": \"\(effect)\""]
        members.append(Self.element("Action", action))
        members.append(Self.element("Resource", resource))
        if let principal { members.append(Self.element("Principal", principal)) }
        if let condition { members.append("\"Condition\": \(condition)") }
        if let sid { members.append("\"Sid\": \"\(sid)\"") }
        text = "{" + members.joined(separator: ", ") + "}"
    }

    /// `!` before a value negates the element; JSON is taken as it is.
    private static func element(_ name: String, _ value: String) -> String {
        let isNegated = value.hasPrefix("!")
        let rest = isNegated ? String(value.dropFirst()) : value
        let json = rest.hasPrefix("[") || rest.hasPrefix("{") ? rest : "\"\(rest)\""
        return "\"\(isNegated ? "Not" : "")\(name)\": \(json)"
    }
}

/// A policy document of the current version.
func document(_ statements: [Statement], version: String = "2012-10-17") -> String {
    "{\"Version\": \"\(version)\", \"Statement\": ["
        + statements.map(\.text).joined(separator: ", ") + "]}"
}

/// A row of the table.
struct PolicyCase: Sendable, CustomStringConvertible {
    var description: String
    var principal = Given.ann
    var action = "sqs:SendMessage"
    var resource = Given.queue
    var identity: [Statement] = []
    var resourcePolicy: [Statement]?
    var boundary: [Statement]?
    var session: [Statement]?
    var keys: [ContextKey] = []
    /// Of the caller.
    var tags: [AccessTag] = []
    var resourceTags: [AccessTag] = []
    var address = "192.0.2.7"
    var rule = ResourcePolicyRule.optional
    var version = "2012-10-17"
    var expected: Decision.Reason
    /// The `Sid` of the statement that must have decided, where the row names one.
    var statement: String?
    /// All that would have had to allow, where it is more than the reason names.
    var missing: [PolicyKind]?

    init(
        _ description: String, as principal: Principal = Given.ann,
        _ identity: [Statement] = [], does action: String = "sqs:SendMessage",
        on resource: String = Given.queue, resourcePolicy: [Statement]? = nil,
        boundary: [Statement]? = nil, session: [Statement]? = nil, keys: [ContextKey] = [],
        tags: [AccessTag] = [], resourceTags: [AccessTag] = [], from address: String = "192.0.2.7",
        rule: ResourcePolicyRule = .optional, version: String = "2012-10-17",
        is expected: Decision.Reason, by statement: String? = nil, missing: [PolicyKind]? = nil
    ) {
        self.description = description
        self.principal = principal
        self.identity = identity
        self.action = action
        self.resource = resource
        self.resourcePolicy = resourcePolicy
        self.boundary = boundary
        self.session = session
        self.keys = keys
        self.tags = tags
        self.resourceTags = resourceTags
        self.address = address
        self.rule = rule
        self.version = version
        self.expected = expected
        self.statement = statement
        self.missing = missing
    }

    var request: AuthorizationRequest {
        var context = RequestContext(
            now: Given.now, sourceAddress: address, isSecureTransport: true,
            requestedRegion: "us-east-1", userAgent: "Boto3/1.43", keys: keys)
        context.resourceTags = resourceTags
        return AuthorizationRequest(
            principal: principal, action: action, resource: resource, context: context,
            resourcePolicyRule: rule)
    }

    func decide() throws -> Decision {
        func named(
            _ statements: [Statement], _ usage: PolicyDocument.Usage
        ) throws -> NamedPolicy {
            NamedPolicy(
                name: "\(usage)",
                document: try PolicyDocument.parse(
                    document(statements, version: version), as: usage))
        }
        let policies = EffectivePolicies(
            identity: identity.isEmpty ? [] : [try named(identity, .identity)],
            boundary: try boundary.map { try named($0, .identity) },
            session: try session.map { [try named($0, .session)] }, tags: tags)
        return Evaluator.decide(
            request, policies: policies,
            resourcePolicy: try resourcePolicy.map { try named($0, .resource) })
    }
}
