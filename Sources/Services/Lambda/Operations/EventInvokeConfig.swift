// SPDX-License-Identifier: Apache-2.0
// The operations on a function's configuration for asynchronous invocation.

import Basics
import Chronology
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    var putFunctionEventInvokeConfig: Operation {
        Operation(
            Lambda.PutFunctionEventInvokeConfig.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("PutFunctionEventInvokeConfig", input.functionName, context)
            },
            handler: { [self] input, context in
                try await put(
                    InvokeConfigChange(
                        functionName: input.functionName, qualifier: input.qualifier,
                        retries: input.maximumRetryAttempts, age: input.maximumEventAgeInSeconds,
                        destinations: input.destinationConfig), replaces: true, context)
            })
    }

    var updateFunctionEventInvokeConfig: Operation {
        Operation(
            Lambda.UpdateFunctionEventInvokeConfig.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("UpdateFunctionEventInvokeConfig", input.functionName, context)
            },
            handler: { [self] input, context in
                try await put(
                    InvokeConfigChange(
                        functionName: input.functionName, qualifier: input.qualifier,
                        retries: input.maximumRetryAttempts, age: input.maximumEventAgeInSeconds,
                        destinations: input.destinationConfig), replaces: false, context)
            })
    }

    /// What put and update have in common.
    private struct InvokeConfigChange: Sendable {
        let functionName: String
        let qualifier: String?
        let retries: Int32?
        let age: Int32?
        let destinations: Lambda.DestinationConfig?

        var isEmpty: Bool { retries == nil && age == nil && destinations == nil }

        func apply(to config: inout EventInvokeConfig) throws(ServiceFault) {
            if let retries { config.maximumRetryAttempts = Int(retries) }
            if let age { config.maximumEventAgeSeconds = Int(age) }
            if let target = destinations?.onSuccess {
                config.onSuccess = try Self.queue(target.destination, "OnSuccess")
            }
            if let target = destinations?.onFailure {
                config.onFailure = try Self.queue(target.destination, "OnFailure")
            }
        }

        /// `nil` for an empty destination, which takes it away.
        private static func queue(_ text: String?, _ member: String) throws(ServiceFault)
            -> String?
        {
            guard let text, !text.isEmpty else { return nil }
            return try FunctionRules.queue(text, member: "\(member) destination").description
        }
    }

    nonisolated(nonsending)
        private func put(
            _ change: InvokeConfigChange, replaces: Bool, _ context: CallContext
        ) async throws -> Reply<Lambda.FunctionEventInvokeConfig>
    {
        let (name, qualifier) = try directory.name(
            change.functionName, qualifier: change.qualifier, context)
        guard !change.isEmpty else {
            throw LambdaFaults.invalid(
                "You must specify at least one of error handling or destination setting.")
        }
        var wanted = EventInvokeConfig(modifiedAt: world.clock.now())
        try change.apply(to: &wanted)
        let function = try await directory.resolve(name, qualifier: qualifier)
        try await checkDestinations(wanted, function)
        let now = world.clock.now()
        let key = FunctionKeys.invokeConfig(
            name, qualifier: qualifier ?? FunctionSettings.latestVersion)
        try await world.store.admitted(bytes: 512)
        let (config, version) = try await world.store.transact { transaction in
            _ = try await directory.resolve(name, qualifier: qualifier, in: transaction)
            let stored = try await directory.invokeConfig(
                name, qualifier: qualifier, in: transaction)
            if !replaces, stored == nil {
                throw Self.noInvokeConfig(name.arn(qualifier: qualifier))
            }
            var config = (replaces ? nil : stored) ?? EventInvokeConfig(modifiedAt: now)
            try change.apply(to: &config)
            config.modifiedAt = now
            transaction.put(key: key, value: config.record)
            return config
        }
        return Reply(Self.wire(config, name, qualifier), at: version)
    }

    nonisolated(nonsending)
        private func checkDestinations(
            _ config: EventInvokeConfig, _ function: ResolvedFunction
        ) async throws
    {
        let targets = [config.onSuccess, config.onFailure].compactMap { $0 }
        guard !targets.isEmpty else { return }
        let session = try await roles.session(of: function.settings.role, for: function.name)
        for target in targets {
            guard let queue = ARN(parsing: target) else { continue }
            try await roles.require(["sqs:SendMessage"], on: queue, of: session, service: "SQS")
        }
    }

    private static func noInvokeConfig(_ arn: String) -> ServiceFault {
        Lambda.Faults.resourceNotFoundException(
            message: "The function \(arn) doesn't have an EventInvokeConfig")
    }

    private static func wire(
        _ config: EventInvokeConfig, _ name: FunctionName, _ qualifier: String?
    ) -> Lambda.FunctionEventInvokeConfig {
        Lambda.FunctionEventInvokeConfig(
            lastModified: config.modifiedAt,
            functionArn: name.arn(qualifier: qualifier ?? FunctionSettings.latestVersion),
            maximumRetryAttempts: config.maximumRetryAttempts.map { Int32(clamping: $0) },
            maximumEventAgeInSeconds: config.maximumEventAgeSeconds.map { Int32(clamping: $0) },
            destinationConfig: Lambda.DestinationConfig(
                onSuccess: Lambda.OnSuccess(destination: config.onSuccess),
                onFailure: Lambda.OnFailure(destination: config.onFailure)))
    }

    var getFunctionEventInvokeConfig: Operation {
        Operation(
            Lambda.GetFunctionEventInvokeConfig.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("GetFunctionEventInvokeConfig", input.functionName, context)
            },
            handler: { [self] input, context in
                let (name, qualifier) = try directory.name(
                    input.functionName, qualifier: input.qualifier, context)
                _ = try await directory.resolve(name, qualifier: qualifier)
                let config = try await directory.invokeConfig(
                    name, qualifier: qualifier, in: world.store)
                guard let config else {
                    throw Self.noInvokeConfig(name.arn(qualifier: qualifier))
                }
                return Reply(
                    Self.wire(config, name, qualifier), at: world.store.latestVersion)
            })
    }

    var deleteFunctionEventInvokeConfig: Operation {
        Operation(
            Lambda.DeleteFunctionEventInvokeConfig.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("DeleteFunctionEventInvokeConfig", input.functionName, context)
            },
            handler: { [self] input, context in
                let (name, qualifier) = try directory.name(
                    input.functionName, qualifier: input.qualifier, context)
                try await world.store.admitted(bytes: 128, adds: false)
                let (_, version) = try await world.store.transact { transaction in
                    _ = try await directory.resolve(name, qualifier: qualifier, in: transaction)
                    let config = try await directory.invokeConfig(
                        name, qualifier: qualifier, in: transaction)
                    guard config != nil else {
                        throw Self.noInvokeConfig(name.arn(qualifier: qualifier))
                    }
                    transaction.delete(
                        key: FunctionKeys.invokeConfig(
                            name, qualifier: qualifier ?? FunctionSettings.latestVersion))
                }
                return Reply(EmptyStructure(), at: version)
            })
    }

    var listFunctionEventInvokeConfigs: Operation {
        Operation(
            Lambda.ListFunctionEventInvokeConfigs.self, validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                try access("ListFunctionEventInvokeConfigs", input.functionName, context)
            },
            handler: { [self] input, context in
                let (name, _) = try directory.name(input.functionName, context)
                _ = try await directory.resolve(name, qualifier: nil)
                let limit = Int(input.maxItems ?? 50)
                var range = FunctionKeys.invokeConfigs(name).prefix
                if let last = try Self.item(in: input.marker) {
                    range = range.after(FunctionKeys.invokeConfig(name, qualifier: last))
                }
                var configs: [Lambda.FunctionEventInvokeConfig] = []
                var last: String?
                let page = try await world.store.range(range, limit: limit + 1)
                for pair in page.prefix(limit) {
                    var decoder = try KeyDecoder(pair.key, kind: .lambdaInvokeConfig)
                    for _ in 0..<3 { _ = try decoder.string() }
                    let qualifier = try decoder.string()
                    let config = try EventInvokeConfig(pair.value, key: pair.key)
                    configs.append(Self.wire(config, name, qualifier))
                    last = qualifier
                }
                let marker = page.count > limit ? last : nil
                return Reply(
                    Lambda.ListFunctionEventInvokeConfigsResponse(
                        functionEventInvokeConfigs: configs,
                        nextMarker: marker.map(Self.marker)),
                    at: world.store.latestVersion)
            })
    }
}
