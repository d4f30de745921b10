// SPDX-License-Identifier: Apache-2.0
// Why a request's credentials or signature are refused, and AWS's code, status and words for it.
// The codes differ between the families of protocols.

package import Basics

/// A request that could not be authenticated.
package enum SigningRejection: Error, Hashable, Sendable {
    case missingAuthentication
    /// The authorization header lacks these parts; `header` is what was sent.
    case incomplete(missing: [Part], header: String)
    case malformedCredential(String)
    case malformedDate(String)
    /// The header `host` is not signed.
    case unsignedHost
    case scopeDate(scope: String, date: String, header: String)
    case scopeRegion(String)
    case scopeService(expected: String)
    case scopeTerminator(String)
    case signatureMismatch
    case expiredSignature(signedAt: Timestamp, now: Timestamp)
    case futureSignature(signedAt: Timestamp, now: Timestamp)
    /// The access key is not a living one, or the session token is not its own.
    case invalidToken
    case expiredToken

    package enum Part: String, Hashable, Sendable {
        case credential = "'Credential' parameter"
        case signature = "'Signature' parameter"
        case signedHeaders = "'SignedHeaders' parameter"
        case date = "existence of either a 'X-Amz-Date' or a 'Date' header"
    }

    /// Tolerated difference between the client's clock and ours.
    package static let skewSecondsMax: Int64 = 15 * 60
}

extension SigningRejection {
    /// The families of protocols that name these errors differently.
    package enum Style: Hashable, Sendable {
        /// Query, and the query code that a query-compatible JSON service sends in its header.
        case query
        case awsJSON
        /// JSON of a service that once spoke Query, as SQS: the statuses stayed Query's.
        case queryCompatibleJSON
        case restJSON
        case s3
    }

    /// The error code for clients of `style`.
    package func code(_ style: Style) -> String {
        switch (kind, style) {
        case (.missing, .s3): "AccessDenied"
        case (.missing, .query): "MissingAuthenticationToken"
        case (.missing, _): "MissingAuthenticationTokenException"
        case (.incomplete, .s3): "AuthorizationHeaderMalformed"
        case (.incomplete, .query): "IncompleteSignature"
        case (.incomplete, _): "IncompleteSignatureException"
        case (.skewed, .s3): "RequestTimeTooSkewed"
        case (.skewed, .query), (.signature, .query), (.signature, .s3): "SignatureDoesNotMatch"
        case (.skewed, _), (.signature, _): "InvalidSignatureException"
        case (.token, .s3): "InvalidAccessKeyId"
        case (.token, .query): "InvalidClientTokenId"
        case (.token, _): "UnrecognizedClientException"
        case (.expired, .query), (.expired, .s3): "ExpiredToken"
        case (.expired, _): "ExpiredTokenException"
        }
    }

    /// The HTTP status for clients of `style`.
    package func status(_ style: Style) -> Int {
        switch (kind, style) {
        case (_, .awsJSON): 400
        case (.incomplete, .query), (.incomplete, .queryCompatibleJSON): 400
        case (.incomplete, .s3), (.expired, .s3): 400
        default: 403
        }
    }

    private enum Kind { case missing, incomplete, signature, skewed, token, expired }

    private var kind: Kind {
        switch self {
        case .missingAuthentication: .missing
        case .incomplete, .malformedCredential, .malformedDate, .unsignedHost: .incomplete
        case .scopeDate, .scopeRegion, .scopeService, .scopeTerminator, .signatureMismatch:
            .signature
        case .expiredSignature, .futureSignature: .skewed
        case .invalidToken: .token
        case .expiredToken: .expired
        }
    }
}

extension SigningRejection {
    /// The message, in AWS's words.
    package var message: String {
        switch self {
        case .missingAuthentication: return "Missing Authentication Token"
        case .incomplete(let missing, let header):
            let needs = missing.map { "Authorization header requires \($0.rawValue)." }
            return (needs + ["Authorization=\(header)"]).joined(separator: " ")
        case .malformedCredential(let text):
            return "Credential must have exactly 5 slash-delimited elements, "
                + "e.g. keyid/date/region/service/term, got '\(text)'"
        case .malformedDate(let text):
            return "Date must be in ISO-8601 'basic format'. Got '\(text)'. "
                + "See http://en.wikipedia.org/wiki/ISO_8601"
        case .unsignedHost:
            return "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        case .scopeDate(let scope, let date, let header):
            return "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                + "date from HTTP: '\(scope)' != '\(date)', from '\(header)'."
        case .scopeRegion(let region):
            return "Credential should be scoped to a valid region, not '\(region)'."
        case .scopeService(let expected):
            return "Credential should be scoped to correct service: '\(expected)'."
        case .scopeTerminator(let text):
            return "Credential should be scoped with a valid terminator: 'aws4_request', "
                + "not '\(text)'."
        case .signatureMismatch:
            return "The request signature we calculated does not match the signature you "
                + "provided. Check your AWS Secret Access Key and signing method. Consult the "
                + "service documentation for details."
        case .expiredSignature(let signedAt, let now):
            let limit = now.adding(seconds: -Self.skewSecondsMax).basicISO8601
            return "Signature expired: \(signedAt.basicISO8601) is now earlier than \(limit) "
                + "(\(now.basicISO8601) - 15 min.)"
        case .futureSignature(let signedAt, let now):
            let limit = now.adding(seconds: Self.skewSecondsMax).basicISO8601
            return "Signature not yet current: \(signedAt.basicISO8601) is still later than "
                + "\(limit) (\(now.basicISO8601) + 15 min.)"
        case .invalidToken: return "The security token included in the request is invalid."
        case .expiredToken: return "The security token included in the request is expired"
        }
    }
}
