// SPDX-License-Identifier: Apache-2.0
// One condition of a statement: an operator, a key and the values it is compared with. All
// conditions of a statement must hold.

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
    /// Lower-cased.
    let key: String
    let values: [Value]

    /// Reads one value of a policy for an operator.
    static func value(
        _ text: String, for comparison: ConditionOperator, named name: String,
        variables: PolicyText.Syntax
    ) throws(MalformedPolicy) -> Value {
        let value: Value? =
            switch comparison.family {
            case .string: .text(try PolicyText(text, syntax: variables))
            case .stringIgnoringCase:
                .text(try PolicyText(text.lowercased(), syntax: variables))
            case .stringLike: .text(try PolicyText(text, syntax: [variables, .wildcards]))
            case .arn:
                try ARNPattern(text, syntax: [variables, .wildcards]).map(Value.arn)
            case .number: Self.number(text).map(Value.number)
            case .date: Self.date(text).map(Value.date)
            case .bool, .null: Self.bool(text).map(Value.bool)
            case .binary: Base64.decode(text).map(Value.bytes)
            case .address: AddressRange(text).map(Value.address)
            }
        guard let value else {
            throw MalformedPolicy(.illegalValue(operator: name, value: text))
        }
        return value
    }

    func holds(for request: AuthorizationRequest) -> Bool {
        let given = request.values(of: key)
        if comparison.family == .null {
            return values.contains {
                if case .bool(let wanted) = $0 { wanted == (given == nil) } else { false }
            }
        }
        guard let given, !given.isEmpty else {
            switch comparison.quantifier {
            case .all: return true
            case .any: return comparison.passesIfAbsent
            case .one: return comparison.passesIfAbsent || comparison.isNegated
            }
        }
        switch comparison.quantifier {
        case .all: return given.allSatisfy { matchesSome($0, request) != comparison.isNegated }
        case .any: return given.contains { matchesSome($0, request) != comparison.isNegated }
        case .one: return given.contains { matchesSome($0, request) } != comparison.isNegated
        }
    }

    /// Whether a value of the request compares true with any value of the policy.
    private func matchesSome(_ given: String, _ request: AuthorizationRequest) -> Bool {
        values.contains { value in
            switch value {
            case .text(let pattern):
                let isFolded = comparison.family == .stringIgnoringCase
                let bytes = Array((isFolded ? given.lowercased() : given).utf8)
                return pattern.matches(bytes, in: 0..<bytes.count) { name in
                    let value = request.singleValue(of: name)
                    return isFolded ? value?.lowercased() : value
                }
            case .arn(let pattern):
                return pattern.matches(ARNParts(given), variable: request.singleValue)
            case .number(let wanted):
                return Self.number(given).map { comparison.relation.holds($0, wanted) } ?? false
            case .date(let wanted):
                return Self.date(given).map { comparison.relation.holds($0, wanted) } ?? false
            case .bool(let wanted): return Self.bool(given) == wanted
            case .bytes(let wanted): return Base64.decode(given) == wanted
            case .address(let range): return range.contains(given)
            }
        }
    }

    private static func number(_ text: String) -> Double? {
        guard let value = Double(text), value.isFinite,
            text.utf8.allSatisfy({ "+-.0123456789eE".utf8.contains($0) })
        else { return nil }
        return value
    }

    /// A calendar date, or seconds since the epoch.
    private static func date(_ text: String) -> Timestamp? {
        if let seconds = Int64(text), text.utf8.count > 8 || text.utf8.count < 8 {
            return Timestamp(seconds: seconds)
        }
        return Timestamp(iso8601: text) ?? Int64(text).map(Timestamp.init(seconds:))
    }

    private static func bool(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true": true
        case "false": false
        default: nil
        }
    }
}
