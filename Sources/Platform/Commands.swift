// SPDX-License-Identifier: Apache-2.0
// The admin paths' view of the platform.

import AdminAPI
import Basics
import Chronology
import FunctionRuntime
import Journal
import LambdaService
import LogsService
import SQSService
import ServiceKit
import Storage
import Synchronization
import WireModel

/// Answers the admin API once the platform stands.
final class Commands: PlatformCommands {
    private struct Reference: Sendable {
        weak let platform: Platform?
    }

    private let reference = Mutex<Platform?>(nil)

    func bind(_ platform: Platform) { reference.withLock { $0 = platform } }

    private var platform: Platform? { reference.withLock { $0 } }

    var serviceNames: [String] {
        platform?.table.services.map(\.descriptor.signingName) ?? []
    }

    var coverage: JSONObject { platform.map { Coverage($0.table).json } ?? [:] }

    func status() async -> JSONObject {
        guard let platform else { return ["status": "starting"] }
        let configuration = platform.configuration
        var object: JSONObject = [
            "version": .string(Platform.version), "endpoint": .string(platform.endpoint),
            "dataDirectory": .string(
                configuration.isEphemeral ? "none (ephemeral)" : configuration.dataDirectory),
            "durability": .string(
                configuration.isEphemeral ? "ephemeral" : configuration.durability.rawValue),
            "store": .string("\(platform.world.store.state)"),
            "profile": .string("\(configuration.profile)"),
            "limits": .string(configuration.limits.rawValue),
            "sandbox": .string(await platform.sandbox().text),
        ]
        let functions = await platform.runtime.status()
        object["environments"] = .integer(Int64(functions.environments))
        object["busyEnvironments"] = .integer(Int64(functions.busyEnvironments))
        object["functionMegabytes"] = .integer(Int64(functions.memoryMegabytesUsed))
        object["functionMegabytesMax"] = .integer(Int64(functions.memoryMegabytesMax))
        // Sentences: which version stands in for which.
        object["substitutes"] = .array(functions.substitutes.map { .string($0) })
        object["services"] = .array(serviceNames.map { .string($0) })
        return object
    }

    func reset() async throws {
        guard let platform else { return }
        try await platform.reset()
    }

    func peek(queueURL: String) async throws -> [JSONObject]? {
        try await platform?.sqs.peek(queueURL: queueURL, region: .usEast1)
    }

    func metrics() async -> [(name: String, value: Double)] {
        guard let platform else { return [] }
        let counters = platform.world.store.counters
        var list: [(name: String, value: Double)] = [
            ("martlet_store_applies_total", Double(counters.applies)),
            ("martlet_store_applied_bytes_total", Double(counters.appliedBytes)),
            ("martlet_store_syncs_total", Double(counters.syncs)),
            ("martlet_store_failed_syncs_total", Double(counters.failedSyncs)),
            ("martlet_store_waiters", Double(counters.waiters)),
            ("martlet_store_unsynced_bytes", Double(counters.unsyncedBytes)),
            (
                "martlet_store_acknowledged_unsynced_total",
                Double(counters.acknowledgedUnsynced)
            ),
            ("martlet_connections", Double(platform.openConnections)),
            ("martlet_background_work", Double(platform.world.background.activity.running)),
        ]
        for (key, count) in platform.world.journal.callCounts {
            list.append(
                (
                    "martlet_requests_total{service=\"\(key.service)\","
                        + "operation=\"\(key.operation)\",status=\"\(key.status)\"}",
                    Double(count)
                ))
        }
        return list
    }
}

extension Platform {
    /// Empties the world: every resource of every account goes, the clock runs on in real time.
    func reset() async throws {
        lambda.stop()
        var batch = WriteBatch()
        for kind in KeyKind.allCases where kind != .store {
            batch.deleteRange(KeyRange(kind: kind))
        }
        try await world.store.commit(batch, adds: false)
        sqs.dropResidentState()
        logs.dropResidentState()
        try await clock.set(mode: .real)
        try await lambda.start()
    }
}
