// SPDX-License-Identifier: Apache-2.0
// Which entries are attempted when, and how lanes keep out of each other's way.

import Basics
import Journal
import Testing

@testable import Delivery

@Suite struct OutboxScheduleTests {
    private func header(_ id: UInt64, _ lane: String = "a", due seconds: Int64 = 0)
        -> OutboxHeader
    {
        OutboxHeader(
            id: OutboxID(rawValue: id), handler: "h", lane: lane,
            acceptedAt: Timestamp(seconds: 0), dueAt: Timestamp(seconds: seconds), cause: .none)
    }

    private func take(_ schedule: inout OutboxSchedule, _ seconds: Int64) -> [UInt64] {
        schedule.takeDue(now: Timestamp(seconds: seconds)).map(\.id.rawValue)
    }

    @Test func takesWhatIsDueInOrder() {
        var schedule = OutboxSchedule(runningMax: 10, laneMax: 10)
        for (id, due) in [(1, 30), (2, 10), (3, 20), (4, 10)] as [(UInt64, Int64)] {
            schedule.add(header(id, due: due))
        }
        #expect(schedule.nextDue == Timestamp(seconds: 10))
        #expect(take(&schedule, 9) == [])
        #expect(take(&schedule, 20) == [2, 4, 3])
        #expect(schedule.nextDue == Timestamp(seconds: 30))
        #expect(schedule.running == 3)
        #expect(schedule.count == 4)
    }

    @Test func aFullLaneDelaysNoOther() {
        var schedule = OutboxSchedule(runningMax: 10, laneMax: 2)
        for id in 1...4 as ClosedRange<UInt64> { schedule.add(header(id)) }
        schedule.add(header(5, "b"))
        #expect(take(&schedule, 0) == [1, 2, 5])
        #expect(take(&schedule, 0) == [])
        // What waits for its lane needs no timer.
        #expect(schedule.nextDue == nil)
        schedule.finish(header(1))
        #expect(take(&schedule, 0) == [3])
        schedule.reschedule(header(2, due: 60))
        #expect(take(&schedule, 0) == [4])
        #expect(schedule.nextDue == Timestamp(seconds: 60))
        #expect(schedule.count == 4)
    }

    @Test func allLanesTogetherAreBounded() {
        var schedule = OutboxSchedule(runningMax: 2, laneMax: 2)
        for (id, lane) in [(1, "a"), (2, "b"), (3, "c")] as [(UInt64, String)] {
            schedule.add(header(id, lane))
        }
        #expect(take(&schedule, 0) == [1, 2])
        #expect(schedule.nextDue == nil)
        schedule.finish(header(2, "b"))
        #expect(schedule.nextDue == Timestamp(seconds: 0))
        #expect(take(&schedule, 0) == [3])
    }

    @Test func everyEntryIsTakenOnceWhateverTheOrder() {
        var schedule = OutboxSchedule(runningMax: 7, laneMax: 3)
        var taken: [UInt64] = []
        var running: [OutboxHeader] = []
        var perLane: [String: Int] = [:]
        for id in 0..<500 as Range<UInt64> { schedule.add(header(id, "lane\(id % 5)")) }
        while taken.count < 500 {
            let now = schedule.takeDue(now: Timestamp(seconds: 0))
            guard !now.isEmpty || !running.isEmpty else { break }
            for entry in now { perLane[entry.lane, default: 0] += 1 }
            #expect(perLane.values.allSatisfy { $0 <= 3 })
            running += now
            taken += now.map(\.id.rawValue)
            #expect(running.count <= 7)
            let done = running.remove(at: taken.count % running.count)
            perLane[done.lane, default: 0] -= 1
            schedule.finish(done)
        }
        #expect(taken.sorted() == Array(0..<500))
        for entry in running { schedule.finish(entry) }
        #expect(schedule.count == 0)
        #expect(schedule.running == 0)
    }

    @Test func idsRiseAcrossRuns() {
        let first = OutboxID.next(after: OutboxID(rawValue: 0), now: Timestamp(seconds: 5))
        let second = OutboxID.next(after: first, now: Timestamp(seconds: 5))
        let restarted = OutboxID.next(
            after: OutboxID(rawValue: 0), now: Timestamp(milliseconds: 5001))
        #expect(first < second)
        #expect(second < restarted)
    }
}
