// SPDX-License-Identifier: Apache-2.0
// Starting an environment: what it is to run, where, with which credentials, and the process.

import Basics
import CSandbox
import Chronology
import Glibc
import LambdaService

extension FunctionRuntime {
    /// Why there is no environment.
    enum StartProblem: Error {
        case unavailable(FunctionUnavailable)
        /// The function's own fault, found before a process was started.
        case failure(FunctionFailure)
    }

    /// What a function's process is.
    private struct Command {
        var arguments: [String]
        var mounts: [SandboxLayout.Mount] = []
        var pythonPath: [String] = []
        /// For the log: what runs, and what stands in for what.
        var version: String
        var warning: String?
    }

    /// Starts the environment that `identifier` holds the place for.
    func start(
        _ identifier: EnvironmentID, for function: FunctionSpecification, requestID: String
    ) async throws(StartProblem) -> ExecutionEnvironment {
        let sandbox: Sandbox
        do throws(FunctionStartFailed) {
            sandbox = try await machine()
        } catch {
            throw .unavailable(.startFailed(message: error.message))
        }
        let code: String
        do {
            code = try await function.code.directory()
        } catch {
            throw .unavailable(
                .startFailed(message: "The function's code cannot be read: \(error)"))
        }
        let command = try await command(
            function, code: code, level: sandbox.level, bootstraps: sandbox.state.bootstraps,
            requestID: requestID)
        let credentials: FunctionCredentials
        do throws(FunctionCredentialsRefused) {
            credentials = try await host.credentials(for: function)
        } catch {
            throw .unavailable(.credentials(message: error.message))
        }
        guard !isShuttingDown else { throw .unavailable(.shuttingDown) }
        pool.setUsable(identifier, until: credentials.expires)
        let environment = makeEnvironment(identifier, function)
        if let warning = command.warning { write(warning, to: environment) }
        write(
            InvocationReport.initStart(version: command.version, region: function.region),
            to: environment)
        do throws(ShellError) {
            try await launch(
                environment, sandbox: sandbox, command: command, code: code,
                credentials: credentials)
        } catch {
            discard(environment)
            throw .unavailable(.startFailed(message: "The process did not start: \(error)"))
        }
        return environment
    }

    /// Answers an event that no process could be started for, with the log AWS writes then.
    func failWithoutProcess(
        _ identifier: EnvironmentID, for function: FunctionSpecification, requestID: String,
        _ failure: FunctionFailure
    ) -> FunctionResult {
        let environment = makeEnvironment(identifier, function)
        let status = InvocationReport.Status.error(type: failure.errorType)
        write(
            InvocationReport.initStart(
                version: Self.providedVersion(function.runtime), region: function.region),
            to: environment)
        write(InvocationReport.initReport(milliseconds: 0, status: status), to: environment)
        var tail = LogTail()
        for line in [
            InvocationReport.start(requestID: requestID, version: function.version),
            failure.errorMessage, failure.errorType, InvocationReport.end(requestID: requestID),
            InvocationReport.report(
                requestID: requestID, durationMilliseconds: 0, billedMilliseconds: 1,
                memoryMegabytes: function.memoryMegabytes, usedMegabytes: 0,
                initMilliseconds: nil, status: status),
        ] {
            write(line, to: environment)
            tail.append(line)
        }
        discard(environment)
        return FunctionResult(
            outcome: .failure(failure), logTail: tail.last, billedMilliseconds: 1,
            logStream: environment.stream.stream)
    }

    private func makeEnvironment(
        _ identifier: EnvironmentID, _ function: FunctionSpecification
    ) -> ExecutionEnvironment {
        let stream = FunctionLogStream(
            function: function.functionARN, roleARN: function.roleARN,
            accountID: function.accountID, region: function.region, group: function.logGroup,
            stream: InvocationReport.streamName(
                at: host.now(), version: function.version, nonce: entropy.bytes(16)))
        let identity = SandboxIdentity(
            environmentID: identifier.number, functionARN: function.functionARN,
            accountID: function.accountID, roleARN: function.roleARN)
        let environment = ExecutionEnvironment(
            identifier: identifier, function: function, stream: stream, identity: identity,
            startedNanoseconds: time.monotonicNanoseconds())
        environments[identifier] = environment
        scheduleReaping()
        return environment
    }

