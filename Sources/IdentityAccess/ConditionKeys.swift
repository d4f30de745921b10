// SPDX-License-Identifier: Apache-2.0
// The condition keys this build can judge, and where their values come from. A policy that asks
// for another key of a service we run is refused when it is put.

import Basics

/// Knowledge of condition keys.
enum ConditionKeys {
    /// Keys with a value for every request, or whose absence is the truth in a world without
    /// organizations, VPCs, MFA devices and federation.
    private static let judged: Set<String> = [
        "aws:currenttime", "aws:epochtime", "aws:sourceip", "aws:securetransport",
        "aws:requestedregion", "aws:useragent", "aws:principalarn", "aws:principalaccount",
        "aws:principaltype", "aws:principalisawsservice", "aws:principalservicename",
        "aws:principalservicenameslist", "aws:userid", "aws:username", "aws:sourcearn",
        "aws:sourceaccount", "aws:resourceaccount", "aws:tokenissuetime", "aws:viaawsservice",
        "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:calledvia",
        "aws:calledviafirst", "aws:calledvialast", "aws:principalorgid",
        "aws:principalorgpaths", "aws:resourceorgid", "aws:resourceorgpaths",
        "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc", "aws:sourcevpce",
        "aws:sourcevpcarn", "aws:vpcsourceip", "aws:ec2instancesourcevpc",
        "aws:ec2instancesourceprivateipv4", "aws:federatedprovider", "aws:assumedroot",
        "aws:referer",
        "sts:externalid", "sts:rolesessionname", "iam:passedtoservice", "iam:policyarn",
        "iam:awsservicename", "lambda:functionarn", "lambda:sourcefunctionarn",
    ]

    /// Services whose operations run here, so that an unknown key of theirs cannot be judged.
    private static let ownVendors: Set<String> = ["aws", "sqs", "lambda", "logs", "iam", "sts"]

    /// Throws unless a condition on `key` is judged as on AWS.
    ///
    /// Keys of services that do not run here are absent from every request that does, on AWS too.
    static func requireJudged(_ key: String) throws(MalformedPolicy) {
        let lower = key.lowercased()
        guard let colon = lower.firstIndex(of: ":"), colon != lower.startIndex else {
            throw MalformedPolicy(.actionWithoutVendor)
        }
        guard judged.contains(lower) || !ownVendors.contains(String(lower[..<colon])) else {
            throw MalformedPolicy(.unjudged(conditionKey: key))
        }
    }
}

extension AuthorizationRequest {
    /// The values of the key `name` (lower-cased); `nil` when the request lacks it.
    func values(of name: String) -> [String]? {
        if let given = context.keys.first(where: { $0.name == name }) { return given.values }
        return derivedValue(of: name).map { [$0] }
    }

    /// The single value of a key, for policy variables.
    func singleValue(of name: String) -> String? {
        guard let values = values(of: name), values.count == 1 else { return nil }
        return values.first
    }

    private func derivedValue(of name: String) -> String? {
        switch name {
        case "aws:currenttime": context.now.iso8601()
        case "aws:epochtime": String(context.now.seconds)
        case "aws:sourceip": context.sourceAddress
        case "aws:securetransport": context.isSecureTransport ? "true" : "false"
        case "aws:requestedregion": context.requestedRegion
        case "aws:useragent": context.userAgent
        case "aws:principalarn": principal.policyARN
        case "aws:principalaccount": principal.account?.description
        case "aws:principaltype": principal.type
        case "aws:userid": principal == .anonymous ? nil : principal.userID
        case "aws:resourceaccount": resourceAccount?.description
        case "aws:viaawsservice": "false"
        case "aws:username": userName
        case "aws:principalisawsservice": serviceName == nil ? "false" : "true"
        case "aws:principalservicename", "aws:principalservicenameslist": serviceName
        case "aws:tokenissuetime": session?.issuedAt?.iso8601()
        case "aws:multifactorauthpresent": session == nil ? nil : "false"
        default: nil
        }
    }

    private var userName: String? {
        guard case .user(let user) = principal else { return nil }
        return user.name
    }

    private var serviceName: String? {
        guard case .service(let name) = principal else { return nil }
        return name
    }

    private var session: RoleSession? {
        guard case .role(let session) = principal else { return nil }
        return session
    }
}
