// SPDX-License-Identifier: Apache-2.0
// Refusals: which check fires and what AWS's clients are told.

import Basics
import Signing
import Testing

@Suite struct SigningRejectionTests {
    private let keys = SigningKeyCache()
    private let now = Timestamp(seconds: 1_440_938_160)  // 2015-08-30T12:36:00Z
    private let credential = SigningCredential(accessKeyID: "AKIAEXAMPLE", secret: "secret")

    private func signed(
        at time: Timestamp, service: String = "sqs", headerNames: [String] = ["host"],
        token: String? = nil
    ) -> WireRequest {
        var request = WireRequest(
            method: "POST", path: "/", headers: [("host", "localhost:4566")],
            body: Array("{}".utf8))
        request.headers += SigV4.sign(
            request, headerNames: headerNames,
            credential: SigningCredential(
                accessKeyID: "AKIAEXAMPLE", secret: "secret", sessionToken: token),
            region: "us-east-1", service: service, time: time, keys: keys)
        return request
    }

    private func rejection(_ request: WireRequest, now: Timestamp? = nil) -> SigningRejection? {
        do {
            guard let authorization = try SigV4.authorization(of: request) else {
                return .missingAuthentication
            }
            try SigV4.verify(
                request, authorization: authorization, secret: "secret", service: "sqs",
                now: now ?? self.now, keys: keys)
            return nil
        } catch {
            return error
        }
    }

    @Test func aFreshSignatureIsGood() {
        #expect(rejection(signed(at: now)) == nil)
        #expect(rejection(signed(at: now, token: "token+/=")) == nil)
    }

    @Test func skewIsBoundedOnBothSides() {
        #expect(rejection(signed(at: now.adding(seconds: -900))) == nil)
        #expect(rejection(signed(at: now.adding(seconds: 900))) == nil)
        let old = rejection(signed(at: now.adding(seconds: -901)))
        #expect(
            old?.message == "Signature expired: 20150830T122059Z is now earlier than "
                + "20150830T122100Z (20150830T123600Z - 15 min.)")
        #expect(old?.code(.query) == "SignatureDoesNotMatch")
        #expect(old?.code(.awsJSON) == "InvalidSignatureException")
        let early = rejection(signed(at: now.adding(seconds: 901)))
        #expect(
            early?.message == "Signature not yet current: 20150830T125101Z is still later than "
                + "20150830T125100Z (20150830T123600Z + 15 min.)")
    }

    @Test func everyMissingPartIsNamed() {
        let request = WireRequest(
            method: "POST", path: "/", headers: [("authorization", "Bearer abc")])
        let rejection = rejection(request)
        #expect(
            rejection?.message
                == "Authorization header requires 'Credential' parameter. "
                + "Authorization header requires 'Signature' parameter. "
                + "Authorization header requires 'SignedHeaders' parameter. "
                + "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
                + "header. Authorization=Bearer abc")
        #expect(rejection?.code(.query) == "IncompleteSignature")
        #expect(rejection?.status(.query) == 400)
        #expect(rejection?.status(.restJSON) == 403)
    }

    @Test func aQueryCompatibleServiceKeepsQuerysStatuses() {
        for rejection in [SigningRejection.invalidToken, .expiredToken, .signatureMismatch] {
            #expect(rejection.status(.awsJSON) == 400)
            #expect(rejection.status(.queryCompatibleJSON) == 403)
            #expect(rejection.code(.queryCompatibleJSON) == rejection.code(.awsJSON))
        }
        #expect(SigningRejection.unsignedHost.status(.queryCompatibleJSON) == 400)
    }

    @Test func noAuthorizationIsMissingAuthentication() {
        let rejection = rejection(WireRequest(method: "POST", path: "/", headers: []))
        #expect(rejection?.message == "Missing Authentication Token")
        #expect(rejection?.code(.query) == "MissingAuthenticationToken")
        #expect(rejection?.code(.restJSON) == "MissingAuthenticationTokenException")
    }

    @Test(arguments: [
        (
            "AKIA/20150830/us-east-1/sqs",
            SigningRejection.malformedCredential("AKIA/20150830/us-east-1/sqs")
        ),
        (
            "AKIA//us-east-1/sqs/aws4_request",
            .malformedCredential("AKIA//us-east-1/sqs/aws4_request")
        ),
        (
            "AKIA/20150829/us-east-1/sqs/aws4_request",
            .scopeDate(scope: "20150829", date: "20150830", header: "20150830T123600Z")
        ),
        ("AKIA/20150830/Nowhere!/sqs/aws4_request", .scopeRegion("Nowhere!")),
        ("AKIA/20150830/us-east-1/sns/aws4_request", .scopeService(expected: "sqs")),
        ("AKIA/20150830/us-east-1/sqs/aws3_request", .scopeTerminator("aws3_request")),
        ("AKIA/20150830/us-east-1/sqs/aws4_request", .signatureMismatch),
    ])
    func aBadScopeIsNamed(_ credential: String, _ expected: SigningRejection) {
        let request = WireRequest(
            method: "POST", path: "/",
            headers: [
                ("host", "localhost"), ("x-amz-date", "20150830T123600Z"),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=host;x-amz-date, "
                        + "Signature=00"
                ),
            ])
        #expect(rejection(request) == expected)
    }

    @Test func theHostMustBeSigned() {
        #expect(rejection(signed(at: now, headerNames: [])) == .unsignedHost)
    }

    @Test func aStatedPayloadHashMustBeTheBodys() {
        var request = signed(at: now)
        request.headers.append(("x-amz-content-sha256", String(repeating: "0", count: 64)))
        #expect(rejection(request) == .signatureMismatch)
    }

    @Test func aDateThatIsNoneIsNamed() {
        var request = signed(at: now)
        request.headers = request.headers.map {
            ($0.name, $0.name == "x-amz-date" ? "today" : $0.value)
        }
        #expect(
            rejection(request)?.message == "Date must be in ISO-8601 'basic format'. "
                + "Got 'today'. See http://en.wikipedia.org/wiki/ISO_8601")
    }

    @Test func theKeyCacheStaysBoundedAndCorrect() {
        let small = SigningKeyCache(countMax: 2)
        let request = signed(at: now)
        for day in 1...9 {
            let header = SigV4.sign(
                request, headerNames: ["host"], credential: credential, region: "us-east-1",
                service: "sqs", time: now.adding(seconds: Int64(day) * 86_400), keys: small)
            let again = SigV4.sign(
                request, headerNames: ["host"], credential: credential, region: "us-east-1",
                service: "sqs", time: now.adding(seconds: Int64(day) * 86_400), keys: keys)
            #expect(header.map(\.value) == again.map(\.value))
        }
    }

    @Test func hostileHeadersAreRefusedWithoutTrapping() {
        for text in [
            "", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 =,=,", "AWS4-HMAC-SHA256 Credential",
        ] {
            #expect(throws: SigningRejection.self) {
                try SigV4Authorization.parse(text, hasDate: false)
            }
        }
        #expect(throws: SigningRejection.self) {
            try SigV4Authorization.parse(String(repeating: "x", count: 100_000), hasDate: true)
        }
    }
}
