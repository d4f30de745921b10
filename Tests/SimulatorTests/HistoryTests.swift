// SPDX-License-Identifier: Apache-2.0
// Histories drawn from seeds: as large as promised, without a violation, the same in every
// process, and a planted bug is found and its history made short.

import Basics
import Foundation
import Simulator
import Testing

@Suite struct HistoryTests {
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func aSeedKeepsEveryPromise(_ seed: UInt64) throws {
        let plan = Plan(seed: seed)
        #expect(plan.operations >= 300)
        let report = HistoryReport(plan)
        #expect(report.violations == [])
        #expect((report.faults[.crash] ?? 0) >= 2)
        for kind in FaultKind.allCases { #expect((report.faults[kind] ?? 0) >= 1, "\(kind)") }
        let first = try #require(report.history.first?.at)
        let last = try #require(report.history.last?.at)
        #expect(last.milliseconds(since: first) >= 23 * 3_600_000)
    }

    @Test func aReplyBeforeItsSyncIsFoundAndMadeShort() throws {
        let bug = PlantedBug.acknowledgesBeforeSync
        let reports = (1...10 as ClosedRange<UInt64>).lazy.map {
            HistoryReport(Plan(seed: $0), plantedBug: bug)
        }
        let report = try #require(reports.first { !$0.violations.isEmpty })
        let short = report.shrunk(plantedBug: bug)
        #expect(short.violations.contains { $0.rule == report.violations.first?.rule })
        #expect(short.plan.steps.count <= 40)
        #expect(short.text.contains("VIOLATION"))
    }

    /// Stores fail and reopen in it: who is woken first must not hang on a dictionary's order.
    @Test(arguments: [7, 8])
    func twoProcessesPlayTheSameHistory(_ seed: Int) throws {
        let first = try Self.simulate(seed)
        #expect(first.count > 500)
        #expect(first.last?.hasPrefix("hash ") == true)
        for _ in 0..<3 { try #require(try Self.simulate(seed) == first) }
    }

    private static func simulate(_ seed: Int) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("simulate")
        process.arguments = ["history", String(seed)]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
