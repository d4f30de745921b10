// SPDX-License-Identifier: Apache-2.0
// The operators of a `Condition` block: their names, families and modifiers. Applying them is
// `PolicyCondition`.

/// An operator's comparison, without its modifiers.
struct ConditionOperator: Hashable, Sendable {
    enum Family: Hashable, Sendable {
        case string, stringIgnoringCase, stringLike, number, date, bool, binary, address, arn, null
    }

    enum Relation: Hashable, Sendable {
        case equal, less, lessOrEqual, greater, greaterOrEqual
    }

    enum Quantifier: Hashable, Sendable {
        case one, all, any
    }

    let family: Family
    let relation: Relation
    let isNegated: Bool
    /// `…IfExists`: a request without the key passes.
    let passesIfAbsent: Bool
    let quantifier: Quantifier

    private static let simple: [String: (Family, negated: Bool)] = [
        "stringequals": (.string, false), "stringnotequals": (.string, true),
        "stringequalsignorecase": (.stringIgnoringCase, false),
        "stringnotequalsignorecase": (.stringIgnoringCase, true),
        "stringlike": (.stringLike, false), "stringnotlike": (.stringLike, true),
        "bool": (.bool, false), "binaryequals": (.binary, false), "null": (.null, false),
        "ipaddress": (.address, false), "notipaddress": (.address, true),
        "arnequals": (.arn, false), "arnlike": (.arn, false),
        "arnnotequals": (.arn, true), "arnnotlike": (.arn, true),
        "numericequals": (.number, false), "numericnotequals": (.number, true),
        "dateequals": (.date, false), "datenotequals": (.date, true),
    ]

    private static let ordered: [String: Relation] = [
        "lessthan": .less, "lessthanequals": .lessOrEqual,
        "greaterthan": .greater, "greaterthanequals": .greaterOrEqual,
    ]

    /// Resolves a name such as `ForAnyValue:StringLikeIfExists`; `nil` for an unknown one.
    init?(_ text: String) {
        var name = text.lowercased()
        quantifier =
            name.removePrefix("forallvalues:")
            ? .all : name.removePrefix("foranyvalue:") ? .any : .one
        let isOptional = name.hasSuffix("ifexists")
        if isOptional { name.removeLast("ifexists".count) }
        passesIfAbsent = isOptional
        if let (family, negated) = Self.simple[name] {
            // Null asks whether the key is there, so the modifiers would contradict it.
            if family == .null, isOptional || quantifier != .one { return nil }
            self.family = family
            isNegated = negated
            relation = .equal
            return
        }
        isNegated = false
        if name.removePrefix("numeric"), let relation = Self.ordered[name] {
            family = .number
            self.relation = relation
        } else if name.removePrefix("date"), let relation = Self.ordered[name] {
            family = .date
            self.relation = relation
        } else {
            return nil
        }
    }
}

extension ConditionOperator.Relation {
    func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
        switch self {
        case .equal: left == right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        }
    }
}

extension String {
    /// Drops `prefix` where the text begins with it and says whether it did.
    fileprivate mutating func removePrefix(_ prefix: String) -> Bool {
        guard hasPrefix(prefix) else { return false }
        removeFirst(prefix.count)
        return true
    }
}
