// SPDX-License-Identifier: Apache-2.0
// Opens listeners on the event loops it is given and wires each connection to its application.
// Threads belong to whoever made the group.

package import Basics
package import NIOCore
package import NIOPosix

/// A set of listeners that share event loops and limits.
package final class HTTPServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let limits: HTTPLimits
    private let registry: ConnectionRegistry
    private let resources: [ObjectIdentifier: NIOLoopBound<LoopResources>]

    /// A server on the loops of `group`; `wallClock` gives the `Date` field.
    package init(
        group: MultiThreadedEventLoopGroup, limits: HTTPLimits = HTTPLimits(),
        wallClock: @escaping @Sendable () -> Timestamp
    ) async throws {
        self.group = group
        self.limits = limits
        registry = ConnectionRegistry(limits: limits)
        var resources: [ObjectIdentifier: NIOLoopBound<LoopResources>] = [:]
        for loop in group.makeIterator() {
            resources[ObjectIdentifier(loop)] = try await loop.submit {
                NIOLoopBound(
                    LoopResources(eventLoop: loop, wallClock: wallClock), eventLoop: loop)
            }.get()
        }
        self.resources = resources
    }

    /// Event loops for a server: as many as cores it may run on, at most two.
    ///
    /// More did not pay in measurements: a request costs microseconds, the store is what waits.
    package static func makeGroup() -> MultiThreadedEventLoopGroup {
        let cores = min(System.coreCount, Affinity.coreCount ?? System.coreCount)
        return MultiThreadedEventLoopGroup(numberOfThreads: min(2, max(1, cores)))
    }

    /// Connections open now, on all listeners.
    package var openConnectionCount: Int { registry.count }

    /// Listens on a TCP address; port 0 takes a free one.
    package func bind(
        host: String, port: Int, tag: String, application: any HTTPApplication
    ) async throws -> HTTPListener {
        try await open(tag: tag, application: application) {
            $0.bind(host: host, port: port)
        }
    }

    /// Listens on a Unix socket; a file that is there already is an error.
    package func bind(
        unixSocketPath: String, tag: String, application: any HTTPApplication
    ) async throws -> HTTPListener {
        try await open(tag: tag, application: application) {
            $0.bind(unixDomainSocketPath: unixSocketPath)
        }
    }

    /// Takes over a socket that listens already, TCP or Unix, made anywhere.
    ///
    /// The descriptor belongs to the listener from here on, also if this throws.
    package func adopt(
        listeningDescriptor: CInt, tag: String, application: any HTTPApplication
    ) async throws -> HTTPListener {
        try await open(tag: tag, application: application) {
            $0.withBoundSocket(listeningDescriptor)
        }
    }

    private func open(
        tag: String, application: any HTTPApplication,
        _ bind: (ServerBootstrap) -> EventLoopFuture<any Channel>
    ) async throws -> HTTPListener {
        let identity = registry.newListener()
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: limits.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause())
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // A second read that only finds the socket empty is a system call per request.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .writeBufferWaterMark,
                value: .init(low: limits.unsentBytesMax / 2, high: limits.unsentBytesMax)
            )
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try set(up: channel, listener: identity, tag: tag, application: application)
                }
            }
        let channel = try await bind(bootstrap).get()
        return HTTPListener(identity: identity, tag: tag, channel: channel, registry: registry)
    }

    /// Runs on the connection's loop; an error closes the connection.
    private func set(
        up channel: any Channel, listener: ListenerIdentity, tag: String,
        application: any HTTPApplication
    ) throws {
        let address = channel.remoteAddress
        guard let shared = resources[ObjectIdentifier(channel.eventLoop)],
            let id = registry.admit(channel, on: listener, address: address?.ipAddress)
        else { throw HTTPConnectionClosed() }
        let registry = registry
        let handler = ConnectionHandler(
            application: application, limits: limits, resources: shared.value,
            connection: ConnectionContext(
                id: id, tag: tag, peerAddress: address?.ipAddress, peerPort: address?.port),
            onClose: { registry.remove(id) })
        do {
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            registry.remove(id)
            throw error
        }
    }
}

/// One open listener.
package final class HTTPListener: Sendable {
    package let tag: String
    private let identity: ListenerIdentity
    private let channel: any Channel
    private let registry: ConnectionRegistry

    init(
        identity: ListenerIdentity, tag: String, channel: any Channel, registry: ConnectionRegistry
    ) {
        self.identity = identity
        self.tag = tag
        self.channel = channel
        self.registry = registry
    }

    /// The bound port; `nil` on a Unix socket.
    package var port: Int? { channel.localAddress?.port }

    /// Stops accepting, lets requests in flight end with `Connection: close`, then closes all.
    ///
    /// Streamed bodies are asked to end at once by cancellation. Returns when no connection of
    /// this listener is left, soon after `deadline` at the latest; connections that are open then
    /// are cut. Safe to call again.
    package func close(within deadline: TimeAmount = .seconds(10)) async {
        try? await channel.close().get()
        let loop = channel.eventLoop
        let promise = loop.makePromise(of: Void.self)
        for connection in registry.close(identity, promise: promise) {
            connection.pipeline.fireUserInboundEventTriggered(DrainEvent())
        }
        let cut = loop.scheduleTask(in: deadline) { [registry, identity] in
            for connection in registry.channels(of: identity) { connection.close(promise: nil) }
        }
        try? await promise.futureResult.get()
        cut.cancel()
    }
}
