// SPDX-License-Identifier: Apache-2.0
// Issuing temporary credentials, and the sessions that other services act under.

package import Basics
import Chronology
package import IdentityAccess
package import ServiceKit
import Storage
import WireModel

extension IAMService {
    /// How many ended sessions an issue sweeps out at most; more than one, so that none pile up.
    private static let sweptPerIssue = 8

    /// Stores temporary credentials for a principal.
    nonisolated(nonsending)
        func issue(
            _ principal: Principal, seconds: Int, policyTexts: [String]? = nil,
            policyARNs: [String] = []
        ) async throws -> (SessionRecord, StoreVersion)
    {
        let now = world.clock.now()
        var session = SessionRecord(
            accessKeyID: UniqueID.accessKey("ASIA", world.entropy),
            secret: UniqueID.secret(world.entropy), token: UniqueID.sessionToken(world.entropy),
            principal: principal, issuedAt: now, expiresAt: now.adding(seconds: Int64(seconds)))
        session.policyTexts = policyTexts
        session.policyARNs = policyARNs
        let made = session
        try await world.store.admitted(bytes: 8192)
        // A new session changes nothing that the look-ups know, so that they need not forget.
        return try await world.store.transact { transaction in
            for arn in made.policyARNs where try await transaction.managedPolicy(arn) == nil {
                throw IAMFault.noPolicy(arn)
            }
            let ended = SessionRecord.expired(
                before: now.adding(seconds: -SessionRecord.keptSeconds))
            for pair in try await transaction.range(ended, limit: Self.sweptPerIssue) {
                transaction.delete(key: pair.key)
                transaction.delete(
                    key: SessionRecord.key(try SessionRecord.accessKeyID(inExpiry: pair.key)))
            }
            transaction.put(key: made.key, value: made.record)
            transaction.put(key: made.expiryKey, value: [])
            return made
        }
    }
}

extension IAMService: RoleSource {
    nonisolated(nonsending)
        package func session(
            of roleARN: ARN, for service: String, named sessionName: String, source: ARN?
        ) async throws -> RoleSession
    {
        try await role(roleARN, trusting: service, for: source)
            .session(named: sessionName, issuedAt: nil)
    }

    nonisolated(nonsending)
        package func credentials(
            of roleARN: ARN, for service: String, named sessionName: String, source: ARN,
            seconds: Int
        ) async throws -> SessionCredentials
    {
        let role = try await role(roleARN, trusting: service, for: source)
        var session = role.session(named: sessionName, issuedAt: world.clock.now())
        session.sourceFunctionARN = source.description
        let (issued, version) = try await issue(.role(session), seconds: seconds)
        try await world.store.durable(version)
        return SessionCredentials(
            accessKeyID: issued.accessKeyID, secretAccessKey: issued.secret,
            sessionToken: issued.token, expiration: issued.expiresAt, principal: session)
    }

    /// The role, if it is there and trusts a service.
    nonisolated(nonsending)
        private func role(
            _ arn: ARN, trusting service: String, for source: ARN?
        ) async throws -> EntityRecord
    {
        guard let role = try await role(arn.description) else {
            let name = arn.resource.split(separator: "/").last.map(String.init) ?? arn.resource
            throw IAMFault.noEntity(.role, name)
        }
        var request = AuthorizationRequest(
            principal: .service(service), action: "sts:AssumeRole", resource: arn.description,
            context: RequestContext(
                now: world.clock.now(), keys: source.map(ContextKey.source) ?? []),
            resourcePolicyRule: .required)
        request.context.resourceTags = role.accessTags
        let trust = NamedPolicy(
            name: role.arn, document: try PolicyDocument.checked(role.trustPolicy, as: .trust))
        let decision = Evaluator.decide(request, policies: .none, resourcePolicy: trust)
        guard decision.isAllowed else {
            throw ServiceFault.accessDenied(
                "\(service) is not authorized to perform: sts:AssumeRole on resource: \(arn)")
        }
        return role
    }
}
