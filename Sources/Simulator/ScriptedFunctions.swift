// SPDX-License-Identifier: Apache-2.0
// The process seam's twin: a function is a closure that takes simulated time, and its log goes
// to the real log service under the execution role.

package import Basics
import Chronology
import IdentityAccess
import Journal
package import LambdaService
import ServiceKit
import Synchronization
import WireModel

/// Runs functions as closures.
package final class ScriptedFunctions: FunctionExecutor {
    /// What the function answers; `false` beside a payload makes it the error it fails with.
    package typealias Script = @Sendable (FunctionInvocation) -> (payload: JSONValue, isError: Bool)

    private struct State {
        var scripts: [String: Script] = [:]
        var log: FunctionLog?
        var running = 0
        var waiters: [WakeTicket] = []
    }

    private let time: SimulatedTime
    private let entropy: any Entropy
    private let state = Mutex(State())

    /// Environments at once.
    private static let placesMax = 3

    init(time: SimulatedTime, entropy: any Entropy) {
        self.time = time
        self.entropy = entropy
    }

    /// Says what the function `name` does.
    package func script(_ name: String, _ script: @escaping Script) {
        state.withLock { $0.scripts[name] = script }
    }

    func bind(log: FunctionLog) { state.withLock { $0.log = log } }

    package func invoke(
        _ invocation: FunctionInvocation, on function: FunctionSpecification
    ) async -> FunctionResult {
        while !enter() {
            if invocation.admission == .refuse {
                return FunctionResult(outcome: .throttled(reason: "no place"))
            }
            await waitForCapacity(for: function)
        }
        let (script, log) = state.withLock { ($0.scripts[function.functionName], $0.log) }
        await time.pause(milliseconds: 1 + entropy.below(400))
        let answer = script?(invocation) ?? (payload: .null, isError: false)
        await log?.write(
            "RequestId: \(invocation.requestID) \(answer.isError ? "failed" : "ended")",
            of: function)
        leave()
        let payload = Array(answer.payload.text.utf8)
        guard answer.isError else { return FunctionResult(outcome: .success(payload: payload)) }
        return FunctionResult(
            outcome: .failure(
                FunctionFailure(
                    kind: .unhandled, errorType: "OrderError", errorMessage: "this order fails",
                    payload: payload)))
    }

    private func enter() -> Bool {
        state.withLock { state in
            guard state.running < Self.placesMax else { return false }
            state.running += 1
            return true
        }
    }

    private func leave() {
        let waiters = state.withLock { state in
            state.running -= 1
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.wake() }
    }

    package func waitForCapacity(for function: FunctionSpecification) async {
        let ticket = WakeTicket()
        let mustWait = state.withLock { state in
            guard state.running >= Self.placesMax else { return false }
            state.waiters.append(ticket)
            return true
        }
        if mustWait { await ticket.wait() }
    }

    package func retire(functionARN: ARN, revisionID: String?) async {}

    package func availability(ofRuntime runtime: String) async -> RuntimeAvailability {
        .exact(version: "simulated")
    }

    package func shutdown() async {}
}

/// Writes functions' lines to their log groups.
struct FunctionLog: Sendable {
    let world: World
    let roles: any RoleSource
    let caller: any ServiceCaller

    func write(_ line: String, of function: FunctionSpecification) async {
        guard
            let session = try? await roles.session(
                of: function.roleARN, for: LambdaService.principal, named: function.functionName,
                source: function.functionARN)
        else { return }
        let names: JSONObject = [
            "logGroupName": .string(function.logGroup), "logStreamName": .string("simulated"),
        ]
        _ = try? await call(
            "CreateLogGroup", ["logGroupName": .string(function.logGroup)], session, function)
        _ = try? await call("CreateLogStream", names, session, function)
        var put = names
        put["logEvents"] = .array([
            .object([
                "timestamp": .integer(world.clock.now().milliseconds), "message": .string(line),
            ])
        ])
        _ = try? await call("PutLogEvents", put, session, function)
    }

    private func call(
        _ operation: String, _ input: JSONObject, _ session: RoleSession,
        _ function: FunctionSpecification
    ) async throws -> JSONValue {
        try await caller.call(
            InternalCall(
                service: "logs", operation: operation, input: .object(input),
                principal: .role(session), account: function.accountID, region: function.region,
                cause: .none))
    }
}
