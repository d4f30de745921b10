// SPDX-License-Identifier: Apache-2.0
// The life of an event: to an environment, through it, and how it ends.

import Basics
import Chronology
package import LambdaService

extension FunctionRuntime {
    package func invoke(
        _ invocation: FunctionInvocation, on function: FunctionSpecification
    ) async -> FunctionResult {
        var countsInitAsRun = false
        // Bounded: an environment that ends under an event it never saw is rare, not a rule.
        for _ in 0..<4 {
            let environment: ExecutionEnvironment
            switch await place(for: function, invocation.admission) {
            case .full:
                guard !isShuttingDown else {
                    return FunctionResult(outcome: .unavailable(.shuttingDown))
                }
                return FunctionResult(
                    outcome: .throttled(
                        reason: "No memory for another environment: "
                            + "\(pool.megabytesUsed) of \(pool.megabytesMax) MB are in use"))
            case .reuse(let identifier):
                guard let found = environments[identifier] else { continue }
                environment = found
            case .start(let identifier, let evicting):
                for evicted in evicting { end(evicted, .retired) }
                do throws(StartProblem) {
                    environment = try await start(
                        identifier, for: function, requestID: invocation.requestID)
                } catch {
                    return unstarted(identifier, for: function, invocation, error)
                }
            }
            environment.countsInitAsRun = countsInitAsRun
            switch await hand(invocation, to: environment.identifier) {
            case .result(let result): return result
            case .notTaken: continue
            case .initTimedOut: countsInitAsRun = true
            }
        }
        return FunctionResult(
            outcome: .unavailable(.startFailed(message: "Environments keep ending unasked.")))
    }

    private func unstarted(
        _ identifier: EnvironmentID, for function: FunctionSpecification,
        _ invocation: FunctionInvocation, _ problem: StartProblem
    ) -> FunctionResult {
        switch problem {
        case .unavailable(let reason):
            pool.remove(identifier)
            grantPlaces()
            return FunctionResult(outcome: .unavailable(reason))
        case .failure(let failure):
            return failWithoutProcess(
                identifier, for: function, requestID: invocation.requestID, failure)
        }
    }

    private func hand(
        _ invocation: FunctionInvocation, to identifier: EnvironmentID
    ) async -> EnvironmentAnswer {
        await withCheckedContinuation { answer in
            guard let environment = environments[identifier], environment.phase != .ended,
                environment.current == nil
            else {
                answer.resume(returning: .notTaken)
                return
            }
            environment.current = CurrentInvocation(invocation: invocation, answer: answer)
            if environment.countsInitAsRun { armRunTimer(environment) }
            deliver(environment)
        }
    }

    /// Gives the event to the runtime when both are there.
    func deliver(_ environment: ExecutionEnvironment) {
        guard let parked = environment.parked, var current = environment.current,
            current.deliveredNanoseconds == nil
        else { return }
        environment.parked = nil
        let invocation = current.invocation
        current.deliveredNanoseconds = time.monotonicNanoseconds()
        // What the init phase wrote is not of this invocation.
        current.tail = LogTail()
        environment.current = current
        write(
            InvocationReport.start(
                requestID: invocation.requestID, version: environment.function.version),
            to: environment)
        if !environment.countsInitAsRun || environment.current?.timer == nil {
            armRunTimer(environment)
        }
        watchMemory(environment.identifier)
        send(
            RuntimeReply.invocation(
                headers: headers(invocation, environment.function), payload: invocation.payload),
            to: parked, of: environment)
    }

    private func headers(
        _ invocation: FunctionInvocation, _ function: FunctionSpecification
    ) -> [(name: String, value: String)] {
        // The function compares with its own wall clock, which nobody moves.
        let deadline = time.wall().adding(seconds: Int64(function.timeoutSeconds))
        var headers = [
            (name: "Lambda-Runtime-Aws-Request-Id", value: invocation.requestID),
            (name: "Lambda-Runtime-Deadline-Ms", value: String(deadline.milliseconds)),
            (name: "Lambda-Runtime-Invoked-Function-Arn", value: invocation.invokedFunctionARN),
        ]
        if let trace = invocation.traceID {
            headers.append((name: "Lambda-Runtime-Trace-Id", value: trace))
        }
        if let context = invocation.clientContext {
            headers.append((name: "Lambda-Runtime-Client-Context", value: context))
        }
        if let identity = invocation.cognitoIdentity {
            headers.append((name: "Lambda-Runtime-Cognito-Identity", value: identity))
        }
        return headers
    }

