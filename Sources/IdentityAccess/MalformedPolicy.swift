// SPDX-License-Identifier: Apache-2.0
// Why a policy document is refused, in AWS's words. Which error code carries them differs from
// service to service and is chosen there.

/// A policy document that cannot be accepted.
package struct MalformedPolicy: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// Not JSON, or not the shape of a policy.
        case syntax
        /// A managed policy of the old version, or without one.
        case oldVersion
        case duplicateStatementID
        case illegalStatementID
        /// A statement lacks this element.
        case missing(element: String)
        case noActions
        case noResources
        case actionWithoutVendor
        case actionWithManyColons
        case illegalVendor(String)
        case resourceNotARN(String)
        case prohibited(element: String)
        case identityPolicyWithPrincipal
        case trustActions
        case illegalPrincipal(kind: String, value: String)
        case unknownOperator(String)
        case illegalValue(operator: String, value: String)
        case tooLong(bytesMax: Int)
        /// Lawful on AWS, but not yet judged by this evaluator.
        case unjudged(conditionKey: String)
    }

    package let reason: Reason

    init(_ reason: Reason) { self.reason = reason }

    /// The message for the client.
    package var message: String {
        switch reason {
        case .syntax: "Syntax errors in policy."
        case .oldVersion: "Policy document must be version 2012-10-17 or greater."
        case .duplicateStatementID: "Statement IDs (SID) in a single policy must be unique."
        case .illegalStatementID:
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the "
                + "regular expression [0-9A-Za-z]*"
        case .missing(let element): "Missing required field \(element)"
        case .noActions: "Policy statement must contain actions."
        case .noResources: "Policy statement must contain resources."
        case .actionWithoutVendor:
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
        case .actionWithManyColons: "Actions/Condition can contain only one colon."
        case .illegalVendor(let vendor): "Vendor \(vendor) is not valid"
        case .resourceNotARN(let text): "Resource \(text) must be in ARN format or \"*\"."
        case .prohibited(let element): "Has prohibited field \(element)"
        case .identityPolicyWithPrincipal: "Policy document should not specify a principal."
        case .trustActions: "AssumeRole policy may only specify STS AssumeRole actions."
        case .illegalPrincipal(let kind, let value):
            "Invalid principal in policy: \"\(kind)\":\"\(value)\""
        case .unknownOperator(let name): "Invalid Condition type : \(name)"
        case .illegalValue(let name, let value):
            "The value \(value) is not valid for condition operator \(name)."
        case .tooLong(let bytes): "Policy document must not be longer than \(bytes) bytes."
        case .unjudged(let key):
            "Condition key \(key) is not supported by Martlet yet, so the policy is refused "
                + "rather than misjudged."
        }
    }
}
