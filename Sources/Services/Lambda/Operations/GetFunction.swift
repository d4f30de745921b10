// SPDX-License-Identifier: Apache-2.0
// GetFunction and GetFunctionConfiguration.

import Basics
import Chronology
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    var getFunction: Operation {
        Operation(
            Lambda.GetFunction.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("GetFunction", input.functionName, context)
            },
            handler: { [self] input, context in
                let (name, qualifier) = try directory.name(
                    input.functionName, qualifier: input.qualifier, context)
                let found = try await directory.resolve(name, qualifier: qualifier)
                var reply = Lambda.GetFunctionResponse(
                    configuration: await configuration(
                        name, found.settings, qualifier: qualifier),
                    code: Lambda.FunctionCodeLocation(
                        repositoryType: "S3",
                        location: codeLocation(found.settings, context)))
                if !found.function.tags.isEmpty { reply.tags = found.function.tags }
                reply.concurrency = found.function.reservedConcurrency.map {
                    Lambda.Concurrency(reservedConcurrentExecutions: Int32(clamping: $0))
                }
                return Reply(reply, at: found.version)
            })
    }

    var getFunctionConfiguration: Operation {
        Operation(
            Lambda.GetFunctionConfiguration.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("GetFunctionConfiguration", input.functionName, context)
            },
            handler: { [self] input, context in
                let (name, qualifier) = try directory.name(
                    input.functionName, qualifier: input.qualifier, context)
                let found = try await directory.resolve(name, qualifier: qualifier)
                let reply = await configuration(name, found.settings, qualifier: qualifier)
                return Reply(reply, at: found.version)
            })
    }

    /// Where the archive may be fetched for a while, as with AWS's presigned address.
    private func codeLocation(_ settings: FunctionSettings, _ context: CallContext) -> String {
        let link = links.issue(settings.codeHash, at: world.clock.now(), world.entropy)
        return "\(context.endpoint)\(Self.codePathPrefix)\(link).zip"
    }

    /// What the path of a code's address begins with; the edge serves `codeArchive` there.
    package static let codePathPrefix = "/_martlet/lambda/code/"

    /// The archive behind a code's address, given what follows the prefix; `nil` for an address
    /// that was never given out or is out of date.
    package func codeArchive(_ file: String) async throws -> [UInt8]? {
        guard file.hasSuffix(".zip"),
            let hash = links.hash(String(file.dropLast(4)), at: world.clock.now())
        else { return nil }
        do {
            return try await world.blobs.get(hash)
        } catch BlobError.missing {
            return nil
        }
    }
}
