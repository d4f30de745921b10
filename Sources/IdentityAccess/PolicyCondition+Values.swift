// SPDX-License-Identifier: Apache-2.0
// From the texts of a policy, and of a request, to the values that are compared.

import Basics

extension PolicyCondition {
    /// Reads one value of a policy for an operator.
    ///
    /// Variables stand in texts, ARNs and flags alone; elsewhere `${` is no value.
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
            case .number: number(text).map(Value.number)
            case .date: date(text).map(Value.date)
            case .bool:
                if let flag = flag(text) {
                    .bool(flag)
                } else {
                    try variable(text, variables).map(Value.text)
                }
            case .null: flag(text).map(Value.bool)
            case .binary: Base64.decode(text).map(Value.bytes)
            case .address: AddressRange(text).map(Value.address)
            }
        guard let value else {
            throw MalformedPolicy(.illegalValue(operator: name, value: text))
        }
        return value
    }

    /// A text that holds a variable; `nil` for one that holds none.
    private static func variable(
        _ text: String, _ syntax: PolicyText.Syntax
    ) throws(MalformedPolicy) -> PolicyText? {
        let text = try PolicyText(text, syntax: syntax)
        return text.variableKeys.isEmpty ? nil : text
    }

    static func number(_ fact: FactValue) -> Double? {
        switch fact {
        case .epoch(let time): Double(time.seconds)
        case .text(let text): number(text)
        default: nil
        }
    }

    private static func number(_ text: String) -> Double? {
        guard text.utf8.allSatisfy({ "+-.0123456789eE".utf8.contains($0) }),
            let value = Double(text), value.isFinite
        else { return nil }
        return value
    }

    static func date(_ fact: FactValue) -> Timestamp? {
        switch fact {
        case .time(let time), .epoch(let time): time
        case .text(let text): date(text)
        default: nil
        }
    }

    /// One of the forms of ISO 8601 that W3C's note names, or seconds since the epoch.
    private static func date(_ text: String) -> Timestamp? {
        let bytes = Array(text.utf8)
        let isNumber = bytes.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        switch bytes.count {
        case 4 where isNumber: return Timestamp(iso8601: text + "-01-01")
        case 7 where bytes[4] == UInt8(ascii: "-"): return Timestamp(iso8601: text + "-01")
        case 17...22 where bytes[10] == UInt8(ascii: "T") && bytes[16] != UInt8(ascii: ":"):
            // Without seconds, which the longer forms have.
            let minutes = String(decoding: bytes[..<16], as: UTF8.self)
            return Timestamp(
                iso8601: minutes + ":00" + String(decoding: bytes[16...], as: UTF8.self))
        default:
            if isNumber, bytes.count == 8 { return Timestamp(iso8601: text) ?? seconds(text) }
            return seconds(text) ?? Timestamp(iso8601: text)
        }
    }

    private static func seconds(_ text: String) -> Timestamp? {
        Int64(text).map(Timestamp.init(seconds:))
    }

    static func flag(_ fact: FactValue) -> Bool? {
        switch fact {
        case .flag(let isSet): isSet
        case .text(let text): flag(text)
        default: nil
        }
    }

    private static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true": true
        case "false": false
        default: nil
        }
    }
}
