// SPDX-License-Identifier: Apache-2.0
// Swift source of one structure or union: properties, shape text, initialisers, read, write.

import Basics

/// Emits the types of one model.
struct TypeEmitter {
    let model: ServiceModel

    func swiftType(_ shape: ModelShape) throws -> String {
        switch shape.type {
        case "string": shape.isEnumeration ? Names.type(shape.name) : "String"
        case "integer": "Int32"
        case "long": "Int64"
        case "float": "Float"
        case "double": "Double"
        case "boolean": "Bool"
        case "blob": "[UInt8]"
        case "timestamp": "Timestamp"
        case "structure": shape.isDocument ? "JSONValue" : Names.type(shape.name)
        case "list": "[\(try swiftType(model.target(of: shape.json["member"])))]"
        case "map":
            "[\(try swiftType(model.target(of: shape.json["key"]))): "
                + "\(try swiftType(model.target(of: shape.json["value"])))]"
        default: throw GeneratorError("Unknown type \(shape.type) of \(shape.name)")
        }
    }

    /// A member as the emitters use it.
    struct Member {
        let index: Int
        let name: String
        let type: String
        let isRequired: Bool
        let isIndirect: Bool
        let shape: ModelShape
    }

    func members(of shape: ModelShape) throws -> [Member] {
        try shape.members.enumerated().map { index, member in
            let target = try model.target(of: member.ref)
            let isIndirect = try model.isRecursive(member: target, owner: shape.name)
            let type = try swiftType(target)
            return Member(
                index: index, name: Names.property(member.name),
                type: isIndirect ? "Indirect<\(type)>" : type,
                isRequired: shape.required.contains(member.name), isIndirect: isIndirect,
                shape: target)
        }
    }

    func structure(_ shape: ModelShape) throws -> Source {
        if shape.isUnion { return try union(shape) }
        let members = try members(of: shape)
        var source = Source()
        try source.block("package struct \(Names.type(shape.name)): WireStructure") { source in
            for member in members {
                source.line(
                    "package var \(member.name): \(member.type)\(member.isRequired ? "" : "?")")
            }
            try shapeText(shape, into: &source)
            initializer(members, into: &source)
            try reader(members, into: &source)
            try writer(members, into: &source)
        }
        return source
    }

    private func shapeText(_ shape: ModelShape, into source: inout Source) throws {
        source.line("package static let shape = StructureShape(parsing: ##\"\"\"")
        for line in try ShapeText(model: model).text(of: shape).split(separator: "\n") {
            source.line("    " + line)
        }
        source.line("    \"\"\"##)")
    }

    private func initializer(_ members: [Member], into source: inout Source) {
        let ordered = members.filter(\.isRequired) + members.filter { !$0.isRequired }
        let parameters = ordered.map {
            "\($0.name): \($0.type)\($0.isRequired ? "" : "? = nil")"
        }
        source.block("package init(\(parameters.joined(separator: ", ")))") { source in
            for member in members { source.line("self.\(member.name) = \(member.name)") }
        }
    }

    private func reader(_ members: [Member], into source: inout Source) throws {
        try source.block("package init(from reader: ShapeReader) throws(WireReadError)") {
            source in
            for member in members { source.line("var \(member.name): \(member.type)?") }
            source.line("try reader.beginStructure(Self.shape)")
            try source.block("loop: while true") { source in
                try source.block("switch try reader.nextMember()", indents: false) { source in
                    for member in members {
                        source.line("case \(member.index):")
                        try source.indented { source in
                            try read(member.shape, depth: 0, into: &source) { value in
                                "\(member.name) = "
                                    + (member.isIndirect ? "Indirect(\(value))" : value)
                            }
                        }
                    }
                    source.line("case -1: break loop")
                    source.line("default: try reader.skip()")
                }
            }
            for member in members where member.isRequired {
                let standIn = try standIn(for: member)
                source.line(
                    "self.\(member.name) = if let \(member.name) { \(member.name) } else "
                        + "{ reader.missing(\(member.index), \(standIn)) }")
            }
            for member in members where !member.isRequired {
                source.line("self.\(member.name) = \(member.name)")
            }
            source.line("reader.endStructure()")
        }
    }

    private func standIn(for member: Member) throws -> String {
        switch member.shape.type {
        case "string": return member.shape.isEnumeration ? "\(member.type)(rawValue: \"\")" : "\"\""
        case "integer", "long", "float", "double": return "0"
        case "boolean": return "false"
        case "blob", "list": return "[]"
        case "map": return "[:]"
        case "timestamp": return "Timestamp(milliseconds: 0)"
        default:
            if member.shape.isDocument { return ".null" }
            guard !member.isIndirect else {
                throw GeneratorError("\(member.name) is required and recursive")
            }
            return "try \(member.type)(from: ShapeReader())"
        }
    }

