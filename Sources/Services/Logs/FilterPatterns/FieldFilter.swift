// SPDX-License-Identifier: Apache-2.0
// The dialect of filter patterns for events made of fields between blanks:
// `[ip, user, ..., status = 4* || status = 5*, bytes]`.

/// Conditions on an event's fields by position.
struct FieldFilter: Hashable, Sendable {
    struct Condition: Hashable, Sendable {
        let comparison: PatternComparison
        let operand: PatternOperand
    }

    /// A field: a choice of conditions that must hold together; empty accepts anything.
    struct Field: Hashable, Sendable {
        var choices: [[Condition]] = []
    }

    private var leading: [Field] = []
    /// The fields after an ellipsis; `nil` without one.
    private var trailing: [Field]?

    init(_ scanner: inout PatternScanner) throws(FilterPatternError) {
        try scanner.expect("[")
        repeat {
            scanner.skipBlanks()
            if scanner.take("...") {
                guard trailing == nil else { throw FilterPatternError() }
                trailing = []
            } else if trailing != nil {
                trailing?.append(try Self.field(&scanner))
            } else {
                leading.append(try Self.field(&scanner))
            }
            scanner.skipBlanks()
        } while scanner.take(",")
        try scanner.expect("]")
    }

    func matches(_ message: [UInt8]) -> Bool {
        let fields = Self.split(message)
        let named = leading.count + (trailing?.count ?? 0)
        guard trailing == nil ? fields.count == named : fields.count >= named else { return false }
        return zip(leading, fields).allSatisfy { $0.accepts($1) }
            && zip(trailing ?? [], fields.suffix(trailing?.count ?? 0)).allSatisfy {
                $0.accepts($1)
            }
    }

    /// The fields of an event: what stands between blanks, double quotes or square brackets.
    static func split(_ message: [UInt8]) -> [ArraySlice<UInt8>] {
        var fields: [ArraySlice<UInt8>] = []
        var position = 0
        while position < message.count {
            let byte = message[position]
            if PatternScanner.isBlank(byte) {
                position += 1
                continue
            }
            let closing: UInt8? =
                switch byte {
                case UInt8(ascii: "\""): UInt8(ascii: "\"")
                case UInt8(ascii: "["): UInt8(ascii: "]")
                default: nil
                }
            if let closing, let end = message[(position + 1)...].firstIndex(of: closing) {
                fields.append(message[position + 1..<end])
                position = end + 1
            } else {
                let end = message[position...].firstIndex(where: PatternScanner.isBlank)
                fields.append(message[position..<(end ?? message.count)])
                position = end ?? message.count
            }
        }
        return fields
    }

    private static func field(_ scanner: inout PatternScanner) throws(FilterPatternError) -> Field {
        let name = try fieldName(&scanner)
        scanner.skipBlanks()
        var field = Field()
        if scanner.current == UInt8(ascii: ",") || scanner.current == UInt8(ascii: "]") {
            return field
        }
        field.choices.append([try condition(&scanner)])
        while true {
            scanner.skipBlanks()
            let isFurther = scanner.take("&&")
            guard isFurther || scanner.take("||") else { return field }
            scanner.skipBlanks()
            guard try fieldName(&scanner) == name else { throw FilterPatternError() }
            let next = try condition(&scanner)
            if isFurther {
                field.choices[field.choices.count - 1].append(next)
            } else {
                field.choices.append([next])
            }
        }
    }

    private static func fieldName(
        _ scanner: inout PatternScanner
    ) throws(FilterPatternError) -> ArraySlice<UInt8> {
        let name = scanner.run { PatternScanner.isBlank($0) || ",]=!<>&|[\"%".utf8.contains($0) }
        guard !name.isEmpty else { throw FilterPatternError() }
        return name
    }

    private static func condition(
        _ scanner: inout PatternScanner
    ) throws(FilterPatternError) -> Condition {
        scanner.skipBlanks()
        let comparison = try scanner.comparison()
        scanner.skipBlanks()
        let operand = try PatternOperand(&scanner, for: comparison) { ",]&|".utf8.contains($0) }
        return Condition(comparison: comparison, operand: operand)
    }
}

extension FieldFilter.Field {
    func accepts(_ text: ArraySlice<UInt8>) -> Bool {
        choices.isEmpty
            || choices.contains { conditions in
                conditions.allSatisfy { condition in
                    condition.operand.compares(
                        text,
                        number: PatternOperand.number(String(decoding: text, as: UTF8.self)),
                        condition.comparison)
                }
            }
    }
}
