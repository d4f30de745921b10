// SPDX-License-Identifier: Apache-2.0
// The client's half: headers that sign an outgoing request.

package import Basics

/// What a client signs with.
package struct SigningCredential: Hashable, Sendable {
    package let accessKeyID: String
    package let secret: String
    package let sessionToken: String?

    package init(accessKeyID: String, secret: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secret = secret
        self.sessionToken = sessionToken
    }
}

extension SigV4 {
    /// The headers to add to `request`, which must have its `host`.
    ///
    /// `headerNames` are the lower-cased names of the request's own headers to sign.
    package static func sign(
        _ request: some SignableRequest, headerNames: [String], credential: SigningCredential,
        region: String, service: String, time: Timestamp, keys: SigningKeyCache
    ) -> [(name: String, value: String)] {
        var added = [(name: "x-amz-date", value: time.basicISO8601)]
        if let token = credential.sessionToken {
            added.append((name: "x-amz-security-token", value: token))
        }
        let names = Set(headerNames + added.map(\.name))
        let unsigned = SigV4Authorization(
            accessKeyID: credential.accessKeyID, date: String(time.basicISO8601.prefix(8)),
            region: region, service: service, signedHeaders: names.sorted(), signature: "")
        let signature = signature(
            of: WithHeaders(base: request, added: added), authorization: unsigned, time: time,
            payloadHash: payloadHash(request.body), pathRules: .rules(for: service),
            secret: credential.secret, keys: keys)
        let value =
            "\(SigV4Authorization.algorithm) "
            + "Credential=\(credential.accessKeyID)/\(unsigned.scope), "
            + "SignedHeaders=\(unsigned.signedHeaders.joined(separator: ";")), "
            + "Signature=\(String(decoding: signature, as: UTF8.self))"
        return added + [(name: "authorization", value: value)]
    }
}

/// A request with a few headers more.
private struct WithHeaders<Base: SignableRequest>: SignableRequest {
    let base: Base
    let added: [(name: String, value: String)]

    var method: String { base.method }
    var rawPath: String { base.rawPath }
    var rawQuery: String { base.rawQuery }
    var body: [UInt8] { base.body }

    func values(ofHeader name: String) -> [String] {
        let own = added.filter { $0.name == name }.map(\.value)
        return own.isEmpty ? base.values(ofHeader: name) : own
    }
}
