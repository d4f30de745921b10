// SPDX-License-Identifier: Apache-2.0
// UpdateFunctionCode and UpdateFunctionConfiguration: a new revision of $LATEST; environments of
// the former one are retired.

import Basics
import Chronology
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    var updateFunctionCode: Operation {
        Operation(
            Lambda.UpdateFunctionCode.self,
            rules: FunctionMembers.rules(of: Lambda.UpdateFunctionCode.self),
            validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("UpdateFunctionCode", input.functionName, context)
            },
            handler: { [self] input, context in try await updateCode(input, context) })
    }

    nonisolated(nonsending)
        private func updateCode(
            _ input: Lambda.UpdateFunctionCodeRequest, _ context: CallContext
        ) async throws -> Reply<Lambda.FunctionConfiguration>
    {
        let (name, _) = try directory.name(input.functionName, context)
        let function = try await directory.resolve(name, qualifier: nil).function
        let archive = try archive(input.zipFile, operation: "UpdateFunctionCode")
        try FunctionDirectory.check(input.revisionId, is: function.latest.revisionID)
        if input.dryRun == true {
            try await check(archive)
            let shown = await configuration(name, function.latest)
            return Reply(shown, at: function.storedAt)
        }
        let code = try await keep(archive)
        let architecture = input.architectures?.first?.rawValue
        let revisionID = world.entropy.uuid()
        let publishedRevision = world.entropy.uuid()
        let now = world.clock.now()
        let expected = input.revisionId
        let publishes = input.publish ?? false
        let (change, version) = try await directory.change(name) { function, transaction in
            let former = function.latest.revisionID
            try FunctionDirectory.check(expected, is: former)
            function.latest.codeHash = code.hash
            function.latest.codeBytes = code.bytes
            function.latest.architecture = architecture ?? function.latest.architecture
            function.latest.revisionID = revisionID
            function.latest.modifiedAt = now
            let shown =
                publishes
                ? try await publish(
                    &function, in: transaction, description: nil, revisionID: publishedRevision,
                    at: now) : function.latest
            return RevisionChange(former: former, shown: shown)
        }
        return await reply(name, change, version, publishes: publishes)
    }

    var updateFunctionConfiguration: Operation {
        Operation(
            Lambda.UpdateFunctionConfiguration.self,
            rules: FunctionMembers.rules(of: Lambda.UpdateFunctionConfiguration.self),
            validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("UpdateFunctionConfiguration", input.functionName, context)
                    + (input.role.map { [Self.passRole($0)] } ?? [])
            },
            handler: { [self] input, context in
                try await updateConfiguration(input, context)
            })
    }

    nonisolated(nonsending)
        private func updateConfiguration(
            _ input: Lambda.UpdateFunctionConfigurationRequest, _ context: CallContext
        ) async throws -> Reply<Lambda.FunctionConfiguration>
    {
        let (name, _) = try directory.name(input.functionName, context)
        let function = try await directory.resolve(name, qualifier: nil).function
        let wanted = FunctionChange(input)
        var settings = function.latest
        try apply(wanted, to: &settings)
        if settings.runtime != function.latest.runtime {
            try await checkRuntime(settings.runtime)
        }
        if settings.role != function.latest.role
            || settings.deadLetterTarget != function.latest.deadLetterTarget
        {
            try await checkRole(of: settings, name)
        }
        let revisionID = world.entropy.uuid()
        let now = world.clock.now()
        let expected = input.revisionId
        let (change, version) = try await directory.change(name) { function, _ in
            let former = function.latest.revisionID
            try FunctionDirectory.check(expected, is: former)
            try apply(wanted, to: &function.latest)
            function.latest.revisionID = revisionID
            function.latest.modifiedAt = now
            return RevisionChange(former: former, shown: function.latest)
        }
        return await reply(name, change, version, publishes: false)
    }

    /// A change of `$LATEST`: the revision it replaced, and what the caller is shown.
    private struct RevisionChange: Sendable {
        let former: String
        let shown: FunctionSettings
    }

    nonisolated(nonsending)
        private func reply(
            _ name: FunctionName, _ change: RevisionChange, _ version: StoreVersion,
            publishes: Bool
        ) async -> Reply<Lambda.FunctionConfiguration>
    {
        await ports.executor.retire(functionARN: name.arn, revisionID: change.former)
        let shown = await configuration(
            name, change.shown, qualifier: publishes ? change.shown.version : nil,
            progress: .updating)
        return Reply(shown, at: version, subjects: [name.name])
    }
}
