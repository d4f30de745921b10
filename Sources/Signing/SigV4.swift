// SPDX-License-Identifier: Apache-2.0
// Signing and verifying requests by Signature Version 4 in the authorization header. Which secret
// belongs to an access key is the caller's knowledge.

package import Basics
import Crypto

/// Signature Version 4.
package enum SigV4 {
    private static let terminator = "aws4_request"

    /// Reads the authorization of a request; `nil` when it carries none.
    package static func authorization(
        of request: some SignableRequest
    ) throws(SigningRejection) -> SigV4Authorization? {
        guard let header = request.firstValue(ofHeader: "authorization") else { return nil }
        return try SigV4Authorization.parse(header, hasDate: hasDateHeader(request))
    }

    /// Verifies a request that bears `authorization` against its key's secret.
    ///
    /// `now` is the real clock, not the world's. `service` is the signing name the request was
    /// routed to. The order of the checks is AWS's: scope, time, signature.
    package static func verify(
        _ request: some SignableRequest, authorization: SigV4Authorization, secret: String,
        service: String, now: Timestamp, keys: SigningKeyCache
    ) throws(SigningRejection) {
        let signedAt = try signingTime(of: request, authorization: authorization)
        try checkScope(authorization, service: service)
        if signedAt < now.adding(seconds: -SigningRejection.skewSecondsMax) {
            throw SigningRejection.expiredSignature(signedAt: signedAt, now: now)
        }
        if signedAt > now.adding(seconds: SigningRejection.skewSecondsMax) {
            throw SigningRejection.futureSignature(signedAt: signedAt, now: now)
        }
        guard authorization.signedHeaders.contains("host") else {
            throw SigningRejection.unsignedHost
        }
        guard let payloadHash = payloadHash(of: request) else {
            throw SigningRejection.signatureMismatch
        }
        let expected = signature(
            of: request, authorization: authorization, time: signedAt, payloadHash: payloadHash,
            pathRules: .rules(for: authorization.service), secret: secret, keys: keys)
        guard isEqualInConstantTime(expected, Array(authorization.signature.utf8)) else {
            throw SigningRejection.signatureMismatch
        }
    }

    /// The signature as lower-case hexadecimal ASCII.
    package static func signature(
        of request: some SignableRequest, authorization: SigV4Authorization, time: Timestamp,
        payloadHash: String, pathRules: SigningPathRules, secret: String, keys: SigningKeyCache
    ) -> [UInt8] {
        let canonical = CanonicalRequest.bytes(
            of: request, signedHeaders: authorization.signedHeaders, payloadHash: payloadHash,
            pathRules: pathRules)
        let text = stringToSign(canonical, scope: authorization.scope, time: time)
        let key = keys.key(
            secret: secret, date: authorization.date, region: authorization.region,
            service: authorization.service)
        return hexadecimal(HMAC<SHA256>.authenticationCode(for: text, using: key))
    }

    /// The string to sign for a canonical request.
    package static func stringToSign(
        _ canonicalRequest: [UInt8], scope: String, time: Timestamp
    ) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(192)
        text.append(contentsOf: SigV4Authorization.algorithm.utf8)
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: time.basicISO8601.utf8)
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: scope.utf8)
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: hexadecimal(SHA256.hash(data: canonicalRequest)))
        return text
    }

    /// SHA-256 of `body` in lower-case hexadecimal, the usual payload hash.
    package static func payloadHash(_ body: [UInt8]) -> String {
        String(decoding: hexadecimal(SHA256.hash(data: body)), as: UTF8.self)
    }
}

extension SigV4 {
    /// The payload hash to put into the canonical request.
    ///
    /// A hash that the client states must be the body's; the words for unsigned and streamed
    /// payloads stand for themselves. `nil` when the stated hash is wrong.
    private static func payloadHash(of request: some SignableRequest) -> String? {
        guard let stated = request.values(ofHeader: "x-amz-content-sha256").first else {
            return payloadHash(request.body)
        }
        guard stated.utf8.count == 64 else { return stated }
        return payloadHash(request.body) == stated ? stated : nil
    }

    private static func hasDateHeader(_ request: some SignableRequest) -> Bool {
        request.has(header: "x-amz-date") || request.has(header: "date")
    }

    private static func dateHeader(of request: some SignableRequest) -> String? {
        request.firstValue(ofHeader: "x-amz-date") ?? request.firstValue(ofHeader: "date")
    }

    private static func signingTime(
        of request: some SignableRequest, authorization: SigV4Authorization
    ) throws(SigningRejection) -> Timestamp {
        let header = dateHeader(of: request) ?? ""
        guard header.utf8.count == 16, let time = Timestamp(iso8601: header) else {
            throw SigningRejection.malformedDate(header)
        }
        let date = String(header.prefix(8))
        guard date == authorization.date else {
            throw SigningRejection.scopeDate(
                scope: authorization.date, date: date, header: header)
        }
        return time
    }

    private static func checkScope(
        _ authorization: SigV4Authorization, service: String
    ) throws(SigningRejection) {
        guard authorization.terminator == terminator else {
            throw SigningRejection.scopeTerminator(authorization.terminator)
        }
        guard Region(authorization.region) != nil else {
            throw SigningRejection.scopeRegion(authorization.region)
        }
        guard authorization.service == service else {
            throw SigningRejection.scopeService(expected: service)
        }
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in bytes {
            text.append(Hex.lowercase(byte >> 4))
            text.append(Hex.lowercase(byte & 0xF))
        }
        return text
    }

    /// Comparison whose time tells nothing about where two texts differ.
    private static func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for position in 0..<left.count { difference |= left[position] ^ right[position] }
        return difference == 0
    }
}
