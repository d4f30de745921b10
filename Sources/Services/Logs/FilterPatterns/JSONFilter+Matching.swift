// SPDX-License-Identifier: Apache-2.0
// Evaluates a JSON filter pattern on an event.

import Basics

extension JSONFilter {
    /// Whether the message is JSON and the condition holds on it.
    func matches(_ message: [UInt8]) -> Bool {
        // Parsing is what costs; most lines of a mixed log are told by their first byte.
        guard let first = message.first(where: { !PatternScanner.isBlank($0) }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "["),
            let event = try? JSONValue(parsing: message)
        else { return false }
        return Self.holds(expression, event)
    }

    /// The depth of an expression was bounded when it was read.
    private static func holds(_ expression: Expression, _ event: JSONValue) -> Bool {
        switch expression {
        case .all(let parts): parts.allSatisfy { holds($0, event) }
        case .any(let parts): parts.contains { holds($0, event) }
        case .test(let path, .notExists): values(at: path, in: event).isEmpty
        case .test(let path, let test):
            values(at: path, in: event).contains { holds(test, $0) }
        }
    }

    /// The values a path leads to: one, none, or many behind a wildcard.
    private static func values(at path: [Selector], in event: JSONValue) -> [JSONValue] {
        var values = [event]
        for selector in path {
            switch selector {
            case .member(let name): values = values.compactMap { $0[name] }
            case .element(let index):
                values = values.compactMap { value in
                    value.arrayValue.flatMap { $0.indices.contains(index) ? $0[index] : nil }
                }
            case .each:
                values = values.flatMap { value in
                    value.arrayValue ?? value.objectValue?.members.map(\.value) ?? []
                }
            }
        }
        return values
    }

    private static func holds(_ test: Test, _ value: JSONValue) -> Bool {
        switch test {
        case .isTrue: value == .bool(true)
        case .isFalse: value == .bool(false)
        case .isNull: value == .null
        case .exists: true
        case .notExists: false
        case .compares(let comparison, let operand): compares(value, comparison, operand)
        }
    }

    /// Objects, arrays and null compare with nothing.
    private static func compares(
        _ value: JSONValue, _ comparison: PatternComparison, _ operand: PatternOperand
    ) -> Bool {
        let text: String
        switch value {
        case .string(let string): text = string
        case .integer(let number): text = String(number)
        case .double(let number): text = number.description
        case .bool(let flag): text = flag ? "true" : "false"
        case .null, .array, .object: return false
        }
        return operand.compares(Array(text.utf8)[...], number: value.doubleValue, comparison)
    }
}
