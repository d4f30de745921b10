// SPDX-License-Identifier: Apache-2.0
// The end of an environment: by our hand or its own, and what that means for its event.

import Basics
import CSandbox
import Chronology
import Glibc
import LambdaService

extension FunctionRuntime {
    /// Kills an environment; what follows happens when its process is gone.
    func end(_ identifier: EnvironmentID, _ reason: ExecutionEnvironment.Ending) {
        guard let environment = environments[identifier], environment.ending == nil else { return }
        environment.ending = reason
        pool.remove(identifier)
        guard let process = environment.process else { return }
        findInnermost(environment)
        kill(environment, process)
    }

    /// Takes hold of the sandbox's first process, which bubblewrap started for us.
    func findInnermost(_ environment: ExecutionEnvironment) {
        guard environment.innermost < 0, let process = environment.process,
            process.listeners.count > 0
        else { return }
        let outer = process.processID
        guard let inner = MemoryMeter.children(of: outer).first else { return }
        let descriptor = csandbox_open_process(inner)
        guard descriptor >= 0 else { return }
        // Still its child: so the descriptor is of the process that was meant.
        if MemoryMeter.children(of: outer).first == inner {
            environment.innermost = descriptor
        } else {
            Glibc.close(descriptor)
        }
    }

    func kill(_ environment: ExecutionEnvironment, _ process: LaunchedProcess) {
        csandbox_kill(process.exitDescriptor)
        if environment.innermost >= 0 { csandbox_kill(environment.innermost) }
        // At level namespaces the rest dies with the sandbox's first process; at the other the
        // group and what left it are ended one by one.
        Glibc.kill(-process.processID, SIGKILL)
        environment.group?.killAll()
    }

    /// The exit descriptor became readable.
    func processEnded(_ identifier: EnvironmentID) {
        guard let environment = environments[identifier], let process = environment.process,
            let exit = ProcessExit.collect(process.exitDescriptor)
        else { return }
        // Descendants that outlive it hold its pipe and its memory.
        reactor.forget(process.exitDescriptor, token: environment.exitToken)
        kill(environment, process)
        drainOutput(environment)
        if let rest = environment.splitter.flush() { write(rest, to: environment) }
        if environment.usedMegabytes == 0 {
            environment.noteUse(bytes: environment.group?.peakBytes() ?? 0)
        }
        let wasOutOfMemory = (environment.group?.outOfMemoryKills() ?? 0) > 0
        settle(environment, exit.insideSandbox, wasOutOfMemory: wasOutOfMemory)
        for connection in environment.connections.keys.sorted() {
            closeConnection(connection, of: environment)
        }
        guard environment.innermost >= 0 else {
            close(environment, process)
            return
        }
        environment.innermostToken = watch(
            environment.innermost, Reactor.Events.readable
        ) { runtime, _ in
            guard let environment = runtime.environments[identifier] else { return }
            runtime.reactor.forget(environment.innermost, token: environment.innermostToken)
            Glibc.close(environment.innermost)
            environment.innermost = -1
            runtime.close(environment, process)
        }
    }

    /// Answers the event that the environment still had.
    private func settle(
        _ environment: ExecutionEnvironment, _ exit: ProcessExit, wasOutOfMemory: Bool
    ) {
        let wasInitialising = environment.phase == .initialising
        environment.phase = .ended
        environment.initTimer?.cancel()
        guard let current = environment.current else { return }
        let requestID = current.invocation.requestID
        switch environment.ending {
        case .timeout:
            complete(
                environment,
                .failure(
                    .timedOut(
                        requestID: requestID, seconds: Double(environment.function.timeoutSeconds))),
                status: .timeout)
        case .initTimeout:
            write(
                InvocationReport.initReport(
                    milliseconds: Double(configuration.initNanoseconds) / 1e6, status: .timeout),
                to: environment)
            current.timer?.cancel()
            environment.current = nil
            current.answer.resume(returning: .initTimedOut)
        case .initError(let failure):
            complete(environment, .failure(failure), status: .error(type: failure.errorType))
        case .shutdown:
            complete(environment, .unavailable(.shuttingDown), status: nil)
        case .memory:
            environment.noteUse(bytes: .max)
            crash(environment, .outOfMemory(requestID: requestID))
        case .retired, nil:
            if wasOutOfMemory, exit == .signal(SIGKILL) {
                environment.noteUse(bytes: .max)
                crash(environment, .outOfMemory(requestID: requestID))
            } else if current.deliveredNanoseconds != nil || wasInitialising {
                crash(environment, .exited(requestID: requestID, exit: exit))
            } else {
                // It had served others and left before it saw this event.
                current.timer?.cancel()
                environment.current = nil
                current.answer.resume(returning: .notTaken)
            }
        }
    }

    private func crash(_ environment: ExecutionEnvironment, _ failure: FunctionFailure) {
        write(failure.errorMessage, to: environment)
        write(failure.errorType, to: environment)
        complete(environment, .failure(failure), status: .error(type: failure.errorType))
    }

    /// Gives back what the environment held.
    private func close(_ environment: ExecutionEnvironment, _ process: LaunchedProcess) {
        Glibc.close(process.exitDescriptor)
        discard(environment)
        if process.listeners.count > 1 {
            let host = host
            let identity = environment.identity
            background.run { await host.stopServing(identity) }
        }
    }

    /// Closes what `launch` had opened, and forgets the environment.
    func discard(_ environment: ExecutionEnvironment) {
        environment.phase = .ended
        environment.initTimer?.cancel()
        if environment.output >= 0 {
            if environment.outputToken != 0 {
                reactor.forget(environment.output, token: environment.outputToken)
            }
            Glibc.close(environment.output)
            environment.output = -1
        }
        if environment.apiListener >= 0 {
            if environment.apiToken != 0 {
                reactor.forget(environment.apiListener, token: environment.apiToken)
            }
            Glibc.close(environment.apiListener)
            environment.apiListener = -1
        }
        if let folder = environment.temporaryFolder {
            let launcher = launcher
            background.run { await launcher.perform { SmallFile.removeTree(folder) } }
        }
        removeGroup(environment, attempts: 500)
    }

    /// The group can be removed only once the kernel has let its last process go.
    private func removeGroup(_ environment: ExecutionEnvironment, attempts: Int) {
        guard let group = environment.group, !group.remove(), attempts > 0 else {
            forget(environment)
            return
        }
        group.killAll()
        let identifier = environment.identifier
        _ = after(1_000_000) { runtime in
            guard let environment = runtime.environments[identifier] else { return }
            runtime.removeGroup(environment, attempts: attempts - 1)
        }
    }
}
