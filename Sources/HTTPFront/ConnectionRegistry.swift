// SPDX-License-Identifier: Apache-2.0
// The open connections of a server: counted against the limits, found again for draining.

import NIOCore
import Synchronization

/// What tells one listener's connections from another's.
final class ListenerIdentity: Sendable {
    let id: UInt64
    /// Set under the registry's lock, so that no connection slips in behind a drain.
    fileprivate let isClosed = Atomic(false)

    init(id: UInt64) { self.id = id }
}

/// Every open connection; safe to call from any thread.
final class ConnectionRegistry: Sendable {
    private struct Entry {
        let listener: UInt64
        let address: String?
        let channel: any Channel
    }

    private struct State {
        var nextID: UInt64 = 1
        var entries: [UInt64: Entry] = [:]
        var perAddress: [String: Int] = [:]
        var perListener: [UInt64: Int] = [:]
        var waiters: [(listener: UInt64, promise: EventLoopPromise<Void>)] = []
    }

    private let limits: HTTPLimits
    private let state = Mutex(State())

    init(limits: HTTPLimits) { self.limits = limits }

    var count: Int { state.withLock { $0.entries.count } }

    func newListener() -> ListenerIdentity {
        state.withLock { state in
            defer { state.nextID += 1 }
            return ListenerIdentity(id: state.nextID)
        }
    }

    /// Takes in a connection, or answers `nil` when a limit or a closed listener forbids it.
    func admit(_ channel: any Channel, on listener: ListenerIdentity, address: String?) -> UInt64? {
        let counted = address.flatMap { Self.isLoopback($0) ? nil : $0 }
        return state.withLock { state in
            guard state.entries.count < limits.connectionsMax,
                !listener.isClosed.load(ordering: .relaxed)
            else { return nil }
            if let counted {
                let open = state.perAddress[counted, default: 0]
                guard open < limits.connectionsPerAddressMax else { return nil }
                state.perAddress[counted] = open + 1
            }
            defer { state.nextID += 1 }
            state.entries[state.nextID] = Entry(
                listener: listener.id, address: counted, channel: channel)
            state.perListener[listener.id, default: 0] += 1
            return state.nextID
        }
    }

    func remove(_ id: UInt64) {
        let done: [EventLoopPromise<Void>] = state.withLock { state in
            guard let entry = state.entries.removeValue(forKey: id) else { return [] }
            if let address = entry.address, let open = state.perAddress[address] {
                state.perAddress[address] = open > 1 ? open - 1 : nil
            }
            let left = state.perListener[entry.listener, default: 1] - 1
            state.perListener[entry.listener] = left > 0 ? left : nil
            guard left == 0 else { return [] }
            let done = state.waiters.filter { $0.listener == entry.listener }
            state.waiters.removeAll { $0.listener == entry.listener }
            return done.map(\.promise)
        }
        for promise in done { promise.succeed() }
    }

    /// Lets no connection of this listener in any more and answers those that are open.
    ///
    /// The promise is kept when the last of them is gone.
    func close(
        _ listener: ListenerIdentity, promise: EventLoopPromise<Void>
    ) -> [any Channel] {
        let channels = state.withLock { state in
            listener.isClosed.store(true, ordering: .relaxed)
            if state.perListener[listener.id] != nil {
                state.waiters.append((listener.id, promise))
            }
            return Self.channels(state, of: listener.id)
        }
        if channels.isEmpty { promise.succeed() }
        return channels
    }

    func channels(of listener: ListenerIdentity) -> [any Channel] {
        state.withLock { Self.channels($0, of: listener.id) }
    }

    private static func channels(_ state: borrowing State, of listener: UInt64) -> [any Channel] {
        state.entries.filter { $0.value.listener == listener }.sorted { $0.key < $1.key }
            .map(\.value.channel)
    }

    private static func isLoopback(_ address: String) -> Bool {
        address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }
}
