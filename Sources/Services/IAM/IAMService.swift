// SPDX-License-Identifier: Apache-2.0
// IAM and STS over one set of records: registration, and the two ways an operation reaches them.
// What each operation does is under Operations and Sessions.

import IAMWire
import STSWire
package import ServiceKit
import Storage
import WireModel

/// Identities, their policies and their credentials in one world.
package final class IAMService: Sendable {
    let world: World
    let limits: IAMLimits
    let uses = LastUseLedger()
    /// Look-ups for the edge and the authorizer.
    package let directory: IdentityDirectory

    package init(world: World, limits: IAMLimits = IAMLimits()) {
        self.world = world
        self.limits = limits
        directory = IdentityDirectory(store: world.store)
    }

    /// The IAM API.
    package var iamRegistration: ServiceRegistration {
        ServiceRegistration(
            IAM.service,
            operations: roleOperations + userOperations + inlinePolicyOperations
                + attachmentOperations + policyOperations + policyVersionOperations
                + accessKeyOperations + tagOperations,
            resourceTags: { [self] in try await tags(of: $0) })
    }

    /// The STS API.
    package var stsRegistration: ServiceRegistration {
        ServiceRegistration(STS.service, operations: sessionOperations)
    }
}

extension IAMService {
    /// A bound for what one change writes, asked for before it begins.
    private static let changeBytesMax = 32_768

    /// Runs a change and makes the look-ups see it.
    nonisolated(nonsending)
        func change<Result: Sendable>(
            adds: Bool = true, _ body: @Sendable (Transaction) async throws -> Result
        ) async throws -> (Result, StoreVersion)
    {
        try await world.store.admitted(bytes: Self.changeBytesMax, adds: adds)
        let outcome = try await world.store.transact(body)
        directory.forget()
        return outcome
    }

    /// Reads from one consistent view.
    nonisolated(nonsending)
        func read<Result: Sendable>(
            _ body: @Sendable (Transaction) async throws -> Result
        ) async throws -> (Result, StoreVersion)
    {
        try await world.store.transact(body)
    }

    /// Registers an operation of IAM: its action is its name, its resource what `resource` says.
    func operation<Op: WireOperation>(
        _ type: Op.Type,
        on resource:
            nonisolated(nonsending) @escaping @Sendable (Op.Input, CallContext) async throws
            -> String,
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (Op.Input, CallContext) async throws
            -> (Op.Output, StoreVersion)
    ) -> Operation {
        let action = "iam:\(type.descriptor.name)"
        return Operation(
            type, validation: { .validation($0, service: IAM.service) },
            authorize: { input, context in
                let target = try await resource(input, context)
                let keys = try await self.entityKeys(type.descriptor.name, on: target)
                return [Access(action, on: target, keys: keys)]
            },
            handler: { input, context in
                let (output, version) = try await handler(input, context)
                return Reply(output, at: version)
            })
    }
}
