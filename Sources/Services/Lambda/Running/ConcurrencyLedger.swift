// SPDX-License-Identifier: Apache-2.0
// How many invocations of each function are under way, held against reserved concurrency.

import Basics
import Chronology
import Synchronization

/// Counts running invocations per function and lets callers wait for a place.
final class ConcurrencyLedger: Sendable {
    private struct Place {
        var running = 0
        var limit: Int?
        var waiters: [WakeTicket] = []

        var hasRoom: Bool { limit.map { running < $0 } ?? true }
        var isIdle: Bool { running == 0 && waiters.isEmpty }
    }

    private let places = Mutex<[FunctionName: Place]>([:])

    /// Takes a place if there is one under `limit`, the function's reservation.
    func tryEnter(_ name: FunctionName, limit: Int?) -> Bool {
        places.withLock { places in
            var place = places[name] ?? Place()
            place.limit = limit
            defer { places[name] = place.isIdle ? nil : place }
            guard place.hasRoom else { return false }
            place.running += 1
            return true
        }
    }

    /// Takes a place once there is one; `false` when the reservation is zero.
    ///
    /// The wait counts as rest of `activity`.
    func enter(_ name: FunctionName, limit: Int?, activity: Activity) async -> Bool {
        while true {
            if limit == 0 { return false }
            if tryEnter(name, limit: limit) { return true }
            await waitForRoom(name, limit: limit, activity: activity)
        }
    }

    /// Returns once a place seemed free; another may take it first.
    func waitForRoom(_ name: FunctionName, limit: Int?, activity: Activity) async {
        let ticket = WakeTicket(activity: activity)
        let mustWait = places.withLock { places in
            var place = places[name] ?? Place()
            place.limit = limit
            guard !place.hasRoom, place.running > 0 else { return false }
            place.waiters.append(ticket)
            places[name] = place
            return true
        }
        if mustWait { await ticket.wait() }
    }

    /// Gives a place back.
    func leave(_ name: FunctionName) {
        let woken: WakeTicket? = places.withLock { places in
            guard var place = places[name] else { return nil }
            place.running = max(0, place.running - 1)
            let first = place.waiters.isEmpty ? nil : place.waiters.removeFirst()
            places[name] = place.isIdle ? nil : place
            return first
        }
        woken?.wake()
    }

    /// Lets everybody who waits look again: a reservation has changed.
    func reconsider(_ name: FunctionName) {
        let woken = places.withLock { places in
            defer { places[name]?.waiters = [] }
            return places[name]?.waiters ?? []
        }
        for ticket in woken { ticket.wake() }
    }
}
