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
/// `aws:ResourceAccount` and their kin) are derived and are not given.
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
    /// Tags of the resource, for `aws:ResourceTag/…`; needed only where a policy asks for them.
    package var resourceTags: [AccessTag] = []

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

extension ContextKey {
    /// What a service says that acts for a resource: `aws:SourceArn` and `aws:SourceAccount`.
    package static func source(_ arn: ARN) -> [ContextKey] {
        let source = ContextKey("aws:SourceArn", arn.description)
        // An ARN that names no account, a bucket's say, tells none here either.
        return arn.account.isEmpty
            ? [source] : [source, ContextKey("aws:SourceAccount", arn.account)]
    }
}

extension [ContextKey] {
    /// What a request says that sets tags: `aws:RequestTag/…` for each, and `aws:TagKeys`.
    package static func requestTags(_ tags: [AccessTag]) -> [ContextKey] {
        tags.map { ContextKey("aws:RequestTag/\($0.key)", $0.value) } + tagKeys(tags.map(\.key))
    }

    /// The same for tags in no order.
    package static func requestTags(_ tags: [String: String]?) -> [ContextKey] {
        requestTags(.tags(tags))
    }

    /// What a request says that names tags: `aws:TagKeys`, or nothing if it names none.
    package static func tagKeys(_ keys: [String]) -> [ContextKey] {
        keys.isEmpty ? [] : [ContextKey("aws:TagKeys", keys)]
    }
}

/// A tag of a principal, a resource or a request, as conditions see it.
package struct AccessTag: Hashable, Sendable {
    package let key: String
    package let value: String
    /// In lower case: conditions name tags without regard to case.
    let foldedKey: String

    package init(_ key: String, _ value: String) {
        self.key = key
        self.value = value
        foldedKey = key.lowercased()
    }
}

extension [AccessTag] {
    /// Tags sorted by key.
    package static func tags(_ tags: [String: String]?) -> [AccessTag] {
        (tags ?? [:]).sorted { $0.key < $1.key }.map { AccessTag($0.key, $0.value) }
    }
}
