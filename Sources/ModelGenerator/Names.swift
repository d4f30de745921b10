// SPDX-License-Identifier: Apache-2.0
// How names of models become names of Swift.

/// Naming rules of generated code.
enum Names {
    private static let keywords: Set<String> = [
        "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer",
        "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for",
        "func", "guard", "if", "import", "in", "init", "inout", "internal", "is", "let", "nil",
        "operator", "private", "precedencegroup", "protocol", "public", "repeat", "rethrows",
        "return", "self", "static", "struct", "subscript", "super", "switch", "throw", "throws",
        "true", "try", "typealias", "var", "where", "while",
    ]

    /// Types that generated code uses, or that mean something to the compiler.
    private static let takenTypes: Set<String> = [
        "String", "Int32", "Int64", "Double", "Float", "Bool", "UInt8", "Timestamp", "JSONValue",
        "Error", "Type", "Protocol", "Never", "Optional", "Array", "Dictionary", "Faults", "Any",
        "StructureShape", "ShapeReader", "ShapeWriter", "ServiceFault", "Indirect", "Self",
        "OperationDescriptor", "ServiceDescriptor", "Pagination", "EmptyStructure",
    ]

    static func type(_ shape: String) -> String {
        let name = shape.prefix(1).uppercased() + shape.dropFirst()
        return takenTypes.contains(name) ? name + "Shape" : name
    }

    /// `QueueUrl` → `queueUrl`, `KMSKeyArn` → `kmsKeyArn`, `MD5OfBody` → `md5OfBody`.
    static func property(_ member: String) -> String { escaped(plainProperty(member)) }

    static func plainProperty(_ member: String) -> String {
        let characters = Array(member.map { $0.isLetter || $0.isNumber ? $0 : "_" })
        var run = 0
        while run < characters.count, characters[run].isUppercase { run += 1 }
        let startsWord = run > 1 && run < characters.count && characters[run].isLowercase
        let lowered = startsWord ? run - 1 : run
        return String(characters.prefix(lowered)).lowercased()
            + String(characters.dropFirst(lowered))
    }

    /// `python3.12` → `python3_12`, `RequestResponse` → `requestResponse`, `SQS_FIFO` → `sqsFIFO`.
    static func enumCase(_ value: String) -> String {
        let words = value.split { !($0.isLetter || $0.isNumber) }.map(String.init)
        let isAllCapitals = value == value.uppercased()
        var name = ""
        for word in words {
            if name.isEmpty {
                name = isAllCapitals ? word.lowercased() : plainProperty(word)
            } else if name.last?.isNumber == true, word.first?.isNumber == true {
                name += "_" + word
            } else {
                name +=
                    isAllCapitals
                    ? word.capitalizedWord : word.prefix(1).uppercased() + word.dropFirst()
            }
        }
        if name.isEmpty { name = value.isEmpty ? "empty" : "all" }
        if name.first?.isNumber == true { name = "_" + name }
        return escaped(name)
    }

    private static func escaped(_ name: String) -> String {
        keywords.contains(name) ? "`\(name)`" : name
    }

    /// A Swift string literal.
    static func literal(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    static func optionalLiteral(_ text: String?) -> String { text.map(literal) ?? "nil" }
}

extension String {
    fileprivate var capitalizedWord: String { prefix(1).uppercased() + dropFirst().lowercased() }
}
