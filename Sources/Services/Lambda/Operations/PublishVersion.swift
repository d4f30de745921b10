// SPDX-License-Identifier: Apache-2.0
// PublishVersion: a numbered copy of $LATEST, unless nothing has changed since the last one.

import Basics
import Chronology
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    var publishVersion: Operation {
        Operation(
            Lambda.PublishVersion.self,
            rules: MemberRules(
                refused: ["PublishTo": "publishing to $LATEST.PUBLISHED is not built."]),
            validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("PublishVersion", input.functionName, context)
            },
            handler: { [self] input, context in
                let (name, _) = try directory.name(input.functionName, context)
                let revisionID = world.entropy.uuid()
                let now = world.clock.now()
                let (shown, version) = try await directory.change(name) {
                    function, transaction in
                    try FunctionDirectory.check(
                        input.revisionId, is: function.latest.revisionID)
                    if let hash = input.codeSha256, hash != function.latest.codeSHA256 {
                        throw LambdaFaults.invalid(
                            "CodeSHA256 (\(hash)) is different from current CodeSHA256 in "
                                + "$LATEST (\(function.latest.codeSHA256)). Please try again with "
                                + "the CodeSHA256 in $LATEST.")
                    }
                    return try await publish(
                        &function, in: transaction, description: input.description,
                        revisionID: revisionID, at: now)
                }
                let reply = await configuration(name, shown, qualifier: shown.version)
                return Reply(reply, at: version, subjects: [name.name])
            })
    }

    /// Adds a version to `function`, or finds the last one unchanged.
    nonisolated(nonsending)
        func publish(
            _ function: inout FunctionRecord, in transaction: Transaction,
            description: String?, revisionID: String, at time: Timestamp
        ) async throws -> FunctionSettings
    {
        if function.lastVersion > 0,
            let last = try await directory.version(
                function.name, function.lastVersion, in: transaction),
            last.isSameContent(as: function.latest)
        {
            return last
        }
        function.lastVersion += 1
        let settings = function.latest.published(
            as: function.lastVersion, description: description, revisionID: revisionID, at: time)
        transaction.put(
            key: FunctionKeys.version(function.name, function.lastVersion),
            value: settings.record)
        return settings
    }
}
