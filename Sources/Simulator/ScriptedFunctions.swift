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
    /// What a function does with one event.
    package struct Answer: Sendable {
        package enum End: Sendable {
            case success
            case error
            /// It runs into its time limit.
            case timeout
        }

        package let end: End
        /// What it answers, or the error it fails with.
        package let payload: JSONValue

        package init(_ end: End, _ payload: JSONValue = .null) {
            self.end = end
            self.payload = payload
        }
    }

    /// Decides at the start of an invocation what it will come to, and is told when it has.
    package struct Script: Sendable {
        let begin: @Sendable (FunctionInvocation) -> Answer
        let end: @Sendable (FunctionInvocation, Answer) -> Void

        package init(
            begin: @escaping @Sendable (FunctionInvocation) -> Answer,
            end: @escaping @Sendable (FunctionInvocation, Answer) -> Void = { _, _ in }
        ) {
            self.begin = begin
            self.end = end
        }
    }

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
    package func script(_ name: String, _ script: Script) {
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
        let answer = script?.begin(invocation) ?? Answer(.success)
        let limit = UInt64(function.timeoutSeconds) * 1000
        let takes = answer.end == .timeout ? limit : 1 + entropy.below(400)
        await time.pause(milliseconds: takes)
        script?.end(invocation, answer)
        await log?.write("RequestId: \(invocation.requestID) \(answer.end)", of: function)
        leave()
        return FunctionResult(outcome: Self.outcome(answer, limit: function.timeoutSeconds))
    }

    private static func outcome(_ answer: Answer, limit: Int) -> FunctionResult.Outcome {
        let payload = Array(answer.payload.text.utf8)
        switch answer.end {
        case .success: return .success(payload: payload)
        case .error:
            return .failure(
                FunctionFailure(
                    kind: .unhandled, errorType: "OrderError", errorMessage: "this order fails",
                    payload: payload))
        case .timeout:
            let message = "Task timed out after \(limit).00 seconds"
            return .failure(
                FunctionFailure(
                    kind: .unhandled, errorType: "Sandbox.Timedout", errorMessage: message,
                    payload: Array(JSONValue.object(["errorMessage": .string(message)]).text.utf8)))
        }
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
