// SPDX-License-Identifier: Apache-2.0
// Who sends a request. Local keys stand for account roots without a signature check, issued keys
// are verified and must be alive; what the principal may do is decided later.

package import Basics
import HTTPFront
import IdentityAccess
package import ServiceKit
import Signing
import WireModel

/// The caller of a request.
struct Caller: Sendable {
    let principal: Principal
    let account: AccountID
    let region: Region
}

/// Turns signatures into principals.
package struct Authenticator: Sendable {
    /// Which keys count.
    package enum Profile: Sendable {
        /// `test` and other made-up keys are account roots.
        case local
        /// Only keys that IAM or STS issued.
        case secure
    }

    private let profile: Profile
    private let credentials: any CredentialSource
    private let uses: any CredentialUses
    private let wallClock: @Sendable () -> Timestamp
    private let virtualNow: @Sendable () -> Timestamp
    private let keys = SigningKeyCache()
    /// Lets functions use made-up keys too, for old code with hard-wired ones.
    private let trustsSandboxes: Bool

    package init(
        profile: Profile, credentials: any CredentialSource, uses: any CredentialUses,
        trustsSandboxes: Bool, wallClock: @escaping @Sendable () -> Timestamp,
        virtualNow: @escaping @Sendable () -> Timestamp
    ) {
        self.profile = profile
        self.credentials = credentials
        self.uses = uses
        self.trustsSandboxes = trustsSandboxes
        self.wallClock = wallClock
        self.virtualNow = virtualNow
    }

    /// The caller, or the refusal for a client of `style`.
    nonisolated(nonsending)
        func caller(
            of request: HTTPRequest, for service: ServiceDescriptor,
            style: SigningRejection.Style
        ) async throws -> Caller
    {
        do {
            return try await caller(of: request, for: service)
        } catch let rejection as SigningRejection {
            throw ServiceFault(
                shapeName: rejection.code(style), code: rejection.code(.query),
                queryErrorCode: rejection.code(.query), httpStatus: rejection.status(style),
                message: rejection.message)
        }
    }

    nonisolated(nonsending)
        private func caller(of request: HTTPRequest, for service: ServiceDescriptor) async throws
        -> Caller
    {
        let view = SignedView(request: request)
        guard let authorization = try SigV4.authorization(of: view) else {
            throw SigningRejection.missingAuthentication
        }
        let region = Region(authorization.region) ?? .usEast1
        let key = authorization.accessKeyID
        guard Self.isIssuedForm(key) else {
            guard profile == .local, trustsSandboxes || !Gateway.isSandbox(request.connection.tag)
            else { throw SigningRejection.invalidToken }
            let account = AccountID(key) ?? .local
            return Caller(principal: .root(account), account: account, region: region)
        }
        guard let issued = try await credentials.credential(key), issued.isActive else {
            throw SigningRejection.invalidToken
        }
        try checkToken(issued, request)
        try SigV4.verify(
            view, authorization: authorization, secret: issued.secretAccessKey,
            service: service.signingName, now: wallClock(), keys: keys)
        uses.noteUse(of: issued, service: service.signingName, region: region)
        let account = issued.principal.account ?? .local
        return Caller(principal: issued.principal, account: account, region: region)
    }

    private func checkToken(_ issued: IssuedCredential, _ request: HTTPRequest) throws {
        guard let token = issued.sessionToken else { return }
        guard let sent = request.header("x-amz-security-token"), sent == token else {
            throw SigningRejection.invalidToken
        }
        if let expiration = issued.expiration, expiration <= virtualNow() {
            throw SigningRejection.expiredToken
        }
    }

    /// `AKIA…` and `ASIA…` with 16 capitals and digits: the form of keys that AWS issues.
    private static func isIssuedForm(_ key: String) -> Bool {
        guard key.utf8.count == 20, key.hasPrefix("AKIA") || key.hasPrefix("ASIA") else {
            return false
        }
        return key.utf8.allSatisfy { ($0 >= 0x41 && $0 <= 0x5A) || ($0 >= 0x30 && $0 <= 0x39) }
    }
}
