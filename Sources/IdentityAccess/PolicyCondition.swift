// SPDX-License-Identifier: Apache-2.0
// One condition of a statement: an operator, a key and the values it is compared with. All
// conditions of a statement must hold. How values are read is `PolicyCondition+Values`.

import Basics

struct PolicyCondition: Sendable {
    /// A value of the policy, typed by its operator.
    enum Value: Sendable {
        case text(PolicyText)
        case arn(ARNPattern)
        case number(Double)
        case date(Timestamp)
        case bool(Bool)
        case bytes([UInt8])
        case address(AddressRange)
    }

    let comparison: ConditionOperator
    let key: ConditionKey
    let values: [Value]

    /// The keys of the variables in its values.
    var variableKeys: [ConditionKey] {
        values.flatMap { value -> [ConditionKey] in
            switch value {
            case .text(let text): text.variableKeys
            case .arn(let pattern): pattern.variableKeys
            default: []
            }
        }
    }

    func holds(for facts: RequestFacts) -> Bool {
        let fact = facts.value(of: key)
        if comparison.family == .null {
            let isNull = fact?.isNull ?? true
            return values.contains { if case .bool(isNull) = $0 { true } else { false } }
        }
        guard let fact, hasValue(fact) else { return holdsWithoutValue(facts) }
        if comparison.isNegated, lacksVariable(facts) { return false }
        switch comparison.quantifier {
        case .all:
            return allSatisfy(fact) { matchesSome($0, facts) != comparison.isNegated }
        case .any:
            return contains(fact) { matchesSome($0, facts) != comparison.isNegated }
        case .one:
            return contains(fact) { matchesSome($0, facts) } != comparison.isNegated
        }
    }

    /// The set operators take a data set of empty texts for none at all; the others only an
    /// empty list.
    private func hasValue(_ fact: FactValue) -> Bool {
        if comparison.quantifier != .one { return !fact.isNull }
        if case .list(let texts) = fact { return !texts.isEmpty }
        return true
    }

    private func holdsWithoutValue(_ facts: RequestFacts) -> Bool {
        switch comparison.quantifier {
        case .all: true
        case .any: comparison.passesIfAbsent
        case .one:
            comparison.passesIfAbsent || (comparison.isNegated && !lacksVariable(facts))
        }
    }

    /// Whether a value of the policy cannot be resolved, which makes the statement void where
    /// its not matching would let the condition hold.
    private func lacksVariable(_ facts: RequestFacts) -> Bool {
        values.contains { value in
            switch value {
            case .text(let text): text.lacksValue { facts.substitute(for: $0) }
            case .arn(let pattern): pattern.lacksValue { facts.substitute(for: $0) }
            default: false
            }
        }
    }

    private func contains(_ fact: FactValue, where holds: (FactValue) -> Bool) -> Bool {
        guard case .list(let texts) = fact else { return holds(fact) }
        return texts.contains { holds(.text($0)) }
    }

    private func allSatisfy(_ fact: FactValue, _ holds: (FactValue) -> Bool) -> Bool {
        guard case .list(let texts) = fact else { return holds(fact) }
        return texts.allSatisfy { holds(.text($0)) }
    }
}

extension PolicyCondition {
    /// Whether a value of the request compares true with any value of the policy.
    private func matchesSome(_ given: FactValue, _ facts: RequestFacts) -> Bool {
        switch comparison.family {
        case .string, .stringLike: return matchesText(given.single ?? "", facts)
        case .stringIgnoringCase:
            return matchesText((given.single ?? "").lowercased(), facts)
        case .arn:
            let parts = ARNParts(given.single ?? "")
            return values.contains { value in
                guard case .arn(let pattern) = value else { return false }
                return pattern.matches(parts, variable: { facts.substitute(for: $0) })
            }
        case .number:
            guard let number = Self.number(given) else { return false }
            return values.contains { value in
                guard case .number(let wanted) = value else { return false }
                return comparison.relation.holds(number, wanted)
            }
        case .date:
            guard let date = Self.date(given) else { return false }
            return values.contains { value in
                guard case .date(let wanted) = value else { return false }
                return comparison.relation.holds(date, wanted)
            }
        case .bool: return matchesFlag(given, facts)
        case .binary:
            guard let bytes = Base64.decode(given.single ?? "") else { return false }
            return values.contains { value in
                guard case .bytes(let wanted) = value else { return false }
                return bytes == wanted
            }
        case .address:
            guard let address = AddressRange.address(given.single ?? "") else { return false }
            return values.contains { value in
                guard case .address(let range) = value else { return false }
                return range.contains(address)
            }
        case .null: return false
        }
    }

    private func matchesText(_ given: String, _ facts: RequestFacts) -> Bool {
        let bytes = Array(given.utf8)
        let isFolded = comparison.family == .stringIgnoringCase
        return values.contains { value in
            guard case .text(let pattern) = value else { return false }
            return pattern.matches(bytes, in: 0..<bytes.count) { key in
                let text = facts.substitute(for: key)
                return isFolded ? text?.lowercased() : text
            }
        }
    }

    private func matchesFlag(_ given: FactValue, _ facts: RequestFacts) -> Bool {
        guard let flag = Self.flag(given) else { return false }
        return values.contains { value in
            switch value {
            case .bool(let wanted): return flag == wanted
            case .text(let pattern):
                let bytes = Array((flag ? "true" : "false").utf8)
                return pattern.matches(bytes, in: 0..<bytes.count) {
                    facts.substitute(for: $0)?.lowercased()
                }
            default: return false
            }
        }
    }
}
