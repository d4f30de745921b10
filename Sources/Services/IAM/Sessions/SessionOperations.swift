// SPDX-License-Identifier: Apache-2.0
// STS: who am I, and temporary credentials.

import Basics
import IdentityAccess
import STSWire
import ServiceKit
import Storage
import WireModel

extension IAMService {
    private static let noMFA: Refusal = "multi-factor authentication is not built."
    private static let noTags: Refusal =
        "session tags are not judged yet, so that they are not accepted."

    var sessionOperations: [Operation] {
        [
            Operation(
                STS.GetCallerIdentity.self, validation: Self.stsValidation,
                // AWS asks no permission for it, not even of a denied caller.
                authorize: { _, _ in [] },
                handler: { _, context in
                    Reply(
                        STS.GetCallerIdentityResponse(
                            userId: context.principal.userID,
                            account: context.principal.account?.description,
                            arn: context.principal.arn), at: .zero)
                }),
            Operation(
                STS.AssumeRole.self,
                rules: MemberRules(refused: [
                    "Tags": Self.noTags, "TransitiveTagKeys": Self.noTags,
                    "SerialNumber": Self.noMFA, "TokenCode": Self.noMFA,
                    "SourceIdentity": "source identities are not built.",
                    "ProvidedContexts": "identity contexts are not built.",
                ]), validation: Self.stsValidation,
                // The role's trust policy decides together with the caller's own policies, and
                // the dispatcher knows no trust policies: `assume` judges both.
                authorize: { _, _ in [] },
                handler: { input, context in
                    let (output, version) = try await self.assumeRole(input, context)
                    return Reply(output, at: version)
                }),
            Operation(
                STS.GetSessionToken.self,
                rules: MemberRules(refused: [
                    "SerialNumber": Self.noMFA, "TokenCode": Self.noMFA,
                ]), validation: Self.stsValidation,
                // AWS asks no permission for it.
                authorize: { _, _ in [] },
                handler: { input, context in
                    let (output, version) = try await self.sessionToken(input, context)
                    return Reply(output, at: version)
                }),
        ]
    }

    private static let stsValidation: @Sendable ([ConstraintViolation]) -> ServiceFault = {
        .validation($0, service: STS.service)
    }

    nonisolated(nonsending)
        private func sessionToken(
            _ input: STS.GetSessionTokenRequest, _ context: CallContext
        ) async throws -> (STS.GetSessionTokenResponse, StoreVersion)
    {
        switch context.principal {
        case .root, .user: break
        case .role, .service, .anonymous:
            throw ServiceFault.accessDenied(
                "Cannot call GetSessionToken with session credentials")
        }
        // A root's session lasts an hour, a user's twelve unless it asks for less or more.
        var seconds = Int(input.durationSeconds ?? 43_200)
        if case .root = context.principal { seconds = min(seconds, 3600) }
        let (session, version) = try await issue(context.principal, seconds: seconds)
        let output = STS.GetSessionTokenResponse(credentials: session.credentials)
        return (output, version)
    }
}

extension SessionRecord {
    /// The credentials as STS hands them out.
    var credentials: STS.Credentials {
        STS.Credentials(
            accessKeyId: accessKeyID, secretAccessKey: secret, sessionToken: token,
            expiration: expiresAt)
    }
}
