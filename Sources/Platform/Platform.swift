// SPDX-License-Identifier: Apache-2.0
// The composition root: opens the store, builds the world, binds every service's ports, listens.
// The only target that names every service and engine.

import AdminAPI
package import Basics
import Chronology
import CodeArchive
import Delivery
import FunctionRuntime
import Gateway
import HTTPFront
import IAMService
import Journal
import LambdaService
import LogsService
import NIOCore
import NIOPosix
import RocksStorage
import SQSService
import ServiceKit
import Storage

/// A running Martlet.
package final class Platform: Sendable {
    /// Shown by health and status.
    package static let version = "0.1.0"

    let configuration: PlatformConfiguration
    let world: World
    let sqs: SQSService
    let lambda: LambdaService
    let logs: LogsService
    let iam: IAMService
    let outbox: Outbox
    let runtime: FunctionRuntime
    let table: ServiceTable
    let clock: ClockControl
    private let journalFiles: JournalFiles?
    private let group: MultiThreadedEventLoopGroup
    private let server: HTTPServer
    private let listener: HTTPListener
    private let ephemeralFolder: EphemeralFolder?

    /// Where it listens, as clients write it.
    package let endpoint: String

    /// Opens the data directory and listens; throws `PlatformFailure` with the next step in it.
    package static func start(_ configuration: PlatformConfiguration) async throws -> Platform {
        let group = HTTPServer.makeGroup()
        do {
            return try await Platform(configuration, group: group)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private init(_ configuration: PlatformConfiguration, group: MultiThreadedEventLoopGroup)
        async throws
    {
        var configuration = configuration
        ephemeralFolder = try configuration.isEphemeral ? EphemeralFolder() : nil
        if let ephemeralFolder { configuration.dataDirectory = ephemeralFolder.path }
        self.configuration = configuration
        self.group = group
        let time = SystemTime(loop: group.next())
        world = try await Self.makeWorld(configuration, time: time, group: group)
        journalFiles =
            configuration.isEphemeral
            ? nil
            : JournalFiles(
                folder: configuration.dataDirectory + "/journal", journal: world.journal,
                physical: time)
        iam = IAMService(world: world)
        sqs = SQSService(
            world: world, limits: configuration.limits == .aws ? .aws : SQSLimits())
        logs = LogsService(world: world)
        let caller = InternalCaller(
            world: world, endpoint: "http://localhost:\(configuration.port)")
        let hosting = FunctionHosting(world: world, roles: iam, caller: caller)
        runtime = try FunctionRuntime(
            configuration.functions, host: hosting, time: time, background: world.background,
            entropy: world.entropy)
        outbox = Outbox(world: world)
        let archive = CodeArchive(
            root: configuration.dataDirectory + "/functions", blobs: world.blobs)
        lambda = LambdaService(
            world: world,
            ports: LambdaPorts(
                executor: runtime, code: FunctionCodeFolder(archive), caller: caller,
                signals: sqs, roles: iam, policies: iam.directory,
                transfer: sqs.outboxIntake(policies: iam.directory)),
            outbox: outbox)
        table = ServiceTable([
            sqs.registration, lambda.registration, logs.registration, iam.iamRegistration,
            iam.stsRegistration,
        ])
        table.observeReopenings(of: world.store)
        let dispatcher = Dispatcher(world: world, policySource: iam.directory)
        caller.bind(table, dispatcher)
        clock = ClockControl(world: world)
        let commands = Commands()
        let gateway = Self.makeGateway(
            configuration, world: world, table: table, dispatcher: dispatcher,
            identities: iam,
            reserved: AdminAPI(
                version: Self.version, clock: clock, platform: commands, journal: world.journal))
        var application: any HTTPApplication = gateway
        if let sink = configuration.requestSink {
            application = RequestLog(application: gateway, time: time, sink: sink)
        }
        server = try await HTTPServer(group: group, wallClock: { time.wall() })
        listener = try await Self.listen(server, configuration, application, world)
        let port = listener.port ?? configuration.port
        endpoint = Self.endpoint(host: configuration.host, port: port)
        hosting.bind(server, application, port: UInt16(clamping: port))
        commands.bind(self)
        try await sqs.start()
        try await logs.start()
        try await outbox.start()
        try await lambda.start()
        collectBlobs()
        if let journalFiles {
            // Not counted as work: it follows the journal for as long as the server runs.
            LoopSpawner(group: group).spawn { await journalFiles.run() }
        }
    }

    /// Removes, in the background, what earlier runs kept and nothing names any more.
    ///
    /// Unpacked code needs none of it: its folder is emptied before its first use in a run.
    private func collectBlobs() {
        world.background.run { [world, lambda] in
            // Whatever fails here is tried again at the next start.
            guard let named = try? await lambda.namedBlobs() else { return }
            _ = try? await world.blobs.collect(named: named)
        }
    }

    /// Answers what is under way, then ends everything in order.
    package func stop() async {
        lambda.stop()
        sqs.endPolls()
        await listener.close(within: .seconds(10))
        await runtime.shutdown()
        await journalFiles?.stop()
        await world.store.close()
        ephemeralFolder?.remove()
        try? await group.shutdownGracefully()
    }

    /// The machine's wall clock, for the operator's log.
    package static func wallTime() -> Timestamp { SystemTime.wall() }

    /// Looks around for the sandbox and the interpreters while nobody waits for them, and tells
    /// what was found.
    ///
    /// A moment after the start, whose first requests have the processors to themselves.
    package func prepareFunctions(
        _ tell: @escaping @Sendable (_ text: String, _ isWeak: Bool) -> Void
    ) {
        let background = world.background
        let runtime = runtime
        _ = world.clock.physical.after(nanoseconds: 50_000_000) {
            background.run {
                switch await runtime.prepare() {
                case .success(let report): tell(report.text, report.level == .rlimits)
                case .failure(let failure):
                    tell("functions cannot run here: \(failure.message)", true)
                }
            }
        }
    }

    /// What the function sandbox is and what it does not stop, found out when first asked.
    ///
    /// It is weak when functions run without walls of their own, or cannot run.
    package func sandbox() async -> (text: String, isWeak: Bool) {
        switch await runtime.prepare() {
        case .success(let report): (report.text, report.level == .rlimits)
        case .failure(let failure): (failure.message, true)
        }
    }

    var openConnections: Int { server.openConnectionCount }
}

/// Why a server cannot start: one line that names the next step.
package struct PlatformFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
