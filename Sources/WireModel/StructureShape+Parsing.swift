// SPDX-License-Identifier: Apache-2.0
// Reading shapes from the compact text that generated code carries. Text compiles in no time
// and is parsed once, when a structure is first used.
//
// The first line is the structure's name, then `union` for one. Each further line is a member:
// its name, its options, and its type. Tokens are separated by spaces; in names and patterns
// the characters space, `%`, `<`, `>`, `,` and line feed stand as `%` and two hex digits.
//
//     SendMessageRequest
//     QueueUrl ! string
//     MessageAttributes q=MessageAttribute map flat kn=Name en=Value < string > < struct of=X >

extension StructureShape {
    /// A structure from the generator's text; a line the parser cannot read ends the list.
    package convenience init(parsing text: String) {
        var lines = text.split(separator: "\n")
        let head = lines.isEmpty ? [] : lines.removeFirst().split(separator: " ")
        var members: [MemberShape] = []
        for line in lines {
            var parser = ShapeLineParser(line: line)
            guard let member = parser.member() else { break }
            members.append(member)
        }
        self.init(
            name: head.first.map(String.init) ?? "", members: members,
            isUnion: head.contains("union"))
    }
}

/// One line of the text.
private struct ShapeLineParser {
    private var tokens: [Substring]
    private var position = 0

    init(line: Substring) { tokens = line.split(separator: " ") }

    private var token: Substring? { position < tokens.count ? tokens[position] : nil }

    mutating func member() -> MemberShape? {
        guard let first = token else { return nil }
        position += 1
        let name = unescaped(first)
        var options: [Substring: String] = [:]
        while let token, TypeShape.Kind(token) == nil {
            let parts = token.split(separator: "=", maxSplits: 1)
            options[parts[0]] = parts.count > 1 ? unescaped(parts[1]) : ""
            position += 1
        }
        guard let type = type() else { return nil }
        let wireName = options["w"] ?? name
        return MemberShape(
            name: name, wireName: wireName, queryName: options["q"] ?? wireName,
            xmlName: options["x"] ?? wireName, location: location(options["at"]),
            isRequired: options["!"] != nil, isIdempotencyToken: options["token"] != nil,
            isDeprecated: options["old"] != nil, isSensitive: options["secret"] != nil,
            type: type)
    }

    private func location(_ text: String?) -> MemberShape.Location {
        switch text {
        case "label": .label
        case "query": .query
        case "header": .header
        case "headers": .prefixHeaders
        case "status": .statusCode
        case "payload": .payload
        default: .body
        }
    }

    /// A type; nests as deep as the generator wrote it.
    private mutating func type() -> TypeShape? {
        guard let token, let kind = TypeShape.Kind(token) else { return nil }
        position += 1
        var options: [Substring: String] = [:]
        var enumValues: [String] = []
        while let next = self.token, next != "<", next != ">" {
            let parts = next.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts[0] == "enum", parts.count > 1 {
                enumValues = parts[1].split(separator: ",").map(unescaped)
            } else {
                options[parts[0]] = parts.count > 1 ? unescaped(parts[1]) : ""
            }
            position += 1
        }
        let first = kind == .list || kind == .map ? nested() : nil
        let second = kind == .map ? nested() : nil
        return TypeShape(
            kind: kind, min: options["min"].flatMap(Double.init),
            max: options["max"].flatMap(Double.init), pattern: options["re"],
            enumValues: enumValues, timestampFormat: timestampFormat(options["ts"]),
            element: kind == .map ? second : first, key: kind == .map ? first : nil,
            structureName: options["of"], isFlattened: options["flat"] != nil,
            elementName: options["en"], keyName: options["kn"])
    }

    private mutating func nested() -> TypeShape? {
        guard token == "<" else { return nil }
        position += 1
        let inner = type()
        if token == ">" { position += 1 }
        return inner
    }

    private func timestampFormat(_ text: String?) -> TimestampFormat? {
        switch text {
        case "iso8601": .iso8601
        case "rfc822": .httpDate
        case "unixTimestamp": .epochSeconds
        default: nil
        }
    }

    private func unescaped(_ text: Substring) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), let high = rest.popFirst(),
                let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(value)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension TypeShape.Kind {
    /// The kind that a token of the text names.
    fileprivate init?(_ token: Substring) {
        switch token {
        case "string": self = .string
        case "integer": self = .integer
        case "long": self = .long
        case "float": self = .float
        case "double": self = .double
        case "boolean": self = .boolean
        case "blob": self = .blob
        case "timestamp": self = .timestamp
        case "document": self = .document
        case "list": self = .list
        case "map": self = .map
        case "struct": self = .structure
        default: return nil
        }
    }
}
