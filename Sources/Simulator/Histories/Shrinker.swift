// SPDX-License-Identifier: Apache-2.0
// Finds the few steps of a failing plan that matter, by leaving out the others.

/// Makes failing plans small.
package enum Shrinker {
    /// A plan that still fails although no step of it seems needless.
    ///
    /// Leaves out halves, then quarters and so on, as long as `fails` says so; what a step
    /// left out changes in the drawing of the others is taken as it comes. Plays at most
    /// `playsMax` plans.
    package static func shrink(
        _ plan: Plan, playsMax: Int = 400, fails: (Plan) -> Bool
    ) -> Plan {
        var best = plan
        var plays = 0
        var size = max(1, plan.steps.count / 2)
        while size >= 1 {
            var start = 0
            var hasShrunk = false
            while start < best.steps.count, plays < playsMax {
                var candidate = best
                let end = min(start + size, candidate.steps.count)
                candidate.steps.removeSubrange(start..<end)
                plays += 1
                if fails(candidate) {
                    best = candidate
                    hasShrunk = true
                } else {
                    start = end
                }
            }
            if plays >= playsMax || size == 1, !hasShrunk { break }
            size = size == 1 ? 1 : size / 2
            if plays >= playsMax { break }
        }
        return best
    }
}
