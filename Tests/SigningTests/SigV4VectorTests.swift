// SPDX-License-Identifier: Apache-2.0
// AWS's published vectors, header form.

import Basics
import Signing
import Testing

@Suite(
    .enabled(
        if: VectorCase.isPresent,
        "the SigV4 vectors are not beside the repository; set MARTLET_SIGV4_VECTORS"))
struct SigV4VectorTests {
    @Test func theVectorsAreAllThere() throws {
        #expect(try VectorCase.all().count >= 30)
    }

    @Test(arguments: try VectorCase.isPresent ? VectorCase.all() : [])
    func signsAsAWSDoes(_ vector: VectorCase) throws {
        let authorization = try #require(try SigV4.authorization(of: vector.signedRequest))
        let rules = SigningPathRules(isNormalized: vector.isNormalized, isEncodedTwice: true)
        let hash = SigV4.payloadHash(vector.signedRequest.body)
        let canonical = CanonicalRequest.bytes(
            of: vector.signedRequest, signedHeaders: authorization.signedHeaders,
            payloadHash: hash, pathRules: rules)
        #expect(String(decoding: canonical, as: UTF8.self) == vector.canonicalRequest)
        let text = SigV4.stringToSign(canonical, scope: authorization.scope, time: vector.time)
        #expect(String(decoding: text, as: UTF8.self) == vector.stringToSign)
        let signature = SigV4.signature(
            of: vector.signedRequest, authorization: authorization, time: vector.time,
            payloadHash: hash, pathRules: rules, secret: vector.secret, keys: SigningKeyCache())
        #expect(String(decoding: signature, as: UTF8.self) == vector.signature)
        #expect(authorization.signature == vector.signature)
    }

    @Test(arguments: try VectorCase.isPresent ? VectorCase.all() : [])
    func verifiesWhatTheVectorsSignedAndNothingElse(_ vector: VectorCase) throws {
        guard vector.isNormalized else { return }
        let authorization = try #require(try SigV4.authorization(of: vector.signedRequest))
        let keys = SigningKeyCache()
        func verify(_ request: WireRequest, secret: String) throws(SigningRejection) {
            try SigV4.verify(
                request, authorization: authorization, secret: secret, service: vector.service,
                now: vector.time.adding(seconds: 60), keys: keys)
        }
        try verify(vector.signedRequest, secret: vector.secret)
        #expect(throws: SigningRejection.signatureMismatch) {
            try verify(vector.signedRequest, secret: vector.secret + "x")
        }
        var changed = vector.signedRequest
        changed.body.append(1)
        #expect(throws: SigningRejection.signatureMismatch) {
            try verify(changed, secret: vector.secret)
        }
    }

    @Test(arguments: try VectorCase.isPresent ? VectorCase.all() : [])
    func theSignerProducesTheVectorsSignature(_ vector: VectorCase) throws {
        guard vector.isNormalized, !vector.omitsToken else { return }
        let expected = try #require(try SigV4.authorization(of: vector.signedRequest))
        let added = ["authorization", "x-amz-date", "x-amz-security-token"]
        var request = vector.signedRequest
        request.headers.removeAll { added.contains($0.name) }
        let own = expected.signedHeaders.filter { !added.contains($0) }
        let headers = SigV4.sign(
            request, headerNames: own,
            credential: SigningCredential(
                accessKeyID: "AKIDEXAMPLE", secret: vector.secret, sessionToken: vector.token),
            region: vector.region, service: vector.service, time: vector.time,
            keys: SigningKeyCache())
        let value = try #require(headers.first { $0.name == "authorization" }?.value)
        let parsed = try SigV4Authorization.parse(value, hasDate: true)
        #expect(parsed.signedHeaders == expected.signedHeaders)
        #expect(parsed.signature == vector.signature)
    }
}
