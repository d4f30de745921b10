// SPDX-License-Identifier: Apache-2.0
// CreateFunction: checks, keeps the code, stores the function.

import Basics
import Chronology
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    var createFunction: Operation {
        Operation(
            Lambda.CreateFunction.self,
            rules: FunctionMembers.rules(of: Lambda.CreateFunction.self),
            validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("CreateFunction", input.functionName, context)
                    + [Self.passRole(input.role)]
            },
            handler: { [self] input, context in try await create(input, context) })
    }

    nonisolated(nonsending)
        private func create(_ input: Lambda.CreateFunctionRequest, _ context: CallContext)
        async throws -> Reply<Lambda.FunctionConfiguration>
    {
        let (name, qualifier) = try directory.name(input.functionName, context)
        guard qualifier == nil, name.account == context.account else {
            throw LambdaFaults.invalid("A new function is named without account and qualifier.")
        }
        guard let runtime = input.runtime, let handler = input.handler else {
            throw LambdaFaults.invalid(
                "Runtime and Handler are mandatory parameters for functions created with "
                    + "deployment packages.")
        }
        let archive = try archive(input.code.zipFile, operation: "CreateFunction")
        if try await directory.function(name, in: world.store) != nil {
            throw LambdaFaults.functionExists(name.name)
        }
        guard let noHash = BlobHash(bytes: [UInt8](repeating: 0, count: 32)) else {
            throw ServiceFault.internalFailure
        }
        var settings = FunctionSettings(
            runtime: runtime.rawValue, handler: handler, role: input.role, codeHash: noHash,
            codeBytes: 0, revisionID: world.entropy.uuid(), modifiedAt: world.clock.now())
        try apply(FunctionChange(input), to: &settings)
        let tags = input.tags ?? [:]
        try FunctionRules.check(tags: tags, limits: limits)
        try await checkRuntime(settings.runtime)
        try await checkRole(of: settings, name)
        let code = try await keep(archive)
        settings.codeHash = code.hash
        settings.codeBytes = code.bytes
        return try await store(settings, tags, name, publishes: input.publish ?? false)
    }

    nonisolated(nonsending)
        private func store(
            _ settings: FunctionSettings, _ tags: [String: String], _ name: FunctionName,
            publishes: Bool
        ) async throws -> Reply<Lambda.FunctionConfiguration>
    {
        let identity = world.entropy.uuid()
        let revision = world.entropy.uuid()
        try await world.store.admitted(bytes: 8192)
        let (shown, version) = try await world.store.transact { transaction in
            guard try await directory.function(name, in: transaction) == nil else {
                throw LambdaFaults.functionExists(name.name)
            }
            var function = FunctionRecord(name: name, identity: identity, latest: settings)
            function.tags = tags
            var shown = settings
            if publishes {
                shown = settings.published(
                    as: 1, description: nil, revisionID: revision, at: settings.modifiedAt)
                function.lastVersion = 1
                transaction.put(key: FunctionKeys.version(name, 1), value: shown.record)
            }
            try FunctionDirectory.put(function, into: transaction)
            return shown
        }
        let qualifier = publishes ? shown.version : nil
        let reply = await configuration(name, shown, qualifier: qualifier, progress: .creating)
        return Reply(reply, at: version, subjects: [name.name])
    }

    /// Throws unless something on this machine can run the runtime.
    func checkRuntime(_ runtime: String) async throws {
        if case .missing(let explanation) = await ports.executor.availability(ofRuntime: runtime) {
            throw LambdaFaults.invalid(
                "The runtime parameter of \(runtime) cannot be served here: \(explanation)")
        }
    }

    /// Throws unless Lambda can assume the role and the role may send to the dead-letter queue.
    nonisolated(nonsending)
        func checkRole(of settings: FunctionSettings, _ name: FunctionName) async throws
    {
        let session = try await roles.session(of: settings.role, for: name)
        if let queue = settings.deadLetterTarget.flatMap({ ARN(parsing: $0) }) {
            try await roles.require(["sqs:SendMessage"], on: queue, of: session, service: "SQS")
        }
    }
}