    // MARK: Command

    private func command(
        _ function: FunctionSpecification, code: String, level: SandboxLevel,
        bootstraps: String, requestID: String
    ) async throws(StartProblem) -> Command {
        let root = level == .namespaces ? "/var/task" : code
        let runtimes = level == .namespaces ? "/var/runtime" : bootstraps
        let family = RuntimeFamily(function.runtime)
        if case .provided = family {
            let program = await launcher.perform { SmallFile.isExecutable("\(code)/bootstrap") }
            guard program else { throw .failure(.noBootstrap(requestID: requestID)) }
            return Command(
                arguments: ["\(root)/bootstrap"], version: Self.providedVersion(function.runtime))
        }
        let found: Interpreter
        var warning: String?
        switch await interpreter(for: function.runtime) {
        case .exact(let interpreter): found = interpreter
        case .substitute(let interpreter, let text): (found, warning) = (interpreter, text)
        case .missing(let explanation):
            throw .unavailable(.runtimeMissing(message: explanation))
        }
        var command = Command(arguments: [found.path], version: "", warning: warning)
        command.mounts = found.prefix.map { [SandboxLayout.Mount(source: $0, target: $0)] } ?? []
        if case .node(_) = family {
            command.version = "nodejs:\(found.version)"
            command.arguments += ["\(runtimes)/bootstrap.mjs"]
            return command
        }
        command.version = "python:3.\(found.version)"
        for (position, folder) in configuration.pythonSDKPaths.enumerated() {
            // At its own path `/tmp` or `/proc` could lie over it.
            let inside = level == .namespaces ? "/opt/martlet/sdk\(position)" : folder
            command.pythonPath.append(inside)
            command.mounts.append(SandboxLayout.Mount(source: folder, target: inside))
        }
        let bundlesClient = await launcher.perform {
            SmallFile.isFile("\(code)/awslambdaric/__main__.py")
        }
        // Without `site` an interpreter starts a third faster; our bootstrap does what it must.
        command.arguments +=
            bundlesClient
            ? ["-m", "awslambdaric", function.handler]
            : ["-S", "-B", "\(runtimes)/bootstrap.py"]
        return command
    }

    /// `provided.al2023` as AWS writes it in a version.
    private static func providedVersion(_ runtime: String) -> String {
        runtime.split(separator: ".", maxSplits: 1).joined(separator: ":")
    }

    /// Looks for the interpreters there are, so that a first event need not wait for that.
    func findInterpreters() async {
        let search = InterpreterSearch(
            folders: configuration.interpreterFolders,
            versionFolders: configuration.versionFolders)
        let strict = configuration.strictRuntimes
        let found = await launcher.perform {
            (pythons: search.all(.python(minor: 0)), nodes: search.all(.node(major: 0)))
        }
        let names =
            found.pythons.map { "python3.\($0.version)" }
            + found.nodes.map { "nodejs\($0.version).x" }
        for name in names where interpreters[name] == nil {
            interpreters[name] = InterpreterChoice.choose(
                name, among: name.hasPrefix("p") ? found.pythons : found.nodes, strict: strict)
        }
    }

    func interpreter(for runtime: String) async -> InterpreterChoice {
        if let known = interpreters[runtime] { return known }
        let search = InterpreterSearch(
            folders: configuration.interpreterFolders,
            versionFolders: configuration.versionFolders)
        let strict = configuration.strictRuntimes
        let choice = await launcher.perform {
            InterpreterChoice.choose(
                runtime, among: search.all(RuntimeFamily(runtime)), strict: strict)
        }
        // What is missing may be installed while we run.
        if case .missing = choice { return choice }
        interpreters[runtime] = choice
        return choice
    }

    // MARK: Process