    /// Code that reads a value and hands its expression to `use`.
    private func read(
        _ shape: ModelShape, depth: Int, into source: inout Source, use: (String) -> String
    ) throws {
        switch shape.type {
        case "string" where shape.isEnumeration:
            source.line(use("\(Names.type(shape.name))(rawValue: try reader.string())"))
        case "string", "integer", "long", "float", "double", "boolean", "blob", "timestamp":
            source.line(use("try reader.\(shape.type)()"))
        case "list":
            let type = try swiftType(shape)
            source.line("try reader.beginList()")
            source.line("var list\(depth): \(type) = []")
            try source.block("while try reader.nextElement()") { source in
                let element = try model.target(of: shape.json["member"])
                try read(element, depth: depth + 1, into: &source) {
                    "list\(depth).append(\($0))"
                }
            }
            source.line(use("list\(depth)"))
        case "map":
            let key = try model.target(of: shape.json["key"])
            let value = try model.target(of: shape.json["value"])
            let keyText =
                key.isEnumeration ? "\(Names.type(key.name))(rawValue: key\(depth))" : "key\(depth)"
            source.line("try reader.beginMap()")
            source.line("var map\(depth): \(try swiftType(shape)) = [:]")
            try source.block("while let key\(depth) = try reader.nextKey()") { source in
                try read(value, depth: depth + 1, into: &source) {
                    "map\(depth)[\(keyText)] = \($0)"
                }
            }
            source.line(use("map\(depth)"))
        default:
            source.line(
                use(
                    shape.isDocument
                        ? "try reader.document()" : "try \(Names.type(shape.name))(from: reader)"))
        }
    }

    private func writer(_ members: [Member], into source: inout Source) throws {
        try source.block("package func write(to writer: ShapeWriter)") { source in
            source.line("writer.beginStructure(Self.shape)")
            for member in members {
                let write: (inout Source) throws -> Void = { source in
                    source.line("writer.member(\(member.index))")
                    let value = member.isIndirect ? member.name + ".value" : member.name
                    try self.write(member.shape, value, depth: 0, into: &source)
                }
                if member.isRequired {
                    try write(&source)
                } else {
                    try source.block("if let \(member.name)", write)
                }
            }
            source.line("writer.endStructure()")
        }
    }

    private func write(
        _ shape: ModelShape, _ value: String, depth: Int, into source: inout Source
    ) throws {
        switch shape.type {
        case "string":
            source.line("writer.string(\(shape.isEnumeration ? value + ".rawValue" : value))")
        case "integer", "long", "float", "double", "boolean", "blob", "timestamp":
            source.line("writer.\(shape.type)(\(value))")
        case "list":
            source.line("writer.beginList(\(value).count)")
            try source.block("for element\(depth) in \(value)") { source in
                source.line("writer.element()")
                let element = try model.target(of: shape.json["member"])
                try write(element, "element\(depth)", depth: depth + 1, into: &source)
            }
            source.line("writer.endList()")
        case "map":
            let key = try model.target(of: shape.json["key"])
            let isEnum = key.isEnumeration
            source.line("writer.beginMap(\(value).count)")
            let order = isEnum ? "$0.key.rawValue < $1.key.rawValue" : "$0.key < $1.key"
            try source.block(
                "for (key\(depth), value\(depth)) in \(value).sorted(by: { \(order) })"
            ) { source in
                source.line("writer.key(key\(depth)\(isEnum ? ".rawValue" : ""))")
                let target = try model.target(of: shape.json["value"])
                try write(target, "value\(depth)", depth: depth + 1, into: &source)
            }
            source.line("writer.endMap()")
        default:
            source.line(
                shape.isDocument ? "writer.document(\(value))" : "\(value).write(to: writer)")
        }
    }

    private func union(_ shape: ModelShape) throws -> Source {
        let members = try members(of: shape)
        var source = Source()
        let type = Names.type(shape.name)
        try source.block("package indirect enum \(type): WireStructure") { source in
            for member in members { source.line("case \(member.name)(\(member.type))") }
            source.line("/// A member that the model does not know, or none.")
            source.line("case unknown")
            try shapeText(shape, into: &source)
            try source.block("package init(from reader: ShapeReader) throws(WireReadError)") {
                source in
                source.line("var value = Self.unknown")
                source.line("try reader.beginStructure(Self.shape)")
                try source.block("loop: while true") { source in
                    try source.block("switch try reader.nextMember()", indents: false) { source in
                        for member in members {
                            source.line("case \(member.index):")
                            try source.indented { source in
                                try read(member.shape, depth: 0, into: &source) {
                                    let value = member.isIndirect ? "Indirect(\($0))" : $0
                                    return "value = .\(member.name)(\(value))"
                                }
                            }
                        }
                        source.line("case -1: break loop")
                        source.line("default: try reader.skip()")
                    }
                }
                source.line("self = value")
                source.line("reader.endStructure()")
            }
            try source.block("package func write(to writer: ShapeWriter)") { source in
                source.line("writer.beginStructure(Self.shape)")
                try source.block("switch self", indents: false) { source in
                    for member in members {
                        source.line("case .\(member.name)(let value):")
                        try source.indented { source in
                            source.line("writer.member(\(member.index))")
                            let value = member.isIndirect ? "value.value" : "value"
                            try write(member.shape, value, depth: 0, into: &source)
                        }
                    }
                    source.line("case .unknown: break")
                }
                source.line("writer.endStructure()")
            }
        }
        return source
    }

    func enumeration(_ shape: ModelShape) -> Source {
        var source = Source()
        source.block("package struct \(Names.type(shape.name)): WireEnumeration") { source in
            source.line("package let rawValue: String")
            source.line("package init(rawValue: String) { self.rawValue = rawValue }")
            var seen: Set<String> = ["rawValue", "init"]
            for value in shape.enumValues {
                let name = Names.enumCase(value)
                guard seen.insert(name).inserted else { continue }
                source.line(
                    "package static var \(name): Self { Self(rawValue: \(Names.literal(value))) }")
            }
        }
        return source
    }
}
