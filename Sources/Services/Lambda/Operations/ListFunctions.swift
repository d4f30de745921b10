// SPDX-License-Identifier: Apache-2.0
// ListFunctions and ListVersionsByFunction: pages in order of name and of version.

import Basics
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    var listFunctions: Operation {
        Operation(
            Lambda.ListFunctions.self,
            rules: MemberRules(
                refused: ["MasterRegion": "Lambda@Edge is not built."]),
            validation: LambdaFaults.validation,
            authorize: { _, _ in Self.access("ListFunctions") },
            handler: { [self] input, context in
                if input.functionVersion == .all { return try await listAll(input, context) }
                return try await list(input, context)
            })
    }

    nonisolated(nonsending)
        private func list(_ input: Lambda.ListFunctionsRequest, _ context: CallContext)
        async throws -> Reply<Lambda.ListFunctionsResponse>
    {
        let limit = min(Int(input.maxItems ?? 50), limits.functionsPageMax)
        var range = FunctionKeys.all(context.account, context.region).prefix
        if let last = try Self.item(in: input.marker) {
            range = range.after(
                FunctionKeys.function(
                    FunctionName(account: context.account, region: context.region, name: last)))
        }
        let page = try await world.store.range(range, limit: limit + 1)
        var availabilities = Availabilities(ports.executor)
        var functions: [Lambda.FunctionConfiguration] = []
        for pair in page.prefix(limit) {
            let function = try FunctionRecord(pair.value, key: pair.key)
            functions.append(
                await configuration(function.name, function.latest, &availabilities))
        }
        let marker = page.count > limit ? functions.last?.functionName : nil
        return Reply(
            Lambda.ListFunctionsResponse(
                nextMarker: marker.map(Self.marker), functions: functions),
            at: world.store.latestVersion)
    }

    /// Every version of every function; a page ends after whole functions.
    nonisolated(nonsending)
        private func listAll(_ input: Lambda.ListFunctionsRequest, _ context: CallContext)
        async throws -> Reply<Lambda.ListFunctionsResponse>
    {
        let limit = min(Int(input.maxItems ?? 50), limits.functionsPageMax)
        var range = FunctionKeys.all(context.account, context.region).prefix
        if let last = try Self.item(in: input.marker) {
            range = range.after(
                FunctionKeys.function(
                    FunctionName(account: context.account, region: context.region, name: last)))
        }
        var availabilities = Availabilities(ports.executor)
        var configurations: [Lambda.FunctionConfiguration] = []
        var marker: String?
        for pair in try await world.store.range(range, limit: limit + 1) {
            guard configurations.count < limit else {
                marker = configurations.last?.functionName
                break
            }
            let function = try FunctionRecord(pair.value, key: pair.key)
            configurations.append(
                await configuration(
                    function.name, function.latest, qualifier: FunctionSettings.latestVersion,
                    &availabilities))
            for settings in try await versions(of: function.name, after: 0, limit: .max) {
                configurations.append(
                    await configuration(
                        function.name, settings, qualifier: settings.version, &availabilities))
            }
        }
        return Reply(
            Lambda.ListFunctionsResponse(
                nextMarker: marker.map(Self.marker), functions: configurations),
            at: world.store.latestVersion)
    }

    /// Published versions after `number`, in order.
    nonisolated(nonsending)
        private func versions(of name: FunctionName, after number: UInt64, limit: Int)
        async throws -> [FunctionSettings]
    {
        let range = FunctionKeys.versions(name).prefix.after(FunctionKeys.version(name, number))
        return try await world.store.range(range, limit: limit).map {
            try FunctionSettings($0.value, key: $0.key)
        }
    }

    var listVersionsByFunction: Operation {
        Operation(
            Lambda.ListVersionsByFunction.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("ListVersionsByFunction", input.functionName, context)
            },
            handler: { [self] input, context in
                let (name, _) = try directory.name(input.functionName, context)
                let function = try await directory.resolve(name, qualifier: nil).function
                let limit = min(Int(input.maxItems ?? 50), limits.functionsPageMax)
                let last = try Self.item(in: input.marker)
                var found = last == nil ? [function.latest] : []
                let after = last.flatMap { UInt64($0) } ?? 0
                found += try await versions(of: name, after: after, limit: limit + 1)
                var availabilities = Availabilities(ports.executor)
                var shown: [Lambda.FunctionConfiguration] = []
                for settings in found.prefix(limit) {
                    shown.append(
                        await configuration(
                            name, settings, qualifier: settings.version, &availabilities))
                }
                let marker = found.count > limit ? shown.last?.version : nil
                return Reply(
                    Lambda.ListVersionsByFunctionResponse(
                        nextMarker: marker.map(Self.marker), versions: shown),
                    at: world.store.latestVersion)
            })
    }
}
