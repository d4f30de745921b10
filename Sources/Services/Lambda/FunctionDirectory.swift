// SPDX-License-Identifier: Apache-2.0
// Functions, versions and invoke configurations in the store: reading, resolving, changing.

import Basics
import LambdaWire
import ServiceKit
import Storage
import WireModel

/// The functions of a world.
struct FunctionDirectory: Sendable {
    let world: World

    // MARK: Names

    /// The function that `text` and `qualifier` name, seen from the caller's account and region.
    func name(_ text: String, qualifier: String? = nil, _ context: CallContext)
        throws(ServiceFault) -> (name: FunctionName, qualifier: String?)
    {
        guard let reference = FunctionReference(parsing: text) else {
            throw LambdaFaults.invalid("'\(text.prefix(256))' is not a function's name or ARN.")
        }
        if let region = reference.region, region != context.region {
            throw Lambda.Faults.resourceNotFoundException(
                message: "Functions from '\(region)' are not reachable in this region "
                    + "('\(context.region)')")
        }
        if let derived = reference.qualifier, let qualifier, derived != qualifier {
            throw LambdaFaults.invalid(
                "The derived qualifier from the function name does not match the specified "
                    + "qualifier.")
        }
        let name = FunctionName(
            account: reference.account ?? context.account, region: context.region,
            name: reference.name)
        return (name, reference.qualifier ?? qualifier)
    }

    // MARK: Reading

    nonisolated(nonsending)
        func function(_ name: FunctionName, in reader: any StoreReader) async throws
        -> FunctionRecord?
    {
        let key = FunctionKeys.function(name)
        guard let value = try await reader.get(key) else { return nil }
        return try FunctionRecord(value, key: key)
    }

    /// The version that `qualifier` names, or the fault for one that is not there.
    nonisolated(nonsending)
        func resolve(
            _ name: FunctionName, qualifier: String?, in reader: any StoreReader
        ) async throws -> ResolvedFunction
    {
        guard let function = try await function(name, in: reader) else {
            throw LambdaFaults.functionNotFound(name.arn(qualifier: qualifier))
        }
        guard let qualifier, qualifier != FunctionSettings.latestVersion else {
            return ResolvedFunction(
                function: function, settings: function.latest, qualifier: qualifier,
                version: function.storedAt)
        }
        guard let number = UInt64(qualifier),
            let settings = try await version(name, number, in: reader)
        else { throw LambdaFaults.functionNotFound(name.arn(qualifier: qualifier)) }
        // Published in an earlier commit than the function's last, or in that one.
        return ResolvedFunction(
            function: function, settings: settings, qualifier: qualifier,
            version: function.storedAt)
    }

    nonisolated(nonsending)
        func resolve(_ name: FunctionName, qualifier: String?) async throws -> ResolvedFunction
    {
        try await resolve(name, qualifier: qualifier, in: world.store)
    }

    nonisolated(nonsending)
        func version(_ name: FunctionName, _ number: UInt64, in reader: any StoreReader)
        async throws -> FunctionSettings?
    {
        let key = FunctionKeys.version(name, number)
        guard let value = try await reader.get(key) else { return nil }
        return try FunctionSettings(value, key: key)
    }

    nonisolated(nonsending)
        func invokeConfig(
            _ name: FunctionName, qualifier: String?, in reader: any StoreReader
        ) async throws -> EventInvokeConfig?
    {
        let key = FunctionKeys.invokeConfig(
            name, qualifier: qualifier ?? FunctionSettings.latestVersion)
        guard let value = try await reader.get(key) else { return nil }
        return try EventInvokeConfig(value, key: key)
    }

    // MARK: Changing

    /// Changes a function that is there, in one transaction.
    nonisolated(nonsending)
        func change<Result: Sendable>(
            _ name: FunctionName,
            _ body: @Sendable (inout FunctionRecord, Transaction) async throws -> Result
        ) async throws -> (Result, StoreVersion)
    {
        try await world.store.admitted(bytes: 4096)
        return try await world.store.transact { transaction in
            guard var function = try await function(name, in: transaction) else {
                throw LambdaFaults.functionNotFound(name.arn.description)
            }
            let result = try await body(&function, transaction)
            try Self.put(function, into: transaction)
            return result
        }
    }

    static func put(_ function: FunctionRecord, into transaction: Transaction) throws {
        guard let record = function.record else { throw ServiceFault.internalFailure }
        transaction.put(key: FunctionKeys.function(function.name), value: record)
    }

    /// Throws when the caller saw another revision than the one there is.
    static func check(_ revision: String?, is current: String) throws(ServiceFault) {
        if let revision, revision != current { throw LambdaFaults.revisionDiffers }
    }
}
