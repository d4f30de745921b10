// SPDX-License-Identifier: Apache-2.0
// The condition keys this build can judge, resolved once when a policy is read. A policy that
// asks for another key of a service we run is refused when it is put. Where the values come from
// is `RequestFacts`.

/// A condition key of a policy, resolved.
enum ConditionKey: Hashable, Sendable {
    /// Follows from the caller, the resource or the request itself.
    case derived(Derived)
    /// `aws:PrincipalTag/…`; the tag's key in lower case, as keys are compared without regard to
    /// case.
    case principalTag(String)
    /// `aws:ResourceTag/…`.
    case resourceTag(String)
    /// `iam:ResourceTag/…`, the same for roles and users alone.
    case entityTag(String)
    /// What an operation says of its call; the whole name in lower case.
    case given(String)
    /// In no request that this server gets.
    case absent

    enum Derived: String, Sendable {
        case currentTime = "aws:currenttime"
        case epochTime = "aws:epochtime"
        case sourceIP = "aws:sourceip"
        case secureTransport = "aws:securetransport"
        case requestedRegion = "aws:requestedregion"
        case userAgent = "aws:useragent"
        case principalARN = "aws:principalarn"
        case principalAccount = "aws:principalaccount"
        case principalType = "aws:principaltype"
        case principalIsAWSService = "aws:principalisawsservice"
        case principalServiceName = "aws:principalservicename"
        case principalServiceNamesList = "aws:principalservicenameslist"
        case userID = "aws:userid"
        case userName = "aws:username"
        case resourceAccount = "aws:resourceaccount"
        case tokenIssueTime = "aws:tokenissuetime"
        case multiFactorAuthPresent = "aws:multifactorauthpresent"
        case viaAWSService = "aws:viaawsservice"
        case sourceFunctionARN = "lambda:sourcefunctionarn"
    }

    /// Resolves a name; throws where a condition on it could not be judged as on AWS.
    ///
    /// Keys of services that do not run here are absent from every request, unless an operation
    /// gives them.
    init(_ name: some StringProtocol) throws(MalformedPolicy) {
        let lower = name.lowercased()
        guard let colon = lower.firstIndex(of: ":"), colon != lower.startIndex else {
            throw MalformedPolicy(.actionWithoutVendor)
        }
        if let derived = Derived(rawValue: lower) {
            self = .derived(derived)
        } else if let tagged = Self.tagged(lower) {
            self = tagged
        } else if Self.absentNames.contains(lower) {
            self = .absent
        } else if Self.givenNames.contains(lower)
            || !Self.ownVendors.contains(String(lower[..<colon]))
        {
            self = .given(lower)
        } else {
            throw MalformedPolicy(.unjudged(conditionKey: String(name)))
        }
    }

    /// A key that ends in the key of a tag; `nil` for others and for one that names no tag.
    private static func tagged(_ lower: String) -> ConditionKey? {
        guard let slash = lower.firstIndex(of: "/") else { return nil }
        let tag = String(lower[lower.index(after: slash)...])
        guard !tag.isEmpty else { return nil }
        switch lower[..<slash] {
        case "aws:principaltag": return .principalTag(tag)
        case "aws:resourcetag": return .resourceTag(tag)
        case "iam:resourcetag": return .entityTag(tag)
        case "aws:requesttag": return .given(lower)
        default: return nil
        }
    }

    /// Keys that some operation, or the service behind a call, gives.
    private static let givenNames: Set<String> = [
        "aws:sourcearn", "aws:sourceaccount", "aws:tagkeys", "sts:externalid",
        "sts:rolesessionname", "iam:passedtoservice", "iam:policyarn", "iam:permissionsboundary",
        "lambda:functionarn",
    ]

    /// Keys whose absence is the truth in a world without organizations, VPCs, MFA devices and
    /// federation, and of operations that are not built.
    private static let absentNames: Set<String> = [
        "aws:multifactorauthage", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast",
        "aws:principalorgid", "aws:principalorgpaths", "aws:resourceorgid",
        "aws:resourceorgpaths", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc",
        "aws:sourcevpce", "aws:sourcevpcarn", "aws:vpcsourceip", "aws:vpceaccount",
        "aws:vpceorgid", "aws:vpceorgpaths", "aws:ec2instancesourcevpc",
        "aws:ec2instancesourceprivateipv4", "aws:federatedprovider", "aws:sourceidentity",
        "aws:assumedroot", "aws:chatbotsourcearn", "sts:sourceidentity", "sts:transitivetagkeys",
        "sts:awsservicename", "iam:awsservicename", "iam:organizationspolicyid",
    ]

    /// Services whose operations run here, so that an unknown key of theirs cannot be judged.
    private static let ownVendors: Set<String> = ["aws", "sqs", "lambda", "logs", "iam", "sts"]
}
