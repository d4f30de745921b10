// SPDX-License-Identifier: Apache-2.0
// What is asked of the evaluator: who, which action, which resource, under which circumstances.

package import Basics

/// One action on one resource by one principal.
package struct AuthorizationRequest: Sendable {
    package var principal: Principal
    /// `service:Operation` in the service's own spelling, such as `sqs:SendMessage`.
    package var action: String
    /// ARN of the resource, or `*` for actions that know none.
    package var resource: String
    /// Account that owns the resource; taken from the ARN unless given.
    package var resourceAccount: AccountID?
    package var context: RequestContext
    /// What the resource's own policy counts for.
    package var resourcePolicyRule: ResourcePolicyRule

    /// A request to judge; the resource's account comes from its ARN unless given.
    package init(
        principal: Principal, action: String, resource: String,
        resourceAccount: AccountID? = nil, context: RequestContext,
        resourcePolicyRule: ResourcePolicyRule = .optional
    ) {
        self.principal = principal
        self.action = action
        self.resource = resource
        self.resourceAccount =
            resourceAccount
            ?? ARN(parsing: resource).flatMap {
                AccountID($0.account)
            }
        self.context = context
        self.resourcePolicyRule = resourcePolicyRule
    }
}

/// What a resource's own policy counts for within one account.
package enum ResourcePolicyRule: Hashable, Sendable {
    /// Identity or resource policy may allow, as for queues and topics.
    case optional
    /// The resource policy must allow as well, as for a role's trust policy.
    case required
}

/// The circumstances that condition keys ask for.
///
/// Keys that follow from the principal or the resource (`aws:PrincipalArn`, `aws:username`,
/// `aws:ResourceAccount` and their kin) are derived and need not be given.
package struct RequestContext: Sendable {
    /// The world's time: `aws:CurrentTime` and `aws:EpochTime`.
    package var now: Timestamp
    /// `aws:SourceIp`, without a port.
    package var sourceAddress: String?
    /// `aws:SecureTransport`.
    package var isSecureTransport: Bool
    /// `aws:RequestedRegion`.
    package var requestedRegion: String?
    /// `aws:UserAgent`.
    package var userAgent: String?
    /// Everything else, service keys included.
    package var keys: [ContextKey]

    package init(
        now: Timestamp, sourceAddress: String? = nil, isSecureTransport: Bool = false,
        requestedRegion: String? = nil, userAgent: String? = nil, keys: [ContextKey] = []
    ) {
        self.now = now
        self.sourceAddress = sourceAddress
        self.isSecureTransport = isSecureTransport
        self.requestedRegion = requestedRegion
        self.userAgent = userAgent
        self.keys = keys
    }
}

/// One condition key of a request with its values.
package struct ContextKey: Hashable, Sendable {
    /// Lower-cased, since condition keys are compared without regard to case.
    package let name: String
    package let values: [String]

    package init(_ name: String, _ values: [String]) {
        self.name = name.lowercased()
        self.values = values
    }

    package init(_ name: String, _ value: String) { self.init(name, [value]) }
}
