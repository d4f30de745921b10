// SPDX-License-Identifier: Apache-2.0
// PutFunctionConcurrency, GetFunctionConcurrency and DeleteFunctionConcurrency.

import Basics
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    var putFunctionConcurrency: Operation {
        Operation(
            Lambda.PutFunctionConcurrency.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("PutFunctionConcurrency", input.functionName, context)
            },
            handler: { [self] input, context in
                let (name, _) = try directory.name(input.functionName, context)
                let wanted = Int(input.reservedConcurrentExecutions)
                let (_, version) = try await directory.change(name) { function, transaction in
                    let others = try await reserved(
                        name.account, name.region, but: name, in: transaction)
                    guard
                        limits.concurrentExecutions - others - wanted
                            >= limits.unreservedConcurrencyMin
                    else {
                        throw LambdaFaults.invalid(
                            "Specified ReservedConcurrentExecutions for function decreases "
                                + "account's UnreservedConcurrentExecution below its minimum "
                                + "value of [\(limits.unreservedConcurrencyMin)].")
                    }
                    function.reservedConcurrency = wanted
                }
                ledger.reconsider(name)
                return Reply(
                    Lambda.Concurrency(reservedConcurrentExecutions: Int32(clamping: wanted)),
                    at: version)
            })
    }

    var getFunctionConcurrency: Operation {
        Operation(
            Lambda.GetFunctionConcurrency.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("GetFunctionConcurrency", input.functionName, context)
            },
            handler: { [self] input, context in
                let (name, _) = try directory.name(input.functionName, context)
                let function = try await directory.resolve(name, qualifier: nil).function
                return Reply(
                    Lambda.GetFunctionConcurrencyResponse(
                        reservedConcurrentExecutions: function.reservedConcurrency.map {
                            Int32(clamping: $0)
                        }), at: function.storedAt)
            })
    }

    var deleteFunctionConcurrency: Operation {
        Operation(
            Lambda.DeleteFunctionConcurrency.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("DeleteFunctionConcurrency", input.functionName, context)
            },
            handler: { [self] input, context in
                let (name, _) = try directory.name(input.functionName, context)
                let (_, version) = try await directory.change(name) { function, _ in
                    function.reservedConcurrency = nil
                }
                ledger.reconsider(name)
                return Reply(EmptyStructure(), at: version)
            })
    }

    /// What functions of an account and region have reserved.
    nonisolated(nonsending)
        func reserved(
            _ account: AccountID, _ region: Region, but exception: FunctionName?,
            in reader: any StoreReader
        ) async throws -> Int
    {
        var sum = 0
        var pages = reader.pages(FunctionKeys.all(account, region).prefix)
        while let page = try await pages.next() {
            for pair in page {
                let function = try FunctionRecord(pair.value, key: pair.key)
                if function.name != exception { sum += function.reservedConcurrency ?? 0 }
            }
        }
        return sum
    }

    var getAccountSettings: Operation {
        Operation(
            Lambda.GetAccountSettings.self, validation: LambdaFaults.validation,
            authorize: { _, _ in Self.access("GetAccountSettings") },
            handler: { [self] _, context in
                var count: Int64 = 0
                var bytes: Int64 = 0
                var reserved = 0
                var pages = world.store.pages(
                    FunctionKeys.all(context.account, context.region).prefix)
                while let page = try await pages.next() {
                    for pair in page {
                        let function = try FunctionRecord(pair.value, key: pair.key)
                        count += 1
                        bytes += function.latest.codeBytes
                        reserved += function.reservedConcurrency ?? 0
                    }
                }
                let limit = Lambda.AccountLimit(
                    totalCodeSize: limits.totalCodeBytesMax,
                    codeSizeUnzipped: Int64(limits.unzippedBytesMax),
                    codeSizeZipped: Int64(limits.zippedBytesMax),
                    concurrentExecutions: Int32(clamping: limits.concurrentExecutions),
                    unreservedConcurrentExecutions: Int32(
                        clamping: limits.concurrentExecutions - reserved))
                return Reply(
                    Lambda.GetAccountSettingsResponse(
                        accountLimit: limit,
                        accountUsage: Lambda.AccountUsage(
                            totalCodeSize: bytes, functionCount: count)),
                    at: world.store.latestVersion)
            })
    }
}
