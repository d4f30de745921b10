// SPDX-License-Identifier: Apache-2.0
// A credential that IAM or STS issued, as the edge needs it to authenticate a request.

package import Basics

/// An issued access key, long-term or temporary.
package struct IssuedCredential: Sendable {
    package let accessKeyID: String
    package let secret: String
    package let principal: Principal
    /// Set for temporary credentials, which must be presented with it.
    package let sessionToken: String?
    /// In the world's time; `nil` for long-term keys.
    package let expiresAt: Timestamp?
    /// False for a long-term key that was switched off.
    package let isActive: Bool

    package init(
        accessKeyID: String, secret: String, principal: Principal, sessionToken: String? = nil,
        expiresAt: Timestamp? = nil, isActive: Bool = true
    ) {
        self.accessKeyID = accessKeyID
        self.secret = secret
        self.principal = principal
        self.sessionToken = sessionToken
        self.expiresAt = expiresAt
        self.isActive = isActive
    }

    /// Why a credential is refused before its signature is looked at.
    package enum Refusal: Hashable, Sendable {
        /// Switched off, or presented with another session token.
        case invalid
        case expired
    }

    /// Judges the credential as presented with `token` at the world's time `now`.
    package func refusal(token: String?, now: Timestamp) -> Refusal? {
        guard isActive, token == sessionToken else { return .invalid }
        if let expiresAt, now >= expiresAt { return .expired }
        return nil
    }
}

/// Where issued credentials are found; IAM's part, bound by Platform.
package protocol CredentialSource: Sendable {
    /// The credential with this access key id, expired ones included; `nil` when none was issued.
    nonisolated(nonsending)
        func credential(accessKeyID: String) async throws -> IssuedCredential?
}
