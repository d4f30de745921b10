// SPDX-License-Identifier: Apache-2.0
// Assuming a role: trust policy, session policies, duration.

import Basics
import Chronology
import IdentityAccess
import STSWire
import ServiceKit
import Storage
import WireModel

extension IAMService {
    /// The longest session of a role that is assumed with another role's credentials.
    private static let chainedSecondsMax = 3600

    nonisolated(nonsending)
        func assumeRole(
            _ input: STS.AssumeRoleRequest, _ context: CallContext
        ) async throws -> (STS.AssumeRoleResponse, StoreVersion)
    {
        let limits = try sessionPolicies(input)
        var keys = [ContextKey("sts:RoleSessionName", input.roleSessionName)]
        if let id = input.externalId { keys.append(ContextKey("sts:ExternalId", id)) }
        let role = try await trustedRole(input.roleArn, context, keys: keys)
        let seconds = Int(input.durationSeconds ?? 3600)
        guard seconds <= role.maxSessionSeconds else {
            throw ServiceFault.validation(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
                service: STS.service)
        }
        if case .role = context.principal, seconds > Self.chainedSecondsMax {
            throw ServiceFault.validation(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles "
                    + "assumed by role chaining.", service: STS.service)
        }
        let session = role.session(named: input.roleSessionName, issuedAt: world.clock.now())
        let (issued, version) = try await issue(
            .role(session), seconds: seconds, policyTexts: limits.texts, policyARNs: limits.arns)
        let output = STS.AssumeRoleResponse(
            credentials: issued.credentials,
            assumedRoleUser: STS.AssumedRoleUser(
                assumedRoleId: "\(role.id):\(input.roleSessionName)", arn: session.arn),
            packedPolicySize: limits.texts == nil ? nil : Int32(clamping: limits.packedPercent))
        return (output, version)
    }

    /// Session policies as asked for; `texts` is `nil` without any.
    private struct SessionPolicies {
        var texts: [String]?
        var arns: [String] = []
        var packedPercent = 0
    }

    private func sessionPolicies(
        _ input: STS.AssumeRoleRequest
    ) throws(ServiceFault) -> SessionPolicies {
        let arns = (input.policyArns ?? []).compactMap(\.arn)
        guard input.policy != nil || !arns.isEmpty else { return SessionPolicies() }
        let characters =
            (input.policy?.utf8.count ?? 0) + arns.reduce(0) { $0 + $1.utf8.count }
        guard characters <= limits.sessionPolicyCharacters, arns.count <= 10 else {
            throw STS.Faults.packedPolicyTooLargeException(
                message: "Packed size of session policies and tags exceeds the limit.")
        }
        if let policy = input.policy {
            do {
                _ = try PolicyDocument.parse(policy, as: .session)
            } catch {
                throw STS.Faults.malformedPolicyDocumentException(message: error.message)
            }
        }
        return SessionPolicies(
            texts: input.policy.map { [$0] } ?? [], arns: arns,
            packedPercent: max(1, characters * 100 / limits.sessionPolicyCharacters))
    }

    /// The role, if its trust policy and the caller's own policies let the caller assume it.
    ///
    /// A role that does not exist is refused like one that may not be assumed, as on AWS, so
    /// that names cannot be probed.
    nonisolated(nonsending)
        func trustedRole(
            _ roleARN: String, _ context: CallContext, keys: [ContextKey]
        ) async throws -> EntityRecord
    {
        var request = AuthorizationRequest(
            principal: context.principal, action: "sts:AssumeRole", resource: roleARN,
            context: context.conditions(at: world.clock.now(), keys: keys),
            resourcePolicyRule: .required)
        guard let role = try await role(roleARN) else { throw Self.mayNotAssume(request) }
        request.resourceAccount = role.account
        request.context.resourceTags = role.accessTags
        let trust = NamedPolicy(
            name: roleARN, document: try PolicyDocument.checked(role.trustPolicy, as: .trust))
        let decision = Evaluator.decide(
            request, policies: try await directory.policies(for: context.principal),
            resourcePolicy: trust)
        guard decision.isAllowed else { throw Self.mayNotAssume(request) }
        return role
    }

    /// The role with this exact ARN.
    nonisolated(nonsending)
        func role(_ text: String) async throws -> EntityRecord?
    {
        guard let arn = ARN(parsing: text), arn.service == "iam",
            let account = AccountID(arn.account), arn.resource.hasPrefix("role/"),
            let name = arn.resource.split(separator: "/").last
        else { return nil }
        let (role, version) = try await read { transaction in
            try await transaction.entityIfAny(.role, account, String(name))
        }
        try await world.store.durable(version)
        return role?.arn == text ? role : nil
    }

    private static func mayNotAssume(_ request: AuthorizationRequest) -> ServiceFault {
        .accessDenied(
            "User: \(request.principal.arn) is not authorized to perform: sts:AssumeRole on "
                + "resource: \(request.resource)")
    }
}

extension EntityRecord {
    /// A session of this role.
    func session(named name: String, issuedAt: Timestamp?) -> RoleSession {
        RoleSession(
            account: account, rolePath: path, roleName: self.name, roleID: id, sessionName: name,
            issuedAt: issuedAt)
    }
}
