// SPDX-License-Identifier: Apache-2.0
// `martlet serve`: options to configuration, start, signals, end.

import ArgumentParser
import FunctionRuntime
import Gateway
import Platform

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs the server until SIGTERM or SIGINT.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the server.",
        discussion: """
            Listens on 127.0.0.1:4566 and keeps everything under the data directory: what was
            acknowledged is still there after a crash. Ends on SIGTERM or Ctrl-C once requests
            under way are answered.

            Every option can be given in the environment: --lambda-memory is
            MARTLET_LAMBDA_MEMORY, a flag is set by 1, several values are separated by commas.
            An option wins over its variable. MARTLET_FUNCTIONS_SDK names a folder of Python
            packages, such as boto3, that functions may import without bundling them.

            LocalStack's GATEWAY_LISTEN (host:port), LOCALSTACK_HOST (host:port written into
            queue URLs) and DEBUG (1 logs every request) are honoured too.
            """)

    @Option(help: "Address to listen on.") var host: String?
    @Option(help: "Port to listen on; 0 takes a free one.") var port: Int?
    @Option(help: "Folder for all state; $XDG_DATA_HOME/martlet by default.") var dataDir: String?
    @Option(help: "durable (default; survives a power cut) or relaxed (survives the process).")
    var durability: PlatformConfiguration.Durability?
    @Flag(help: "Keep everything in memory, without a data directory; nothing is left.")
    var ephemeral = false
    @Option(help: "relaxed (default), or aws to keep AWS's 60-second rules too.")
    var limits: PlatformConfiguration.Limits?
    @Option(help: "local (default; test keys are account roots) or secure (issued keys only).")
    var profile: ProfileName?
    @Flag(help: "Listen on an address that others can reach. Anybody there can do anything.")
    var unsafePublic = false
    @Option(help: "A further host name to be reached under; *.example.org for all below.")
    var hostName: [String] = []
    @Option(help: "An Origin whose web pages may call.") var allowOrigin: [String] = []
    @Option(help: "Megabytes for all function environments together; half of all memory.")
    var lambdaMemory: Int?
    @Option(help: "nearest (default) or strict: refuse to stand in with another version.")
    var runtimes: RuntimesRule?
    @Option(help: "auto (default), namespaces or rlimits: how far functions are kept apart.")
    var sandbox: SandboxChoice?
    @Flag(help: "Let functions call with made-up keys, not only their role's.")
    var allowTestKeysInFunctions = false
    @Option(help: "text or json.") var logFormat: LogFormat?

    enum ProfileName: String, ExpressibleByArgument, CaseIterable { case local, secure }
    enum RuntimesRule: String, ExpressibleByArgument, CaseIterable { case nearest, strict }
    enum SandboxChoice: String, ExpressibleByArgument, CaseIterable {
        case auto, namespaces, rlimits

        /// `nil` takes the best level that works here.
        var level: SandboxLevel? { SandboxLevel(rawValue: rawValue) }
    }
    enum LogFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

    func run() async throws {
        let log = ServerLog(isJSON: try chosen(logFormat, "MARTLET_LOG_FORMAT") == .json)
        // A client that leaves while we write must not end the process.
        signal(SIGPIPE, SIG_IGN)
        let signals = SignalWait()
        let platform: Platform
        let configuration: PlatformConfiguration
        do {
            configuration = try self.configuration(log)
            platform = try await Platform.start(configuration)
        } catch let failure as PlatformFailure {
            log.write("error", failure.description)
            throw ExitCode.failure
        } catch let failure as CommandFailure {
            log.write("error", failure.description)
            throw ExitCode.failure
        }
        announce(platform, configuration, log)
        platform.prepareFunctions { said, isWeak in
            for line in said.split(separator: "\n") {
                log.write(isWeak ? "warning" : "info", "Functions: \(line)")
            }
        }
        await signals.wait()
        log.write("info", "Ending: requests under way are being answered.")
        await platform.stop()
    }

    private func announce(
        _ platform: Platform, _ configuration: PlatformConfiguration, _ log: ServerLog
    ) {
        log.write("info", "Martlet \(Platform.version)")
        if configuration.isEphemeral {
            log.write("info", "Everything is in memory and gone at the end.")
        } else {
            log.write(
                "info",
                "Data in \(configuration.dataDirectory) (empty it with `martlet reset`).")
        }
        log.write("info", "Listening on \(platform.endpoint)")
        log.write("info", "Clients: eval \"$(martlet env)\"")
        log.write("info", "Ready.")
    }

    private func configuration(_ log: ServerLog) throws -> PlatformConfiguration {
        let listen = try Settings.gatewayListen()
        let directory =
            dataDir ?? Settings.value("MARTLET_DATA_DIR") ?? Settings.defaultDataDirectory
        var configuration = PlatformConfiguration(dataDirectory: absolute(directory))
        configuration.host =
            host ?? Settings.value("MARTLET_HOST") ?? listen.host ?? configuration.host
        configuration.port = try Settings.checkedPort(
            port ?? Settings.number("MARTLET_PORT") ?? listen.port ?? configuration.port, from: 0)
        try checkAddress(configuration.host)
        configuration.durability =
            try chosen(durability, "MARTLET_DURABILITY") ?? configuration.durability
        configuration.isEphemeral = ephemeral || Settings.flag("MARTLET_EPHEMERAL")
        configuration.limits = try chosen(limits, "MARTLET_LIMITS") ?? configuration.limits
        if try chosen(profile, "MARTLET_PROFILE") == .secure { configuration.profile = .secure }
        configuration.hostNames = hostName + Settings.list("MARTLET_HOST_NAME")
        if let name = Settings.value("LOCALSTACK_HOST") {
            configuration.hostNames.append(String(name.prefix { $0 != ":" }))
            configuration.publicEndpoint = "http://\(name)"
        }
        configuration.origins = allowOrigin + Settings.list("MARTLET_ALLOW_ORIGIN")
        configuration.trustsSandboxKeys =
            allowTestKeysInFunctions || Settings.flag("MARTLET_ALLOW_TEST_KEYS_IN_FUNCTIONS")
        try setFunctions(&configuration.functions)
        if Settings.flag("DEBUG") {
            configuration.requestSink = { log.write("debug", $0, $1) }
        }
        return configuration
    }

    private func setFunctions(_ functions: inout FunctionRuntimeConfiguration) throws {
        functions.memoryMegabytesMax = try lambdaMemory ?? Settings.number("MARTLET_LAMBDA_MEMORY")
        if let megabytes = functions.memoryMegabytesMax, megabytes < 128 {
            throw CommandFailure(
                "No function fits into \(megabytes) megabytes. Give --lambda-memory 128 or more.")
        }
        functions.strictRuntimes = try chosen(runtimes, "MARTLET_RUNTIMES") == .strict
        functions.level = try chosen(sandbox, "MARTLET_SANDBOX")?.level
        functions.isLevelStrict = true
        if let path = Settings.value("MARTLET_FUNCTIONS_SDK") { functions.pythonSDKPaths = [path] }
    }

    /// A public address is refused unless it was asked for in so many words.
    private func checkAddress(_ host: String) throws {
        let isLoopback = host == "localhost" || host == "::1" || host.hasPrefix("127.")
        guard !isLoopback, !unsafePublic, !Settings.flag("MARTLET_UNSAFE_PUBLIC") else { return }
        throw CommandFailure(
            "\(host) can be reached from other machines, where anybody could do anything here. "
                + "Listen on 127.0.0.1, or say --unsafe-public if that is meant.")
    }

    private func chosen<Value: ExpressibleByArgument>(_ value: Value?, _ variable: String) throws
        -> Value?
    {
        if let value { return value }
        guard let text = Settings.value(variable) else { return nil }
        guard let parsed = Value(argument: text) else {
            let values = Value.allValueStrings.joined(separator: " or ")
            throw CommandFailure("\(variable) cannot be \(text). Set it to \(values).")
        }
        return parsed
    }

    private func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let buffer = getcwd(nil, 0) else { return path }
        defer { free(buffer) }
        return "\(String(cString: buffer))/\(path)"
    }
}

extension PlatformConfiguration.Durability: ExpressibleByArgument {}
extension PlatformConfiguration.Limits: ExpressibleByArgument {}
