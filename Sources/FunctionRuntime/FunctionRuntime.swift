// SPDX-License-Identifier: Apache-2.0
// The supervisor of all environments: admission, waiting, retirement and the end. Starting one
// is in FunctionRuntime+Start, the life of an event in +Invocation, descriptors in +Output and
// +API.

package import Basics
package import Chronology
import Glibc
package import LambdaService

/// Runs functions as processes of this machine.
///
/// An actor whose executor is the thread that watches the processes' descriptors, so that
/// whatever they do is handled without a lock or a hop.
package actor FunctionRuntime: FunctionExecutor {
    nonisolated let reactor: Reactor
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        reactor.asUnownedSerialExecutor()
    }

    let configuration: FunctionRuntimeConfiguration
    let host: any FunctionHost
    let time: any PhysicalTime
    let background: Background
    let entropy: any Entropy
    let launcher: Launcher

    var pool: EnvironmentPool
    var environments: [EnvironmentID: ExecutionEnvironment] = [:]
    /// Environments whose log is being handed on, ended ones among them.
    var draining: [EnvironmentID: ExecutionEnvironment] = [:]
    var interpreters: [String: InterpreterChoice] = [:]
    private var sandbox: Sandbox?
    private var sandboxFailure: ShellError?
    private var isPreparing = false
    private var hasLookedForInterpreters = false
    private var preparationWaiters: [CheckedContinuation<Void, Never>] = []
    private var waiters: [Waiter] = []
    private var endWaiters: [CheckedContinuation<Void, Never>] = []
    private var isReaping = false
    /// Where this runtime's user ids begin in their range, so that two servers rarely share one.
    let userOffset: UInt64
    var isShuttingDown = false

    /// Somebody who waits for a place.
    private struct Waiter {
        let function: FunctionSpecification
        /// Takes the place, or only wants to know of it.
        let takes: Bool
        let grant: CheckedContinuation<EnvironmentPool.Admission, Never>
    }

    /// Starts the threads; looks around on the machine only when first asked to run something,
    /// or by `prepare`.
    package init(
        _ configuration: FunctionRuntimeConfiguration, host: any FunctionHost,
        time: any PhysicalTime, background: Background, entropy: any Entropy
    ) throws {
        self.configuration = configuration
        self.host = host
        self.time = time
        self.background = background
        self.entropy = entropy
        userOffset = entropy.below(65_536)
        reactor = try Reactor()
        launcher = try Launcher()
        let half = Int(sysconf(Int32(_SC_PHYS_PAGES))) / 2 * Int(sysconf(Int32(_SC_PAGESIZE)))
        pool = EnvironmentPool(
            megabytesMax: configuration.memoryMegabytesMax ?? max(512, half >> 20))
    }

    deinit { reactor.stop() }

    // MARK: Machine

    /// Finds out what works on this machine and which interpreters there are.
    ///
    /// A server calls it once it is ready; without that the first event waits for it. Returns
    /// what was found, or why nothing can run at all.
    @discardableResult
    package func prepare() async -> Result<SandboxReport, FunctionStartFailed> {
        do throws(FunctionStartFailed) {
            let report = try await machine().report
            if !hasLookedForInterpreters {
                hasLookedForInterpreters = true
                await findInterpreters()
            }
            return .success(report)
        } catch {
            return .failure(error)
        }
    }

    func machine() async throws(FunctionStartFailed) -> Sandbox {
        if sandbox == nil, sandboxFailure == nil {
            if isPreparing {
                await withCheckedContinuation { preparationWaiters.append($0) }
            } else {
                isPreparing = true
                let configuration = configuration
                let suffix = Hex.encode(entropy.bytes(6))
                let found: Result<Sandbox, ShellError> = await launcher.perform {
                    do throws(ShellError) {
                        return .success(try Sandbox.prepare(configuration, suffix: suffix))
                    } catch {
                        return .failure(error)
                    }
                }
                switch found {
                case .success(let sandbox): self.sandbox = sandbox
                case .failure(let error): sandboxFailure = error
                }
                for waiter in preparationWaiters { waiter.resume() }
                preparationWaiters = []
            }
        }
        guard let sandbox else {
            throw FunctionStartFailed(
                message: "functions cannot run here: \(sandboxFailure?.description ?? "unknown")")
        }
        return sandbox
    }

    /// What runs and what stands in for what, for `martlet status` and `/metrics`.
    package func status() -> FunctionRuntimeStatus {
        FunctionRuntimeStatus(
            sandbox: sandbox?.report,
            environments: environments.count,
            busyEnvironments: environments.values.count { $0.current != nil },
            waitingInvocations: waiters.count { $0.takes },
            memoryMegabytesUsed: pool.megabytesUsed, memoryMegabytesMax: pool.megabytesMax,
            substitutes: interpreters.sorted { $0.key < $1.key }.compactMap { entry in
                guard case .substitute(_, let warning) = entry.value else { return nil }
                return warning
            })
    }

    package func availability(ofRuntime runtime: String) async -> RuntimeAvailability {
        if case .provided = RuntimeFamily(runtime) { return .exact(version: runtime) }
        switch await interpreter(for: runtime) {
        case .exact(let found): return .exact(version: found.path)
        case .substitute(let found, let warning):
            return .substitute(version: found.path, warning: warning)
        case .missing(let explanation): return .missing(explanation: explanation)
        }
    }

    // MARK: Places

    package func waitForCapacity(for function: FunctionSpecification) async {
        guard !isShuttingDown else { return }
        let hasRoom = pool.hasRoom(
            for: function.revision, megabytes: function.memoryMegabytes,
            usableUntil: neededUntil(function))
        guard !hasRoom || !waiters.isEmpty else { return }
        _ = await withCheckedContinuation { grant in
            waiters.append(Waiter(function: function, takes: false, grant: grant))
            grantPlaces()
        }
    }

    /// A place for one event, waiting for it where the invocation says so.
    func place(
        for function: FunctionSpecification, _ admission: FunctionInvocation.Admission
    ) async -> EnvironmentPool.Admission {
        // Whoever waits came first.
        if admission == .refuse || waiters.isEmpty {
            let taken = pool.admit(
                function.revision, megabytes: function.memoryMegabytes,
                usableUntil: neededUntil(function))
            if taken != .full || admission == .refuse { return taken }
        }
        return await withCheckedContinuation { grant in
            waiters.append(Waiter(function: function, takes: true, grant: grant))
            grantPlaces()
        }
    }

    /// Serves waiters in order of arrival for as long as there is room.
    func grantPlaces() {
        while let first = waiters.first {
            if isShuttingDown {
                waiters.removeFirst()
                first.grant.resume(returning: .full)
                continue
            }
            let megabytes = first.function.memoryMegabytes
            let until = neededUntil(first.function)
            if first.takes {
                let taken = pool.admit(
                    first.function.revision, megabytes: megabytes, usableUntil: until)
                guard taken != .full else { return }
                waiters.removeFirst()
                first.grant.resume(returning: taken)
            } else {
                guard
                    pool.hasRoom(
                        for: first.function.revision, megabytes: megabytes, usableUntil: until)
                else { return }
                waiters.removeFirst()
                first.grant.resume(returning: .full)
            }
        }
    }

    /// Credentials must outlast the longest run, and a little.
    private func neededUntil(_ function: FunctionSpecification) -> Timestamp {
        host.now().adding(seconds: Int64(function.timeoutSeconds) + 60)
    }

    // MARK: Endings

    package func retire(functionARN: ARN, revisionID: String?) {
        for identifier in pool.retire(function: functionARN, revisionID: revisionID) {
            end(identifier, .retired)
        }
        grantPlaces()
    }

    package func shutdown() async {
        isShuttingDown = true
        grantPlaces()
        for identifier in environments.keys.sorted() { end(identifier, .shutdown) }
        if !environments.isEmpty {
            await withCheckedContinuation { endWaiters.append($0) }
        }
        guard let sandbox else { return }
        await launcher.perform {
            sandbox.groups?.remove()
            sandbox.state.remove()
        }
    }

    /// An environment is gone, its place with it.
    func forget(_ environment: ExecutionEnvironment) {
        environments[environment.identifier] = nil
        pool.remove(environment.identifier)
        grantPlaces()
        guard environments.isEmpty, isShuttingDown else { return }
        for waiter in endWaiters { waiter.resume() }
        endWaiters = []
    }

    /// Ends environments that have been idle for long; runs while there are any.
    func scheduleReaping() {
        guard !isReaping, !environments.isEmpty else { return }
        isReaping = true
        let period = max(configuration.idleNanoseconds / 4, 1_000_000)
        _ = after(period) { runtime in
            runtime.isReaping = false
            let now = runtime.time.monotonicNanoseconds()
            let idle = runtime.configuration.idleNanoseconds
            for identifier in runtime.pool.reap(idleSince: now > idle ? now - idle : 0) {
                runtime.end(identifier, .retired)
            }
            runtime.scheduleReaping()
        }
    }

    /// Runs `action` on the functions thread after a while of real time.
    func after(
        _ nanoseconds: UInt64, _ action: @escaping @Sendable (isolated FunctionRuntime) -> Void
    ) -> Cancellation {
        let timer = time.after(nanoseconds: nanoseconds) { [weak self] in
            guard let self else { return }
            self.reactor.perform { [weak self] in
                self?.assumeIsolated { action($0) }
            }
        }
        return Cancellation { timer.cancel() }
    }
}

/// Why no function can be started.
package struct FunctionStartFailed: Error, Hashable {
    package var message: String
}

/// The runtime at one moment.
package struct FunctionRuntimeStatus: Sendable {
    /// `nil` until something was run or prepared.
    package var sandbox: SandboxReport?
    package var environments: Int
    package var busyEnvironments: Int
    package var waitingInvocations: Int
    package var memoryMegabytesUsed: Int
    package var memoryMegabytesMax: Int
    /// A sentence for each runtime that runs on another version than it names.
    package var substitutes: [String]
}

extension FunctionSpecification {
    var revision: FunctionRevision {
        FunctionRevision(functionARN: functionARN, version: version, revisionID: revisionID)
    }
}
