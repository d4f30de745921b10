// SPDX-License-Identifier: Apache-2.0
// The Lambda service of a world: its parts, its operations, its beginning and end.

package import Delivery
import LambdaWire
package import ServiceKit
package import Storage

/// What the service needs from elsewhere; Platform binds it.
package struct LambdaPorts: Sendable {
    package var executor: any FunctionExecutor
    package var code: any FunctionCodeStore
    package var caller: any ServiceCaller
    package var signals: any ArrivalSignals
    package var roles: any RoleSource
    package var policies: any PolicySource
    /// How dead letters and records reach queues; by `caller` unless given.
    package var transfer: any QueueTransfer

    package init(
        executor: any FunctionExecutor, code: any FunctionCodeStore, caller: any ServiceCaller,
        signals: any ArrivalSignals, roles: any RoleSource, policies: any PolicySource,
        transfer: (any QueueTransfer)? = nil
    ) {
        self.transfer = transfer ?? CallingQueueTransfer(caller: caller)
        self.executor = executor
        self.code = code
        self.caller = caller
        self.signals = signals
        self.roles = roles
        self.policies = policies
    }
}

/// AWS Lambda.
///
/// Order at start: make the service, start the outbox (which then knows its handler), `start`.
package final class LambdaService: Sendable {
    /// The principal that execution roles must trust.
    package static let principal = "lambda.amazonaws.com"

    let world: World
    let limits: LambdaLimits
    let ports: LambdaPorts
    let outbox: Outbox
    let directory: FunctionDirectory
    let ledger = ConcurrencyLedger()
    let links = CodeLinks()
    let runner: FunctionRunner
    let roles: RoleChecks
    let mappings: MappingSet

    /// Registers the service's handlers with `outbox`, which is not started yet.
    package init(
        world: World, ports: LambdaPorts, outbox: Outbox, limits: LambdaLimits = LambdaLimits()
    ) {
        self.world = world
        self.limits = limits
        self.ports = ports
        self.outbox = outbox
        directory = FunctionDirectory(world: world)
        runner = FunctionRunner(world: world, executor: ports.executor, code: ports.code)
        roles = RoleChecks(world: world, roles: ports.roles, policies: ports.policies)
        mappings = MappingSet(
            PollerGround(
                world: world, directory: directory, runner: runner, ledger: ledger, roles: roles,
                caller: ports.caller, signals: ports.signals, limits: limits))
        outbox.register(
            AsyncInvoker.name,
            AsyncInvoker(
                world: world, directory: directory, runner: runner, ledger: ledger,
                limits: limits))
        outbox.register(
            QueueDeliveryHandler.name,
            QueueDeliveryHandler(world: world, transfer: ports.transfer, roles: ports.roles))
    }

    /// Takes up the mappings that the store holds.
    nonisolated(nonsending)
        package func start() async throws
    {
        try await mappings.resume()
    }

    /// Receives nothing more from queues; what is under way ends by itself.
    package func stop() { mappings.stop() }

    package var registration: ServiceRegistration {
        ServiceRegistration(
            Lambda.service,
            operations: [
                createFunction, getFunction, getFunctionConfiguration, listFunctions,
                updateFunctionCode, updateFunctionConfiguration, deleteFunction,
                publishVersion, listVersionsByFunction, invoke,
                putFunctionConcurrency, getFunctionConcurrency, deleteFunctionConcurrency,
                putFunctionEventInvokeConfig, updateFunctionEventInvokeConfig,
                getFunctionEventInvokeConfig, deleteFunctionEventInvokeConfig,
                listFunctionEventInvokeConfigs, createEventSourceMapping,
                getEventSourceMapping, listEventSourceMappings, updateEventSourceMapping,
                deleteEventSourceMapping, tagResource, untagResource, listTags,
                getAccountSettings,
            ], resourceTags: { [self] in try await tags(of: $0) })
    }

    /// The blobs that functions of this world name; all others may be collected.
    nonisolated(nonsending)
        package func namedBlobs() async throws -> Set<BlobHash>
    {
        var named: Set<BlobHash> = []
        var functions = world.store.pages(KeyRange(kind: .lambdaFunction))
        while let page = try await functions.next() {
            for pair in page {
                named.insert(try FunctionRecord(pair.value, key: pair.key).latest.codeHash)
            }
        }
        var versions = world.store.pages(KeyRange(kind: .lambdaVersion))
        while let page = try await versions.next() {
            for pair in page {
                named.insert(try FunctionSettings(pair.value, key: pair.key).codeHash)
            }
        }
        return named
    }
}
