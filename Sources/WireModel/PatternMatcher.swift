// SPDX-License-Identifier: Apache-2.0
// Matching of the regular expressions in models by a set of states, never by backtracking, so
// that no text a client sends costs more than its length times the pattern's size.

/// A compiled pattern of the subset that models use; matches whole strings.
package struct PatternMatcher: Sendable {
    private enum Step: Sendable {
        case set(ScalarSet)
        case split(Int, Int)
        case jump(Int)
        case start, end
        case accept
    }

    /// A bound on compiled size; counted repeats are unrolled.
    private static let stepsMax = 8192

    private var steps: [Step] = []

    /// Compiles a pattern; `nil` if it is outside the subset.
    package init?(pattern: String) {
        var parser = PatternParser(pattern)
        guard let node = parser.parse(), emit(node) else { return nil }
        steps.append(.accept)
    }

    /// Whether the whole of `text` is in the pattern's language.
    package func matches(_ text: String) -> Bool {
        var run = Run(count: steps.count)
        var states: [Int] = []
        follow(0, atStart: true, atEnd: text.unicodeScalars.isEmpty, into: &states, &run)
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard !states.isEmpty else { return false }
            var next: [Int] = []
            run.generation += 1
            for state in states {
                guard case .set(let set) = steps[state], set.contains(scalar) else { continue }
                follow(state + 1, atStart: false, atEnd: rest.isEmpty, into: &next, &run)
            }
            states = next
        }
        return states.contains { state in
            guard case .accept = steps[state] else { return false }
            return true
        }
    }

    /// Which states the current generation has, and the work list of `follow`.
    private struct Run {
        var seen: [Int]
        var generation = 1
        var pending: [Int] = []

        init(count: Int) { seen = Array(repeating: 0, count: count) }
    }

    /// Adds the states reachable from `state` without consuming anything.
    private func follow(
        _ state: Int, atStart: Bool, atEnd: Bool, into states: inout [Int], _ run: inout Run
    ) {
        run.pending.append(state)
        while let state = run.pending.popLast() {
            guard run.seen[state] != run.generation else { continue }
            run.seen[state] = run.generation
            switch steps[state] {
            case .set, .accept: states.append(state)
            case .jump(let target): run.pending.append(target)
            case .split(let first, let second):
                run.pending.append(second)
                run.pending.append(first)
            case .start: if atStart { run.pending.append(state + 1) }
            case .end: if atEnd { run.pending.append(state + 1) }
            }
        }
    }

    /// Appends the steps of a node; `false` when the program grows too large.
    private mutating func emit(_ node: PatternNode) -> Bool {
        guard steps.count < Self.stepsMax else { return false }
        switch node {
        case .empty: return true
        case .set(let set): steps.append(.set(set))
        case .start: steps.append(.start)
        case .end: steps.append(.end)
        case .sequence(let nodes): return nodes.allSatisfy { emit($0) }
        case .choice(let branches): return emitChoice(branches)
        case .repeat(let inner, let min, let max):
            for _ in 0..<min { guard emit(inner) else { return false } }
            guard let max else { return emitLoop(inner) }
            return emitOptional(inner, count: max - min)
        }
        return true
    }

    private mutating func emitChoice(_ branches: [PatternNode]) -> Bool {
        var jumps: [Int] = []
        for (index, branch) in branches.enumerated() {
            guard index < branches.count - 1 else {
                guard emit(branch) else { return false }
                break
            }
            let split = steps.count
            steps.append(.split(0, 0))
            guard emit(branch) else { return false }
            jumps.append(steps.count)
            steps.append(.jump(0))
            steps[split] = .split(split + 1, steps.count)
        }
        for jump in jumps { steps[jump] = .jump(steps.count) }
        return true
    }

    private mutating func emitLoop(_ inner: PatternNode) -> Bool {
        let split = steps.count
        steps.append(.split(0, 0))
        guard emit(inner) else { return false }
        steps.append(.jump(split))
        steps[split] = .split(split + 1, steps.count)
        return true
    }

    private mutating func emitOptional(_ inner: PatternNode, count: Int) -> Bool {
        var splits: [Int] = []
        for _ in 0..<count {
            splits.append(steps.count)
            steps.append(.split(0, 0))
            guard emit(inner) else { return false }
        }
        for split in splits { steps[split] = .split(split + 1, steps.count) }
        return true
    }
}
