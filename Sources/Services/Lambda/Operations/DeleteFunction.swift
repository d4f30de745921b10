// SPDX-License-Identifier: Apache-2.0
// DeleteFunction: a function with all its versions, or one version.

import Basics
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    var deleteFunction: Operation {
        Operation(
            Lambda.DeleteFunction.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("DeleteFunction", input.functionName, context)
            },
            handler: { [self] input, context in
                let (name, qualifier) = try directory.name(
                    input.functionName, qualifier: input.qualifier, context)
                if let qualifier {
                    return try await deleteVersion(name, qualifier)
                }
                try await world.store.admitted(bytes: 512, adds: false)
                let (_, version) = try await world.store.transact { transaction in
                    guard try await directory.function(name, in: transaction) != nil else {
                        throw LambdaFaults.functionNotFound(name.arn.description)
                    }
                    transaction.delete(key: FunctionKeys.function(name))
                    transaction.deleteRange(FunctionKeys.versions(name).prefix)
                    transaction.deleteRange(FunctionKeys.invokeConfigs(name).prefix)
                }
                await ports.executor.retire(functionARN: name.arn, revisionID: nil)
                ledger.reconsider(name)
                return Reply(
                    Lambda.DeleteFunctionResponse(statusCode: 204), at: version,
                    subjects: [name.name])
            })
    }

    nonisolated(nonsending)
        private func deleteVersion(_ name: FunctionName, _ qualifier: String) async throws
        -> Reply<Lambda.DeleteFunctionResponse>
    {
        guard qualifier != FunctionSettings.latestVersion else {
            throw LambdaFaults.invalid(
                "$LATEST version cannot be deleted without deleting the function.")
        }
        let (revision, version) = try await directory.change(name) { function, transaction in
            guard let number = UInt64(qualifier),
                let settings = try await directory.version(name, number, in: transaction)
            else { throw LambdaFaults.functionNotFound(name.arn(qualifier: qualifier)) }
            transaction.delete(key: FunctionKeys.version(name, number))
            transaction.delete(key: FunctionKeys.invokeConfig(name, qualifier: qualifier))
            return settings.revisionID
        }
        await ports.executor.retire(functionARN: name.arn, revisionID: revision)
        return Reply(
            Lambda.DeleteFunctionResponse(statusCode: 204), at: version, subjects: [name.name])
    }
}
