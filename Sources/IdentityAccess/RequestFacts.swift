// SPDX-License-Identifier: Apache-2.0
// The values that condition keys have for one request. Numbers, times and flags stay what they
// are, so that the usual comparison formats and parses nothing.

import Basics

/// What a condition key is worth in one request.
enum FactValue: Sendable {
    case text(String)
    /// Any number of values.
    case list([String])
    case time(Timestamp)
    /// A time as seconds since the epoch.
    case epoch(Timestamp)
    case flag(Bool)

    /// A data set that holds nothing: no value, or none but empty texts.
    var isNull: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .list(let texts): texts.allSatisfy(\.isEmpty)
        case .time, .epoch, .flag: false
        }
    }

    /// The value as policies write it; `nil` unless there is exactly one.
    var single: String? {
        switch self {
        case .text(let text): text
        case .list(let texts): texts.count == 1 ? texts.first : nil
        case .time(let time): time.iso8601()
        case .epoch(let time): String(time.seconds)
        case .flag(let isSet): isSet ? "true" : "false"
        }
    }
}

/// A request with what is known of its caller beyond the name.
struct RequestFacts: Sendable {
    let request: AuthorizationRequest
    /// The caller's tags.
    let principalTags: [AccessTag]

    /// The value of a key; `nil` when the request lacks it.
    func value(of key: ConditionKey) -> FactValue? {
        switch key {
        case .derived(let derived): value(of: derived)
        case .principalTag(let name): Self.value(ofTag: name, in: principalTags)
        case .resourceTag(let name): Self.value(ofTag: name, in: request.context.resourceTags)
        case .entityTag(let name):
            request.resource.hasPrefix("arn:aws:iam:")
                ? Self.value(ofTag: name, in: request.context.resourceTags) : nil
        case .given(let name):
            request.context.keys.first { $0.name == name }.map { .list($0.values) }
        case .absent: nil
        }
    }

    /// The value that stands in for a policy variable.
    func substitute(for key: ConditionKey) -> String? { value(of: key)?.single }

    private static func value(ofTag name: String, in tags: [AccessTag]) -> FactValue? {
        tags.first { $0.foldedKey == name }.map { .text($0.value) }
    }

    private func value(of key: ConditionKey.Derived) -> FactValue? {
        let context = request.context
        let principal = request.principal
        switch key {
        case .currentTime: return .time(context.now)
        case .epochTime: return .epoch(context.now)
        case .sourceIP: return context.sourceAddress.map(FactValue.text)
        case .secureTransport: return .flag(context.isSecureTransport)
        case .requestedRegion: return context.requestedRegion.map(FactValue.text)
        case .userAgent: return context.userAgent.map(FactValue.text)
        case .principalARN: return principal.policyARN.map(FactValue.text)
        case .principalAccount: return (principal.account?.description).map(FactValue.text)
        case .principalType: return .text(principal.type)
        case .principalIsAWSService: return .flag(principal.serviceName != nil)
        case .principalServiceName: return principal.serviceName.map(FactValue.text)
        case .principalServiceNamesList: return principal.serviceName.map { .list([$0]) }
        case .userID: return principal == .anonymous ? nil : .text(principal.userID)
        case .userName: return principal.userName.map(FactValue.text)
        case .resourceAccount: return (request.resourceAccount?.description).map(FactValue.text)
        case .tokenIssueTime: return (principal.session?.issuedAt).map(FactValue.time)
        case .multiFactorAuthPresent: return principal.session == nil ? nil : .flag(false)
        case .viaAWSService: return .flag(false)
        case .sourceFunctionARN: return (principal.session?.sourceFunctionARN).map(FactValue.text)
        }
    }
}

extension Principal {
    fileprivate var userName: String? {
        if case .user(let user) = self { user.name } else { nil }
    }

    fileprivate var serviceName: String? {
        if case .service(let name) = self { name } else { nil }
    }

    fileprivate var session: RoleSession? {
        if case .role(let session) = self { session } else { nil }
    }
}
