// SPDX-License-Identifier: Apache-2.0
// The parts the composition root puts together: store and world, gateway, listener.

import AdminAPI
import Basics
import Chronology
import Gateway
import HTTPFront
import IAMService
import Journal
import NIOCore
import NIOPosix
import RocksStorage
import ServiceKit
import Storage

extension Platform {
    /// Opens the store and resumes the world it holds.
    static func makeWorld(
        _ configuration: PlatformConfiguration, time: SystemTime,
        group: MultiThreadedEventLoopGroup
    ) async throws -> World {
        let store = try openStore(configuration)
        let blobs = try openBlobs(configuration)
        let boot = try await WorldRecords.countBoot(in: store)
        let setting = try await WorldRecords.clock(in: store)
        return World(
            store: store, blobs: blobs,
            clock: VirtualClock(
                physical: time, setting: setting ?? .untouched(at: time.wall())),
            entropy: SystemEntropy(),
            // Numbers of earlier runs are below: a run gives out fewer than 2^40.
            journal: Journal(capacity: configuration.journalCapacity, firstNumber: boot << 40),
            background: Background(spawner: LoopSpawner(group: group), activity: Activity()))
    }

    static func makeGateway(
        _ configuration: PlatformConfiguration, world: World, table: ServiceTable,
        dispatcher: Dispatcher, identities: IAMService, reserved: any ReservedPaths
    ) -> Gateway {
        let physical = world.clock.physical
        return Gateway(
            hostRule: HostRule(
                extraHosts: configuration.hostNames, origins: configuration.origins),
            reserved: reserved, table: table,
            authenticator: Authenticator(
                profile: configuration.profile, credentials: identities.directory,
                uses: identities, trustsSandboxes: configuration.trustsSandboxKeys,
                wallClock: { physical.wall() }, virtualNow: { world.clock.now() }),
            dispatcher: dispatcher, world: world, publicEndpoint: configuration.publicEndpoint)
    }

    /// A base URL; IPv6 addresses go into brackets.
    static func endpoint(host: String, port: Int) -> String {
        "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    static func listen(
        _ server: HTTPServer, _ configuration: PlatformConfiguration,
        _ application: any HTTPApplication, _ world: World
    ) async throws -> HTTPListener {
        do {
            return try await server.bind(
                host: configuration.host, port: configuration.port, tag: "front",
                application: application)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            await world.store.close()
            throw PlatformFailure(
                "Port \(configuration.port) is in use. Stop what listens there, or choose "
                    + "another with --port.")
        } catch {
            await world.store.close()
            throw PlatformFailure(
                "Cannot listen on \(configuration.host), port \(configuration.port): \(error). "
                    + "Choose others with --host and --port.")
        }
    }

    private static func openStore(_ configuration: PlatformConfiguration) throws -> any Store {
        guard !configuration.isEphemeral else { return MemoryStore() }
        var rocks = RocksConfiguration(directory: configuration.dataDirectory + "/store")
        rocks.durability = configuration.durability == .durable ? .synced : .relaxed
        do throws(StoreError) {
            return try RocksStore.open(rocks)
        } catch {
            switch error {
            case .locked(_, let owner):
                let by = owner.map { "process \($0)" } ?? "another process"
                throw PlatformFailure(
                    "\(configuration.dataDirectory) is in use by \(by). Stop it, or choose "
                        + "another folder with --data-dir.")
            default:
                throw PlatformFailure(
                    "\(configuration.dataDirectory) could not be opened: \(error.description)")
            }
        }
    }

    private static func openBlobs(_ configuration: PlatformConfiguration) throws -> any BlobStore {
        do throws(StoreError) {
            return try FileBlobStore(directory: configuration.dataDirectory + "/blobs")
        } catch {
            throw PlatformFailure(
                "\(configuration.dataDirectory)/blobs could not be opened: \(error.description)")
        }
    }
}
