// SPDX-License-Identifier: Apache-2.0
// The pollers of a world, one for each enabled mapping.

import Basics
import ServiceKit
import Storage
import Synchronization

/// Starts and stops pollers as mappings come, change and go.
final class MappingSet: Sendable {
    private struct State {
        var pollers: [String: MappingPoller] = [:]
        var isRunning = false
    }

    private let ground: PollerGround
    private let state = Mutex(State())

    init(_ ground: PollerGround) { self.ground = ground }

    /// Begins to poll for every enabled mapping in the store.
    nonisolated(nonsending)
        func resume() async throws
    {
        state.withLock { $0.isRunning = true }
        var pages = ground.world.store.pages(KeyRange(kind: .lambdaMapping))
        while let page = try await pages.next() {
            for pair in page { follow(try EventSourceMapping(pair.value, key: pair.key)) }
        }
    }

    /// Stops all pollers.
    func stop() {
        let pollers = state.withLock { state in
            state.isRunning = false
            defer { state.pollers = [:] }
            return state.pollers.keys.sorted().compactMap { state.pollers[$0] }
        }
        for poller in pollers { poller.stop() }
    }

    /// Makes the poller of a mapping what the mapping now says.
    func follow(_ mapping: EventSourceMapping) {
        let (former, current): (MappingPoller?, MappingPoller?) = state.withLock { state in
            guard state.isRunning else { return (nil, nil) }
            let former = state.pollers[mapping.uuid]
            if let former, mapping.isEnabled, mapping.pollsLike(former.mapping) {
                return (nil, nil)
            }
            // Two updates may get here in the other order.
            if let former, former.mapping.storedAt > mapping.storedAt { return (nil, nil) }
            let current = mapping.isEnabled ? MappingPoller(mapping, ground) : nil
            state.pollers[mapping.uuid] = current
            return (former, current)
        }
        former?.stop()
        current?.start()
    }

    /// Ends the poller of a deleted mapping.
    func forget(_ uuid: String) {
        let former = state.withLock { $0.pollers.removeValue(forKey: uuid) }
        former?.stop()
    }

    /// What became of the last batch, since this process began.
    func lastResult(_ uuid: String) -> String {
        state.withLock { $0.pollers[uuid] }?.lastResult ?? "No records processed"
    }
}