    // MARK: Timers

    func armInitTimer(_ environment: ExecutionEnvironment) {
        let identifier = environment.identifier
        environment.initTimer = after(configuration.initNanoseconds) { runtime in
            guard let environment = runtime.environments[identifier],
                environment.phase == .initialising, !environment.countsInitAsRun
            else { return }
            runtime.end(identifier, .initTimeout)
        }
    }

    private func armRunTimer(_ environment: ExecutionEnvironment) {
        let identifier = environment.identifier
        let requestID = environment.current?.invocation.requestID
        let nanoseconds = UInt64(environment.function.timeoutSeconds) * 1_000_000_000
        environment.current?.timer = after(nanoseconds) { runtime in
            guard let environment = runtime.environments[identifier],
                environment.current?.invocation.requestID == requestID
            else { return }
            runtime.end(identifier, .timeout)
        }
    }

    /// Looks at the memory in use while there is work; the kernel's bound also counts `/tmp`.
    func watchMemory(_ identifier: EnvironmentID) {
        _ = after(50_000_000) { runtime in
            guard let environment = runtime.environments[identifier],
                environment.phase != .ended,
                environment.phase == .initialising || environment.current != nil
            else { return }
            runtime.measure(environment)
            if environment.phase != .ended { runtime.watchMemory(identifier) }
        }
    }

    private func measure(_ environment: ExecutionEnvironment) {
        guard let meter = environment.meter else { return }
        let usage = meter.usage()
        environment.noteUse(bytes: meter.reportableBytes(usage))
        guard usage.anonymousBytes > environment.function.memoryMegabytes << 20 else { return }
        end(environment.identifier, .memory)
    }

    // MARK: Ends

    /// The runtime answered; the environment may take the next event.
    func finish(_ environment: ExecutionEnvironment, _ outcome: FunctionResult.Outcome) {
        // What its children hold the regular look sees.
        environment.noteUse(bytes: environment.meter?.peakBytes() ?? 0)
        // What the handler wrote before it answered lies in the pipe already.
        drainOutput(environment)
        var status: InvocationReport.Status?
        if case .failure(let failure) = outcome, failure.errorType.hasPrefix("Runtime.") {
            status = .error(type: failure.errorType)
        }
        complete(environment, outcome, status: status)
        let isKept = pool.release(
            environment.identifier, atNanoseconds: time.monotonicNanoseconds())
        if isKept { grantPlaces() } else { end(environment.identifier, .retired) }
    }

    /// Writes the closing lines and answers whoever invoked.
    func complete(
        _ environment: ExecutionEnvironment, _ outcome: FunctionResult.Outcome,
        status: InvocationReport.Status?
    ) {
        guard let current = environment.current else { return }
        current.timer?.cancel()
        let now = time.monotonicNanoseconds()
        let began = current.deliveredNanoseconds ?? now
        // What it takes to end the process is not the function's: AWS reports the timeout itself.
        let duration =
            status == .timeout
            ? Double(environment.function.timeoutSeconds) * 1000
            : Double(now - min(began, now)) / 1e6
        let initial = environment.initMilliseconds
        environment.initMilliseconds = nil
        let billed = max(1, Int((duration + (initial ?? 0)).rounded(.up)))
        if let rest = environment.splitter.flush() { write(rest, to: environment) }
        let requestID = current.invocation.requestID
        if status == .timeout {
            write(
                InvocationReport.timedOut(
                    at: host.now(), requestID: requestID,
                    seconds: Double(environment.function.timeoutSeconds)), to: environment)
        }
        write(InvocationReport.end(requestID: requestID), to: environment)
        write(
            InvocationReport.report(
                requestID: requestID, durationMilliseconds: duration, billedMilliseconds: billed,
                memoryMegabytes: environment.function.memoryMegabytes,
                usedMegabytes: environment.usedMegabytes, initMilliseconds: initial,
                status: status), to: environment)
        let tail = environment.current?.tail.last ?? []
        environment.current = nil
        current.answer.resume(
            returning: .result(
                FunctionResult(
                    outcome: outcome, logTail: tail, durationMilliseconds: duration,
                    billedMilliseconds: billed, initMilliseconds: initial,
                    maxMemoryMegabytes: environment.usedMegabytes,
                    logStream: environment.stream.stream)))
    }
}