    private func launch(
        _ environment: ExecutionEnvironment, sandbox: Sandbox, command: Command, code: String,
        credentials: FunctionCredentials
    ) async throws(ShellError) {
        let function = environment.function
        let name = "e\(environment.identifier.number)"
        if sandbox.level == .rlimits {
            environment.temporaryFolder = sandbox.state.makeTemporary(name)
            (environment.apiListener) = try LoopbackSocket.listen()
        }
        var ends: [Int32] = [0, 0]
        guard csandbox_pipe(&ends) == 0 else { throw ShellError("pipe", errno) }
        environment.output = ends[0]
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let filter = sandbox.report.filtersCalls ? csandbox_filter_descriptor() : -1
        let sandboxed = SandboxedCommand(
            arguments: command.arguments,
            environment: variables(
                environment, sandbox: sandbox, command: command, code: code,
                credentials: credentials),
            codeFolder: code, mounts: command.mounts,
            temporaryMegabytes: function.ephemeralStorageMegabytes,
            ports: [9001, host.endpointPort],
            userID: configuration.userIDBase
                &+ UInt32((userOffset &+ environment.identifier.number) % 65_536),
            temporaryFolder: environment.temporaryFolder)
        environment.group = sandbox.groups?.make(
            name,
            bounds: ControlGroup.Bounds(
                memoryBytes: (function.memoryMegabytes + function.ephemeralStorageMegabytes) << 20,
                processes: Sandbox.processesMax,
                processorThousandths: function.memoryMegabytes * 1000 / 1769))
        var plan = sandbox.plan(sandboxed, output: ends[1], null: null, filter: filter)
        plan.controlGroups = environment.group?.openEntries() ?? []
        defer {
            for descriptor in [ends[1], null, filter] + plan.controlGroups where descriptor >= 0 {
                close(descriptor)
            }
        }
        let process = try await launcher.launch(plan)
        environment.process = process
        environment.meter = MemoryMeter(
            group: environment.group, processID: process.processID,
            isWrapped: sandbox.level == .namespaces)
        attach(environment, process)
        // It may have been told to end while it was being started.
        if environment.ending != nil { kill(environment, process) }
        guard process.listeners.count > 1 else { return }
        await host.serve(listeningDescriptor: process.listeners[1], for: environment.identity)
        // The host was told of the end before it had begun.
        if environment.phase == .ended { await host.stopServing(environment.identity) }
    }

    private func variables(
        _ environment: ExecutionEnvironment, sandbox: Sandbox, command: Command, code: String,
        credentials: FunctionCredentials
    ) -> [String] {
        let isolated = sandbox.level == .namespaces
        let apiPort = isolated ? 9001 : LoopbackSocket.port(of: environment.apiListener)
        let places = FunctionPlaces(
            taskRoot: isolated ? "/var/task" : code,
            runtimeFolder: isolated ? "/var/runtime" : sandbox.state.bootstraps,
            runtimeAPI: "127.0.0.1:\(apiPort)",
            endpoint: "http://127.0.0.1:\(host.endpointPort)",
            temporaryFolder: environment.temporaryFolder, pythonPath: command.pythonPath,
            nodePath: [])
        return FunctionVariables.list(
            environment.function, credentials: credentials, logStream: environment.stream.stream,
            places: places)
    }

    /// Begins to watch a started process.
    private func attach(_ environment: ExecutionEnvironment, _ process: LaunchedProcess) {
        let identifier = environment.identifier
        environment.exitToken = watch(process.exitDescriptor, Reactor.Events.readable) {
            runtime, _ in
            runtime.processEnded(identifier)
        }
        environment.outputToken = watch(environment.output, Reactor.Events.readable) { runtime, _ in
            runtime.readOutput(identifier)
        }
        if let listener = process.listeners.first { environment.apiListener = listener }
        environment.apiToken = watch(environment.apiListener, Reactor.Events.readable) {
            runtime, _ in
            runtime.acceptConnections(identifier)
        }
        armInitTimer(environment)
        watchMemory(identifier)
    }

    func watch(
        _ descriptor: Int32, _ events: UInt32,
        _ handler: @escaping @Sendable (isolated FunctionRuntime, UInt32) -> Void
    ) -> UInt64 {
        reactor.watch(descriptor, for: events) { [weak self] events in
            self?.assumeIsolated { handler($0, events) }
        }
    }
}
