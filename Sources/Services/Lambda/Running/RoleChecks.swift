// SPDX-License-Identifier: Apache-2.0
// Whether an execution role can be assumed, and what it may do, asked before anything needs it.

import Basics
import Chronology
import IdentityAccess
import LambdaWire
import ServiceKit
import WireModel

/// Looks at execution roles.
struct RoleChecks: Sendable {
    let world: World
    let roles: any RoleSource
    let policies: any PolicySource

    /// The session a function works under, or AWS's fault for a role Lambda cannot assume.
    nonisolated(nonsending)
        func session(of role: String, for function: FunctionName) async throws -> RoleSession
    {
        guard let arn = ARN(parsing: role) else { throw LambdaFaults.roleNotAssumable }
        guard arn.account == function.account.description else {
            throw ServiceFault.accessDenied("Cross-account pass role is not allowed.")
        }
        do {
            return try await roles.session(
                of: arn, for: LambdaService.principal, named: function.name,
                source: function.arn)
        } catch {
            throw LambdaFaults.role(error)
        }
    }

    /// Throws unless the role's policies allow every action on `resource`.
    nonisolated(nonsending)
        func require(
            _ actions: [String], on resource: ARN, of session: RoleSession, service: String
        ) async throws
    {
        let principal = Principal.role(session)
        let effective = try await policies.policies(for: principal)
        for action in actions {
            let request = AuthorizationRequest(
                principal: principal, action: action, resource: resource.description,
                context: RequestContext(
                    now: world.clock.now(), requestedRegion: resource.region))
            guard Evaluator.decide(request, policies: effective).isAllowed else {
                let name = action.split(separator: ":").last.map(String.init) ?? action
                throw LambdaFaults.invalid(
                    "The provided execution role does not have permissions to call \(name) on "
                        + service)
            }
        }
    }
}
