// SPDX-License-Identifier: Apache-2.0
// The composition root: opens the store, builds the world, binds every service's ports, listens.
// The only target that names every service and engine.

import AdminAPI
import Basics
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
        for service in table.services {
            world.store.reopenings.observe(service.dropResidentState)
        }
        let dispatcher = Dispatcher(world: world, policySource: iam.directory)
        caller.bind(table, dispatcher)
        clock = ClockControl(world: world)
        let commands = Commands()
        let gateway = Self.makeGateway(
            configuration, world: world, table: table, dispatcher: dispatcher,
            identities: iam,
            reserved: AdminAPI(
                version: Self.version, clock: clock, platform: commands, journal: world.journal))
        server = try await HTTPServer(group: group, wallClock: { time.wall() })
        listener = try await Self.listen(server, configuration, gateway, world)
        let port = listener.port ?? configuration.port
        endpoint = "http://\(configuration.host):\(port)"
        hosting.bind(server, gateway, port: UInt16(clamping: port))
        commands.bind(self)
        try await sqs.start()
        try await logs.start()
        try await outbox.start()
        try await lambda.start()
        if let journalFiles {
            // Not counted as work: it follows the journal for as long as the server runs.
            LoopSpawner(group: group).spawn { await journalFiles.run() }
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
        try? await group.shutdownGracefully()
    }

    /// What the function sandbox is and what it does not stop, found out when first asked.
    package func sandbox() async -> String {
        switch await runtime.prepare() {
        case .success(let report): report.text
        case .failure(let failure): "functions cannot run here: \(failure)"
        }
    }

    var openConnections: Int { server.openConnectionCount }
}

/// Why a server cannot start: one line that names the next step.
package struct PlatformFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
