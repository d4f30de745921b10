// SPDX-License-Identifier: Apache-2.0
// Calls from service to service: the same authorizer and journal as from outside, no HTTP.

import Basics
import Journal
import ServiceKit
import Synchronization
import WireModel
import WireProtocols

/// Finds the operation and runs it; bound to the table once all services exist.
final class InternalCaller: ServiceCaller {
    private struct Bound: Sendable {
        let table: ServiceTable
        let dispatcher: Dispatcher
    }

    private let world: World
    private let endpoint: String
    private let bound = Mutex<Bound?>(nil)

    init(world: World, endpoint: String) {
        self.world = world
        self.endpoint = endpoint
    }

    func bind(_ table: ServiceTable, _ dispatcher: Dispatcher) {
        bound.withLock { $0 = Bound(table: table, dispatcher: dispatcher) }
    }

    nonisolated(nonsending)
        func call(_ call: InternalCall) async throws(ServiceFault) -> JSONValue
    {
        guard let bound = bound.withLock({ $0 }),
            let entry = bound.table.entry(service: call.service, operation: call.operation)
        else { throw .notImplemented(service: call.service, operation: call.operation) }
        let prepared: PreparedCall
        do {
            prepared = try entry.operation.prepare(ValueInput(value: call.input))
        } catch {
            throw (error as? ServiceFault) ?? .internalFailure
        }
        var context = CallContext(
            requestID: world.entropy.uuid(), principal: call.principal, account: call.account,
            region: call.region, endpoint: endpoint, record: world.journal.allot(),
            cause: call.cause)
        context.activity = call.activity
        context.source = call.source
        let outcome = await bound.dispatcher.run(prepared, of: entry.service, context)
        switch outcome.result {
        case .success(let output): return Self.value(output)
        case .failure(let fault): throw fault
        }
    }

    private static func value(_ output: some WireStructure) -> JSONValue {
        JSONValue(writing: output)
    }
}

/// An input given as a value.
private struct ValueInput: InputSource {
    let value: JSONValue

    func read<Input: WireStructure>(_ type: Input.Type, of operation: OperationDescriptor) throws
        -> ReadInput<Input>
    {
        let result = try Input.read(from: value)
        return ReadInput(
            input: result.input, violations: result.violations,
            presentMembers: result.presentMembers)
    }
}
