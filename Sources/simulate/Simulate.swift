// SPDX-License-Identifier: Apache-2.0
// Plays simulated histories and prints what came of them. Not part of the product.

import Basics
import Chronology
import ServiceKit
import Simulator

@main
enum Simulate {
    private static let usage = """
        usage: simulate seeds FIRST COUNT [early]   play and check histories; early plants a bug
               simulate history SEED                print one history and its hash
               simulate trace SEED                  print all that its worlds had to tell
               simulate orders SEED [ORDERS]        print the trace of the main job
        """

    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let numbers = arguments.dropFirst().compactMap { UInt64($0) }
        switch (arguments.first, numbers.first) {
        case ("seeds", .some(let first)):
            let bug: PlantedBug? = arguments.last == "early" ? .acknowledgesBeforeSync : nil
            seeds(from: first, count: numbers.dropFirst().first ?? 1, plantedBug: bug)
        case ("history", .some(let seed)): history(seed)
        case ("trace", .some(let seed)):
            let player = Player(Plan(seed: seed), keepsTrace: true)
            _ = try player.play()
            for line in player.trace.lines { print(line) }
        case ("orders", .some(let seed)):
            try orders(seed, Int(clamping: numbers.dropFirst().first ?? 30))
        default: print(usage)
        }
    }

    /// One line for each seed that failed, then its shortest history; at the end what was played.
    private static func seeds(from first: UInt64, count: UInt64, plantedBug: PlantedBug?) {
        var faults: [FaultKind: Int] = [:]
        var operations = 0
        var failed = 0
        for seed in first..<first + count {
            let report = HistoryReport(Plan(seed: seed), plantedBug: plantedBug)
            operations += report.plan.operations
            faults.merge(report.faults) { $0 + $1 }
            guard !report.violations.isEmpty else { continue }
            failed += 1
            print("FAILED seed \(seed): \(report.violations.count) violations, the shortest:")
            print(report.shrunk(plantedBug: plantedBug).text)
        }
        print("seeds\t\(count)")
        print("failed\t\(failed)")
        print("operations\t\(operations)")
        for kind in FaultKind.allCases { print("\(kind.rawValue)\t\(faults[kind] ?? 0)") }
    }

    private static func history(_ seed: UInt64) {
        let report = HistoryReport(Plan(seed: seed))
        print(report.text)
        print("trace \(report.traceCount) lines")
        print("hash \(String(report.traceHash, radix: 16))")
    }

    private static func orders(_ seed: UInt64, _ orders: Int) throws {
        let simulated = SimulatedWorld(seed: seed, start: Timestamp(seconds: 1_800_000_000))
        let history = OrderHistory(simulated, orders: orders)
        let ending = try simulated.drive { try await history.play() }
        for line in simulated.trace.lines { print(line) }
        print("seed \(seed) jobs \(simulated.executor.ran) time \(simulated.world.clock.now())")
        print("done \(ending.done.count) dead \(ending.dead.count)")
        print("hash \(String(simulated.trace.hash, radix: 16))")
    }
}
