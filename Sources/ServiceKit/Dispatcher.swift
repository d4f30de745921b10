// SPDX-License-Identifier: Apache-2.0
// The path every call takes once its input has been read, from outside or from a service:
// permission, handler, durability, journal.

import Basics
import Chronology
package import IdentityAccess
import Journal
import Storage
package import WireModel

/// Where the policies of a principal come from; IAM's part, bound by Platform.
package protocol PolicySource: Sendable {
    /// The policies that bear on `principal`.
    nonisolated(nonsending)
        func policies(for principal: Principal) async throws -> EffectivePolicies
}

/// Runs prepared calls.
package final class Dispatcher: Sendable {
    /// What came of a call.
    package struct Outcome: Sendable {
        package let result: Result<any WireStructure, ServiceFault>
        package var subjects: [String] = []
        package var detail = ""
        package var resource = ""
        /// A refused request is a request.
        package var billedRequests = 1
    }

    private let world: World
    private let policySource: any PolicySource

    package init(world: World, policySource: any PolicySource) {
        self.world = world
        self.policySource = policySource
    }

    /// Runs a call to its durable end and records it.
    nonisolated(nonsending)
        package func run(
            _ call: PreparedCall, of service: ServiceRegistration, _ context: CallContext
        ) async -> Outcome
    {
        let began = world.clock.physical.monotonicNanoseconds()
        let time = world.clock.now()
        var outcome: Outcome
        do {
            let passed = try await authorize(call, of: service, context, at: time)
            let reply = try await call.run(context)
            try await world.store.durable(reply.version)
            outcome = Outcome(result: .success(reply.output))
            outcome.subjects = reply.subjects
            outcome.billedRequests = reply.billedRequests
            outcome.detail = passed.detail
            outcome.resource = passed.resource
        } catch {
            outcome = Outcome(result: .failure(Self.fault(for: error)))
        }
        record(call, context, outcome, time: time, began: began)
        return outcome
    }

    /// Passes or throws; answers what decided.
    nonisolated(nonsending)
        private func authorize(
            _ call: PreparedCall, of service: ServiceRegistration, _ context: CallContext,
            at time: Timestamp
        ) async throws -> (detail: String, resource: String)
    {
        let accesses = try await call.accesses(context)
        let resource = accesses.first?.resource ?? ""
        if case .root(let account) = context.principal, account == context.account,
            accesses.allSatisfy({ Self.belongs($0.resource, to: account) }),
            try await !isGuarded(accesses, service)
        {
            return ("account root", resource)
        }
        let policies = try await policySource.policies(for: context.principal)
        var detail = ""
        for access in accesses {
            var request = AuthorizationRequest(
                principal: context.principal, action: access.action, resource: access.resource,
                resourceAccount: access.resource == "*" ? context.account : nil,
                context: context.conditions(at: time, keys: access.keys))
            let resourcePolicy = try await service.resourcePolicy(access.resource)
            if policies.asksForResourceTags || resourcePolicy?.document.asksForResourceTags == true
            {
                request.context.resourceTags = try await service.resourceTags(access.resource)
            }
            let decision = Evaluator.decide(
                request, policies: policies, resourcePolicy: resourcePolicy)
            guard decision.isAllowed else {
                throw ServiceFault.accessDenied(decision.denialMessage(for: request))
            }
            detail = decision.statement.map { "\($0.policy)#\($0.sid ?? String($0.index))" } ?? ""
        }
        return (detail, resource)
    }

    /// Whether a resource has a policy of its own, which binds even the account's root.
    nonisolated(nonsending)
        private func isGuarded(_ accesses: [Access], _ service: ServiceRegistration) async throws
        -> Bool
    {
        for access in accesses where try await service.resourcePolicy(access.resource) != nil {
            return true
        }
        return false
    }

    private static func belongs(_ resource: String, to account: AccountID) -> Bool {
        guard resource != "*", let owner = ARN.account(in: resource) else { return true }
        return owner.isEmpty || owner == account.description
    }

    private func record(
        _ call: PreparedCall, _ context: CallContext, _ outcome: Outcome, time: Timestamp,
        began: UInt64
    ) {
        let descriptor = call.operation.descriptor
        var record = JournalRecord(
            id: context.record, cause: context.cause, kind: .call, time: time,
            service: descriptor.service.signingName, operation: descriptor.name)
        record.principal = context.principal.arn
        record.requestID = context.requestID
        record.subjects = outcome.subjects
        record.resource = outcome.resource
        record.requestBytes = context.requestBytes
        record.detail = outcome.detail
        record.billedRequests = outcome.billedRequests
        switch outcome.result {
        case .success: record.status = descriptor.successStatus
        case .failure(let fault):
            record.status = fault.httpStatus
            record.error = fault.code
            record.detail = fault.message
        }
        let ended = world.clock.physical.monotonicNanoseconds()
        record.durationMicroseconds = Int64(clamping: (ended &- began) / 1000)
        world.journal.append(record)
    }

    /// The fault a client sees for anything a handler may throw.
    private static func fault(for error: any Error) -> ServiceFault {
        switch error {
        case let fault as ServiceFault: fault
        case StoreError.overloaded: .throttling()
        case StoreError.full:
            ServiceFault(
                shapeName: "ServiceUnavailable", httpStatus: 503,
                message: "The disk is nearly full: only reads and deletions are accepted.")
        case let error as StoreError:
            ServiceFault(
                shapeName: "ServiceUnavailable", httpStatus: 503, message: error.description)
        case is CancellationError:
            ServiceFault(
                shapeName: "RequestAbandoned", httpStatus: 499, isSender: true,
                message: "The client went away.")
        default: .internalFailure
        }
    }
}
