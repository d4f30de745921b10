// SPDX-License-Identifier: Apache-2.0
import Basics
import Chronology
import Synchronization
import Testing

/// Real time that a test moves.
final class HandTime: PhysicalTime {
    private struct State {
        var nanoseconds: UInt64 = 0
        var wall = Timestamp(seconds: 1_000)
        var pending: [(due: UInt64, action: @Sendable () -> Void)] = []
    }
    private let state = Mutex(State())

    func monotonicNanoseconds() -> UInt64 { state.withLock { $0.nanoseconds } }
    func wall() -> Timestamp { state.withLock { $0.wall } }
    func after(nanoseconds: UInt64, _ action: @escaping @Sendable () -> Void) -> PhysicalTimer {
        state.withLock { state in
            let (due, overflow) = state.nanoseconds.addingReportingOverflow(nanoseconds)
            state.pending.append((overflow ? .max : due, action))
        }
        return PhysicalTimer(cancel: {})
    }

    func pass(seconds: UInt64) {
        let due = state.withLock { state in
            state.nanoseconds += seconds * 1_000_000_000
            state.wall = state.wall.adding(seconds: Int64(seconds))
            let due = state.pending.filter { $0.due <= state.nanoseconds }
            state.pending.removeAll { $0.due <= state.nanoseconds }
            return due
        }
        for entry in due { entry.action() }
    }

    func setWall(_ wall: Timestamp) { state.withLock { $0.wall = wall } }
}

@Suite struct VirtualClockTests {
    let time = HandTime()
    let log = Log()

    func clock(_ mode: ClockMode = .real) -> VirtualClock {
        VirtualClock(
            physical: time,
            setting: ClockSetting(mode: mode, now: time.wall(), offsetMilliseconds: 0))
    }

    @Test func realModeFollowsRealTimeAndFiresTimers() {
        let clock = clock()
        clock.schedule(at: Timestamp(seconds: 1_010)) { [log] in log.add("ten") }
        clock.schedule(at: Timestamp(seconds: 1_005)) { [log] in log.add("five") }
        time.pass(seconds: 4)
        #expect(log.entries == [])
        time.pass(seconds: 7)
        #expect(log.entries == ["five", "ten"])
        #expect(clock.now() == Timestamp(seconds: 1_011))
    }

    @Test func frozenModeMovesOnlyByJump() {
        let clock = clock(.frozen)
        clock.schedule(at: Timestamp(seconds: 1_010)) { [log] in log.add("ten") }
        time.pass(seconds: 100)
        #expect(clock.now() == Timestamp(seconds: 1_000))
        #expect(clock.jump(to: Timestamp(seconds: 1_010)) == 1)
        #expect(log.entries == ["ten"])
    }

    @Test func scaledModeRunsAtItsRate() {
        let clock = clock(.scaled(ratePerThousand: 60_000))
        time.pass(seconds: 2)
        #expect(clock.now() == Timestamp(seconds: 1_120))
    }

    @Test func cancelledTimersDoNotFire() {
        let clock = clock(.frozen)
        let timer = clock.schedule(at: Timestamp(seconds: 1_001)) { [log] in log.add("no") }
        clock.cancel(timer)
        #expect(clock.nextDue() == nil)
        clock.jump(to: Timestamp(seconds: 2_000))
        #expect(log.entries == [])
    }

    @Test func equalTimesFireInTheOrderAsked() {
        let clock = clock(.frozen)
        for number in 0..<50 {
            clock.schedule(at: Timestamp(seconds: 1_001)) { [log] in log.add("\(number)") }
        }
        clock.jump(to: Timestamp(seconds: 1_001))
        #expect(log.entries == (0..<50).map(String.init))
    }

    @Test func aRestartNeverGoesBack() {
        let clock = clock()
        clock.jump(to: Timestamp(seconds: 5_000))
        let setting = clock.setting()
        time.setWall(Timestamp(seconds: 10))
        #expect(
            VirtualClock(physical: time, setting: setting).now() == Timestamp(seconds: 5_000))
        time.setWall(Timestamp(seconds: 1_060))
        #expect(
            VirtualClock(physical: time, setting: setting).now() == Timestamp(seconds: 5_060))
    }
}

final class Log: Sendable {
    private let stored = Mutex<[String]>([])
    var entries: [String] { stored.withLock { $0 } }
    func add(_ entry: String) { stored.withLock { $0.append(entry) } }
}
