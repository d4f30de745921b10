// SPDX-License-Identifier: Apache-2.0
// Moving a world's time: durable before it answers, and one due moment after the other, with all
// the work that each causes at rest before time moves on.

package import AdminAPI
import Basics
package import Chronology
import ServiceKit
import Storage
import Synchronization

/// Changes the clock of a world; one change at a time.
package final class ClockControl: ClockCommands {
    private let world: World
    /// `nil` while nobody changes the clock, else those who wait for their turn.
    private let turn = Mutex<[WakeTicket]?>(nil)

    init(world: World) { self.world = world }

    package var setting: ClockSetting { world.clock.setting() }

    package func set(mode: ClockMode) async throws {
        try await exclusively {
            var setting = world.clock.setting()
            setting.mode = mode
            try await save(setting)
            world.clock.set(mode: mode)
        }
    }

    package func advance(milliseconds: Int64, realSecondsMax: Int) async throws -> ClockAdvance {
        try await exclusively {
            let target = world.clock.now().adding(milliseconds: max(0, milliseconds))
            var setting = world.clock.setting()
            setting.now = target
            setting.offsetMilliseconds = setting.offsetMilliseconds.addingSaturating(milliseconds)
            // Stored first: a crash on the way resumes at the target, never before a moment
            // that stored records have seen.
            try await save(setting)
            return try await step(to: target, realSecondsMax: realSecondsMax)
        }
    }

    private func step(to target: Timestamp, realSecondsMax: Int) async throws -> ClockAdvance {
        let physical = world.clock.physical
        let end = physical.monotonicNanoseconds() &+ UInt64(max(1, realSecondsMax)) * 1_000_000_000
        var result = ClockAdvance(fired: 0, stillRunning: 0, now: target, isCutShort: false)
        while true {
            guard try await rest(until: end) else {
                result.isCutShort = true
                break
            }
            guard let due = world.clock.nextDue(), due <= target else { break }
            result.fired += world.clock.jump(to: due)
        }
        if !result.isCutShort {
            result.fired += world.clock.jump(to: target)
            result.isCutShort = try await !rest(until: end)
        }
        result.stillRunning = world.background.activity.running
        result.now = world.clock.now()
        return result
    }

    /// Waits until nothing runs and all is durable; `false` when real time ran out first.
    private func rest(until end: UInt64) async throws -> Bool {
        let physical = world.clock.physical
        while true {
            let begun = world.background.activity.begun
            let ticket = WakeTicket()
            world.background.activity.awaitIdle(ticket)
            let now = physical.monotonicNanoseconds()
            let timer = physical.after(nanoseconds: end > now ? end - now : 0) { ticket.wake() }
            await ticket.wait()
            timer.cancel()
            if world.background.activity.running > 0 { return false }
            try await world.store.durable(world.store.latestVersion)
            // Work that began while the store was syncing has to come to rest too.
            if world.background.activity.begun == begun { return true }
            if physical.monotonicNanoseconds() >= end { return false }
        }
    }

    private func save(_ setting: ClockSetting) async throws {
        var batch = WriteBatch()
        batch.put(key: WorldRecords.clockKey, value: setting.record)
        try await world.store.commit(batch, adds: false)
    }

    private func exclusively<Result>(_ body: () async throws -> Result) async throws -> Result {
        while true {
            let ticket = WakeTicket()
            let isMine = turn.withLock { turn in
                guard turn != nil else {
                    turn = []
                    return true
                }
                turn?.append(ticket)
                return false
            }
            if isMine { break }
            await ticket.wait()
        }
        defer {
            let waiting = turn.withLock { turn in
                defer { turn = nil }
                return turn ?? []
            }
            for ticket in waiting { ticket.wake() }
        }
        return try await body()
    }
}
