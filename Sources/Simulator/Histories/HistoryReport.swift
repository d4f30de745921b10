// SPDX-License-Identifier: Apache-2.0
// What came of one seed: its history, the violations in it, and both as text to be read.

import Basics
import Synchronization

/// A plan that was played and checked.
package struct HistoryReport: Sendable {
    package let plan: Plan
    package let history: [HistoryEntry]
    package let violations: [Violation]
    package let traceHash: UInt64
    package let traceCount: Int

    /// Plays and checks `plan`.
    ///
    /// A history that cannot be played to its end is a violation too.
    package init(_ plan: Plan, plantedBug: PlantedBug? = nil) {
        self.plan = plan
        let player = Player(plan, plantedBug: plantedBug)
        do {
            history = try player.play()
            violations = HistoryChecks.violations(in: history)
        } catch {
            history = player.state.withLock { $0.entries }
            violations = [Violation("cannot be played", "the history", "\(error)")]
        }
        traceHash = player.trace.hash
        traceCount = player.trace.count
    }

    /// The shortest plan found that breaks the same rule, played and checked.
    package func shrunk(plantedBug: PlantedBug? = nil) -> HistoryReport {
        guard let rule = violations.first?.rule else { return self }
        let plan = Shrinker.shrink(plan) { candidate in
            HistoryReport(candidate, plantedBug: plantedBug).violations.contains {
                $0.rule == rule
            }
        }
        return HistoryReport(plan, plantedBug: plantedBug)
    }

    /// How often each kind of fault occurred.
    package var faults: [FaultKind: Int] {
        history.reduce(into: [:]) { counts, entry in
            if case .fault(let kind) = entry.event { counts[kind, default: 0] += 1 }
        }
    }

    /// The violations, and the history with seconds since its beginning.
    package var text: String {
        let start = history.first?.at ?? Timestamp(milliseconds: 0)
        let lines = history.map { entry in
            let milliseconds = entry.at.milliseconds(since: start)
            let fraction = String(1000 + milliseconds % 1000).dropFirst()
            return "  \(milliseconds / 1000).\(fraction) s  \(entry.event)"
        }
        return
            (["seed \(plan.seed): \(plan.steps.count) steps"]
            + violations.map { "  VIOLATION \($0)" } + lines).joined(separator: "\n")
    }
}
