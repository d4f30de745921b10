// SPDX-License-Identifier: Apache-2.0
// What a history is to do and to suffer, drawn from a seed before it begins: a list from which
// steps can be dropped to find out which of them matter.

import Basics

/// What a client does with messages it has received.
package enum Consumption: String, Hashable, Sendable {
    case delete, leave, release
}

/// One step of a plan.
package enum PlannedAction: Hashable, Sendable {
    /// `again` sends once more after so many milliseconds, with the same deduplication id.
    case send(queue: String, body: String, group: String?, delaySeconds: Int, again: UInt64?)
    case receive(
        queue: String, limit: Int, waitSeconds: Int, visibilitySeconds: Int, then: Consumption,
        afterMilliseconds: UInt64)
    case invoke(key: String)
    case failWrite
    case failSync
    case slowSyncs(milliseconds: UInt64, forMilliseconds: UInt64)
    case full(forMilliseconds: UInt64)
    case jump(milliseconds: Int64)
    /// Ends the world once so many jobs have run.
    case crash(afterJobs: Int)
}

package struct PlannedStep: Hashable, Sendable {
    /// Real time since the history's beginning.
    package let milliseconds: UInt64
    package let action: PlannedAction
}

/// The steps of a history, in order of time.
package struct Plan: Sendable {
    package let seed: UInt64
    package var steps: [PlannedStep]

    package init(seed: UInt64, steps: [PlannedStep]) {
        self.seed = seed
        self.steps = steps
    }

    static let hours: UInt64 = 24
    private static let bursts: UInt64 = 32
    private static let burstMilliseconds: UInt64 = 20_000
    private static let operationsOfBurst = 10

    /// How many calls of clients are planned.
    package var operations: Int {
        steps.count { step in
            switch step.action {
            case .send, .receive, .invoke: true
            default: false
            }
        }
    }

    /// At least 300 operations over 24 hours, two crashes, and every kind of fault.
    package init(seed: UInt64) {
        let entropy = SeededEntropy(seed: seed ^ 0x706C_616E)
        let share = Self.hours * 3_600_000 / Self.bursts
        let starts = (0..<Self.bursts).map {
            $0 * share + entropy.below(share - Self.burstMilliseconds)
        }
        var steps: [PlannedStep] = []
        var number = 0
        for start in starts {
            for _ in 0..<Self.operationsOfBurst {
                steps.append(
                    PlannedStep(
                        milliseconds: start + entropy.below(Self.burstMilliseconds),
                        action: Self.operation(number, entropy)))
                number += 1
            }
        }
        // Faults lie close to what they are to disturb.
        for action in Self.faults(entropy) {
            let near = steps[Int(entropy.below(UInt64(number)))].milliseconds
            steps.append(
                PlannedStep(milliseconds: near + entropy.below(30), action: action))
        }
        let order = steps.indices.sorted {
            (steps[$0].milliseconds, $0) < (steps[$1].milliseconds, $1)
        }
        self.init(seed: seed, steps: order.map { steps[$0] })
    }

    private static func faults(_ entropy: some Entropy) -> [PlannedAction] {
        var faults: [PlannedAction] = []
        for _ in 0..<2 { faults.append(.crash(afterJobs: Int(entropy.below(200)))) }
        for _ in 0...entropy.below(2) { faults.append(.failWrite) }
        for _ in 0...entropy.below(2) { faults.append(.failSync) }
        faults.append(
            .slowSyncs(
                milliseconds: 20 + entropy.below(3_000), forMilliseconds: entropy.below(60_000)))
        faults.append(.full(forMilliseconds: 1_000 + entropy.below(30_000)))
        for _ in 0...entropy.below(3) {
            faults.append(.jump(milliseconds: Int64(1_000 + entropy.below(900_000))))
        }
        return faults
    }

    private static func operation(_ number: Int, _ entropy: some Entropy) -> PlannedAction {
        let group = "g\(entropy.below(3))"
        switch entropy.below(20) {
        case 0..<3:
            return .send(
                queue: "plain", body: "p\(number)", group: nil,
                delaySeconds: entropy.below(4) == 0 ? Int(entropy.below(30)) : 0, again: nil)
        case 3..<6:
            return .send(
                queue: "plain.fifo", body: "f\(number)", group: group, delaySeconds: 0,
                again: entropy.below(4) == 0 ? entropy.below(20_000) : nil)
        case 6..<9:
            return .send(
                queue: "work", body: "w\(number)\(behaviour(entropy))", group: nil,
                delaySeconds: 0, again: nil)
        case 9..<12:
            return .send(
                queue: "work.fifo", body: "x\(number)\(behaviour(entropy))", group: group,
                delaySeconds: 0, again: entropy.below(5) == 0 ? entropy.below(20_000) : nil)
        case 12..<14: return .invoke(key: "a\(number)\(behaviour(entropy, isBatch: false))")
        default:
            let fates: [Consumption] = [.delete, .delete, .delete, .leave, .release]
            return .receive(
                queue: entropy.below(2) == 0 ? "plain" : "plain.fifo",
                limit: 1 + Int(entropy.below(10)), waitSeconds: Int(entropy.below(6)),
                visibilitySeconds: 5 + Int(entropy.below(60)),
                then: fates[Int(entropy.below(5))], afterMilliseconds: entropy.below(8_000))
        }
    }

    /// How the function is to fail on a message: its kind and for how many attempts.
    private static func behaviour(_ entropy: some Entropy, isBatch: Bool = true) -> String {
        guard entropy.below(3) == 0 else { return "" }
        let kinds = isBatch ? ["error", "timeout", "partial"] : ["error", "timeout"]
        let times = entropy.below(4) == 0 ? 99 : 1 + entropy.below(2)
        return " \(kinds[Int(entropy.below(UInt64(kinds.count)))]) \(times)"
    }
}

extension PlannedStep: CustomStringConvertible {
    package var description: String { "\(milliseconds) ms: \(action)" }
}
